//! One attempt to send a text message.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tidings_core::limits::{PROVIDER_RESPONSE_BYTES_MAX, SMS_CHARACTERS_MAX};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};

use super::accepted::{Accepted, MessageKey, PartKey};
use super::config::{SmsConfig, SmsSetupError};
use super::gateway::{self, Condition, Gateway, GatewayError};
use super::notice::{NOTICES_MAX, SmsNotice};
use super::parts::{Parts, TooLong};
use super::sender::Sender;
use super::submission::{Answer, SentParts, Submission};
use super::submit::Submit;
use super::text_message::TextMessage;
use crate::{Attempt, Courier, Outcome, Parcel, ParcelKind};
use tidings_core::phone_number::PhoneNumber;
use tidings_core::price::Price;

/// Parts that may wait for room in the window.
const QUEUE_MAX: usize = 64;

/// Developer guide of SNS, "Amazon SNS SMS delivery failure reasons".
const EXCEEDS_MAX_PRICE: &str = "This delivery would exceed max price";

/// Sends to `sms` endpoints, over one session with one gateway by SMPP 3.4.
///
/// - A message is delivered when the gateway has all of its parts; what becomes of it there comes as
///   a receipt, much later.
/// - A system error, a full queue and too many messages (0x08, 0x14, 0x58) may be tried again, as may
///   no session and no answer. Every other answer is final.
/// - An attempt after one without an answer may send a part that the gateway already had. What it is
///   known to have is not sent again, while this process remembers.
#[derive(Clone)]
pub struct SmsCourier {
    config: Arc<SmsConfig>,
    parts: mpsc::Sender<Submission>,
    condition: watch::Receiver<Condition>,
    accepted: Arc<Accepted>,
}

/// A message as it goes out.
struct Order {
    key: MessageKey,
    /// The body of the `submit_sm` of each part.
    bodies: Vec<bytes::Bytes>,
}

impl SmsCourier {
    /// Makes a courier, what keeps up its session ([`Gateway::run`]), and what comes from the
    /// gateway meanwhile. Opens no connection.
    ///
    /// # Errors
    ///
    /// [`SmsSetupError`] if what is configured cannot work.
    pub fn new(
        config: &SmsConfig,
    ) -> Result<(SmsCourier, Gateway, mpsc::Receiver<SmsNotice>), SmsSetupError> {
        config.check()?;
        let tls = gateway::tls(config)?;
        let (config, accepted) = (Arc::new(config.clone()), Arc::new(Accepted::default()));
        let (parts, queue) = mpsc::channel(QUEUE_MAX);
        let (condition, watched) = watch::channel(Condition::Connecting);
        let (notices, heard) = mpsc::channel(NOTICES_MAX);
        let gateway = Gateway {
            config: Arc::clone(&config),
            tls,
            parts: queue,
            condition,
            accepted: Arc::clone(&accepted),
            notices,
        };
        Ok((SmsCourier { config, parts, condition: watched, accepted }, gateway, heard))
    }

    /// How long an attempt takes at most.
    #[must_use]
    pub fn attempt_timeout(&self) -> Duration {
        self.config.attempt_timeout
    }

    /// Messages to have under way at once: more only wait for each other.
    #[must_use]
    pub fn messages_max(&self) -> usize {
        self.config.window
    }

    /// In how many parts a message goes out, and what they cost, if that is configured. None if it
    /// cannot be cut into parts.
    #[must_use]
    pub fn size(&self, parcel: &Parcel) -> Option<(usize, Option<Price>)> {
        let to = PhoneNumber::parse(&parcel.endpoint)?;
        let standard = TextMessage::default();
        let options = parcel.text_message.as_ref().unwrap_or(&standard);
        let count = cut(parcel, &to, options).ok()?.1.octets.len();
        Some((count, self.config.price.map(|price| price.times(count))))
    }

    /// What an attempt costs at the most: what the gateway is known to have is not sent again. None if
    /// that is not configured, or nothing can be sent.
    #[must_use]
    pub fn cost(&self, parcel: &Parcel) -> Option<Price> {
        let price = self.config.price?;
        let order = self.order(parcel).ok()?;
        let known = self.accepted.parts(&order.key).len();
        Some(price.times(order.bodies.len().saturating_sub(known)))
    }

    /// Makes an attempt, as [`Courier::deliver`] does, and says what it may have cost: the price of
    /// what was sent and not refused, answered or not.
    pub async fn send_message(&self, parcel: &Parcel) -> (Outcome, Price) {
        let sent = SentParts::default();
        let outcome = self.attempt(parcel, &sent).await;
        (outcome, self.config.price.unwrap_or_default().times(sent.count()))
    }

    async fn attempt(&self, parcel: &Parcel, sent: &SentParts) -> Outcome {
        let order = match self.order(parcel) {
            Ok(order) => order,
            Err(why) => return Outcome::Never { why, status: None },
        };
        let deadline = Instant::now() + self.config.attempt_timeout;
        match timeout_at(deadline, self.session()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return later(error.to_string()),
            Err(_) => return later("there was no session with the gateway in time".into()),
        }
        let (answers, without) = match timeout_at(deadline, self.send(&order, sent)).await {
            Ok(answers) => (answers, "the session ended before it was sent"),
            Err(_) => (HashMap::new(), "no answer in time: the gateway may have the message"),
        };
        self.outcome(&order, &answers, without)
    }

    /// What is to be sent, or why it never can be.
    fn order(&self, parcel: &Parcel) -> Result<Order, String> {
        let to = PhoneNumber::parse(&parcel.endpoint).ok_or("the endpoint is no phone number")?;
        let standard = TextMessage::default();
        let options = parcel.text_message.as_ref().unwrap_or(&standard);
        let (key, parts) = cut(parcel, &to, options)?;
        self.check_price(options, parts.octets.len())?;
        let sender = match &options.sender {
            Some(text) => {
                Some(Sender::parse(text).ok_or("the sender is neither a sender id nor a number")?)
            }
            None => self.config.sender.clone(),
        };
        let submit = Submit {
            sender: sender.as_ref(),
            to: &to,
            is_transactional: options.is_transactional,
            validity: self.config.validity,
            has_header: parts.has_header(),
            data_coding: parts.coding.data_coding(),
        };
        let bodies = parts.octets.iter().map(|text| submit.body(text)).collect();
        Ok(Order { key, bodies })
    }

    /// Whether a message in so many parts may cost what it does.
    fn check_price(&self, options: &TextMessage, parts: usize) -> Result<(), String> {
        let Some(max) = &options.max_price else { return Ok(()) };
        let max = Price::parse(max).ok_or("the maximum price is not an amount")?;
        match self.config.price {
            // The words of SNS's delivery status logs.
            Some(price) if price.times(parts) > max => Err(EXCEEDS_MAX_PRICE.into()),
            _ => Ok(()),
        }
    }

    /// Waits for a session. An error at once if there is none and it will take a while.
    async fn session(&self) -> Result<(), GatewayError> {
        let mut condition = self.condition.clone();
        let settled = condition.wait_for(|it| !matches!(it, Condition::Connecting)).await;
        match settled.as_deref() {
            Ok(Condition::Down(error)) => Err(error.clone()),
            Ok(_) => Ok(()),
            Err(_) => Err(GatewayError::Stopped),
        }
    }

    /// Sends the parts that the gateway is not known to have, and waits for the answers.
    async fn send(&self, order: &Order, sent: &SentParts) -> HashMap<usize, Answer> {
        let known = self.accepted.parts(&order.key);
        let mut waiting = Vec::new();
        for (part, body) in order.bodies.iter().enumerate() {
            if known.contains_key(&part) {
                continue;
            }
            let (answer, receiver) = oneshot::channel();
            let part_key = PartKey { message: order.key.clone(), part };
            let submission =
                Submission { body: body.clone(), part: part_key, sent: sent.clone(), answer };
            if self.parts.send(submission).await.is_err() {
                break;
            }
            waiting.push((part, receiver));
        }
        let mut answers = HashMap::new();
        for (part, receiver) in waiting {
            if let Ok(answer) = receiver.await {
                answers.insert(part, answer);
            }
        }
        answers
    }

    /// The worst of what came of the parts. `without` is what came of those that have no answer.
    fn outcome(&self, order: &Order, answers: &HashMap<usize, Answer>, without: &str) -> Outcome {
        let known = self.accepted.parts(&order.key);
        let total = order.bodies.len();
        let mut first_problem = None;
        for part in 0..total {
            let outcome = match answers.get(&part) {
                Some(Answer::Accepted(_)) => continue,
                _ if known.contains_key(&part) => continue,
                Some(Answer::Refused(status)) if !status.is_temporary() => {
                    self.accepted.forget(&order.key);
                    let why = of_part(part, total, &format!("the gateway refuses it: {status}"));
                    return Outcome::Never { why, status: status.number() };
                }
                Some(Answer::Refused(status)) => Outcome::TryLater {
                    why: of_part(part, total, &format!("the gateway refuses it: {status}")),
                    status: status.number(),
                },
                Some(Answer::Unanswered(why)) => later(of_part(part, total, why)),
                None => later(of_part(part, total, without)),
            };
            first_problem.get_or_insert(outcome);
        }
        first_problem.unwrap_or_else(|| {
            self.accepted.forget(&order.key);
            delivered(total, &known, answers)
        })
    }
}

impl Courier for SmsCourier {
    fn deliver<'a>(&'a self, parcel: &'a Parcel) -> Attempt<'a> {
        Box::pin(async { self.send_message(parcel).await.0 })
    }
}

impl fmt::Debug for SmsCourier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SmsCourier").field("config", &self.config).finish_non_exhaustive()
    }
}

/// The parts of a message, and by what they are remembered; or why it has none.
fn cut(
    parcel: &Parcel,
    to: &PhoneNumber,
    options: &TextMessage,
) -> Result<(MessageKey, Parts), String> {
    if parcel.kind != ParcelKind::Notification {
        return Err("only published messages are sent as text messages".into());
    }
    let message = std::str::from_utf8(&parcel.body).map_err(|_| "the message is not UTF-8")?;
    // Of the message alone: whoever published it does not know the name that stands before it.
    if message.chars().count() > SMS_CHARACTERS_MAX {
        return Err(TooLong.to_string());
    }
    let text = options.text(message);
    let key = MessageKey::new(&parcel.message_id, to, &text);
    let parts = Parts::of(&text, key.reference()).map_err(|error| error.to_string())?;
    Ok((key, parts))
}

fn later(why: String) -> Outcome {
    Outcome::TryLater { why, status: None }
}

fn of_part(part: usize, total: usize, why: &str) -> String {
    match total {
        1 => why.to_owned(),
        _ => format!("part {} of {total}: {why}", part + 1),
    }
}

/// `command_status` is 0, and the detail has the gateway's ids: receipts come with them.
fn delivered(
    total: usize,
    known: &HashMap<usize, String>,
    answers: &HashMap<usize, Answer>,
) -> Outcome {
    let id = |part: usize| match answers.get(&part) {
        Some(Answer::Accepted(id)) => Some(id.as_str()),
        _ => known.get(&part).map(String::as_str),
    };
    let ids: Vec<_> = (0..total).filter_map(id).collect();
    let mut detail = format!("accepted by the gateway as {}", ids.join(", "));
    // Ids are printable ASCII.
    detail.truncate(PROVIDER_RESPONSE_BYTES_MAX);
    Outcome::Delivered { status: 0, detail }
}
