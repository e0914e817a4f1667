//! One session with a gateway, from the bind to its end. No socket and no clock: frames and the time
//! are handed in, octets are taken out.
//!
//! ```text
//!   bind sent ── accepted ──► bound ── unbind ──► leaving ── answered, or not ──► ended
//!       └───── refused, silent, lost: from every state ─────────────────────────────┘
//! ```
//!
//! To drive it: hand in what comes with [`Session::receive`], parts with [`Session::submit`] while
//! [`Session::has_room`], and the time with [`Session::time_passes`] at [`Session::wakes_at`]; write
//! what is in [`Session::out`]; stop when [`Session::end`] says so.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use tokio::sync::mpsc::{Sender, UnboundedSender};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tracing::{debug, warn};

use super::accepted::{Accepted, PartKey};
use super::config::SmsConfig;
use super::deliver;
use super::fields::{Fields, put_string};
use super::frame::{BadLength, Command, Frame, SEQUENCE_MAX};
use super::notice::{Kept, NOTICES_MAX, SmsEvent, SmsNotice};
use super::receipt::ID_MAX;
use super::status::Status;
use super::submission::{Answer, SentParts, Submission};

/// How long nothing is sent after the gateway said that it is too much.
const THROTTLED_PAUSE: Duration = Duration::from_secs(1);
/// Late answers that are waited for.
const LATE_MAX: usize = 256;
/// Octets that may wait to be written: then nothing more is read, since it would want answers.
const OUT_MAX: usize = 64 * 1024;

/// Receipts and opt-outs of the gateway that may wait for their answers: then nothing more is read.
const EVENTS_MAX: usize = 2 * NOTICES_MAX;

/// Why a session is over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// The gateway did not want us.
    Refused(Status),
    /// It broke off, or did what no gateway does: for people.
    Lost(String),
    /// We left.
    Left,
}

/// What we wait for beside answers to parts: one such request at a time.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
struct Request {
    command: Command,
    sequence: u32,
    until: Instant,
}

struct Unanswered {
    part: PartKey,
    sent: SentParts,
    answer: oneshot::Sender<Answer>,
    until: Instant,
}

/// See the head of this file.
pub(super) struct Session {
    window: usize,
    response_timeout: Duration,
    enquire_after: Duration,
    accepted: Arc<Accepted>,
    notices: Sender<SmsNotice>,
    kept: UnboundedSender<Kept>,
    sequence: u32,
    is_bound: bool,
    is_leaving: bool,
    request: Option<Request>,
    unanswered: HashMap<u32, Unanswered>,
    /// Events of the gateway that are not answered yet.
    events: usize,
    /// Parts nobody waits for any more, but whose answers may still come.
    late: VecDeque<(u32, PartKey)>,
    heard_at: Instant,
    paused_until: Option<Instant>,
    out: BytesMut,
    end: Option<End>,
}

/// Where a session leaves what it learns.
pub(super) struct Outlets {
    pub(super) accepted: Arc<Accepted>,
    pub(super) notices: Sender<SmsNotice>,
    pub(super) kept: UnboundedSender<Kept>,
}

impl Session {
    /// Begins with the bind.
    pub(super) fn new(config: &SmsConfig, outlets: Outlets, now: Instant) -> Session {
        let mut session = Session {
            window: config.window,
            response_timeout: config.response_timeout,
            enquire_after: config.enquire_after,
            accepted: outlets.accepted,
            notices: outlets.notices,
            kept: outlets.kept,
            sequence: 0,
            is_bound: false,
            is_leaving: false,
            request: None,
            unanswered: HashMap::new(),
            events: 0,
            late: VecDeque::new(),
            heard_at: now,
            paused_until: None,
            out: BytesMut::new(),
            end: None,
        };
        session.request(Command::BIND_TRANSCEIVER, &bind_body(config), now);
        session
    }

    pub(super) fn is_bound(&self) -> bool {
        self.is_bound
    }

    pub(super) fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// Whether another part may be sent.
    pub(super) fn has_room(&self) -> bool {
        self.is_bound
            && !self.is_leaving
            && self.end.is_none()
            && self.paused_until.is_none()
            && self.unanswered.len() < self.window
    }

    /// Whether more may be read.
    pub(super) fn wants_input(&self) -> bool {
        self.end.is_none() && self.out.len() < OUT_MAX && self.events < EVENTS_MAX
    }

    /// What is to be written. Whoever writes takes off what is written.
    pub(super) fn out(&mut self) -> &mut BytesMut {
        &mut self.out
    }

    pub(super) fn has_output(&self) -> bool {
        !self.out.is_empty()
    }

    /// When [`Session::time_passes`] is due next.
    pub(super) fn wakes_at(&self) -> Instant {
        let due = [self.request.map(|request| request.until), self.paused_until];
        let answers = self.unanswered.values().map(|waiting| waiting.until);
        let enquiry = self.heard_at + self.enquire_after;
        let enquiry = self.request.is_none().then_some(enquiry);
        due.into_iter().flatten().chain(answers).chain(enquiry).min().unwrap_or(self.heard_at)
    }

    /// Sends a part, unless nobody waits for it any more.
    pub(super) fn submit(&mut self, submission: Submission, now: Instant) {
        let Submission { body, part, sent, answer } = submission;
        // First: whoever stops waiting counts what was sent after that.
        sent.add();
        if answer.is_closed() {
            return sent.take_back();
        }
        let sequence = self.send(Command::SUBMIT_SM, &body);
        let until = now + self.response_timeout;
        self.unanswered.insert(sequence, Unanswered { part, sent, answer, until });
    }

    /// Leaves as soon as what was sent is answered.
    pub(super) fn leave(&mut self, now: Instant) {
        self.is_leaving = true;
        if !self.is_bound {
            self.finish(End::Left);
        }
        self.unbind_if_done(now);
    }

    /// Does what is due.
    pub(super) fn time_passes(&mut self, now: Instant) {
        self.paused_until = self.paused_until.filter(|until| *until > now);
        let is_over = |until: Instant| until <= now;
        if let Some(request) = self.request.filter(|request| is_over(request.until)) {
            return match request.command {
                Command::UNBIND => self.finish(End::Left),
                Command::BIND_TRANSCEIVER => {
                    self.finish(End::Lost("it did not answer the bind in time".into()));
                }
                _ => self.finish(End::Lost("it did not answer whether it is there".into())),
            };
        }
        let overdue = self.unanswered.iter().filter(|(_, waiting)| is_over(waiting.until));
        for sequence in overdue.map(|(sequence, _)| *sequence).collect::<Vec<_>>() {
            self.give_up_on(sequence);
        }
        if self.request.is_none() && is_over(self.heard_at + self.enquire_after) {
            self.request(Command::ENQUIRE_LINK, b"", now);
        }
        self.unbind_if_done(now);
    }

    /// The event that came with this number is kept, or is not.
    pub(super) fn answer_event(&mut self, kept: Kept) {
        self.events = self.events.saturating_sub(1);
        let status = if kept.is_kept { Status::OK } else { Status::TRY_AGAIN };
        self.respond(Command::DELIVER_SM, status, kept.sequence);
    }

    /// What came cannot be told apart: nothing behind it is read.
    pub(super) fn receive_garbage(&mut self, BadLength(length): BadLength) {
        let (nack, status) = (Command::GENERIC_NACK, Status::BAD_COMMAND_LENGTH);
        Frame::write(&mut self.out, nack, status, 0, b"");
        self.finish(End::Lost(format!("it sent a PDU of {length} octets")));
    }

    /// The connection is gone, or of no use.
    pub(super) fn lose(&mut self, why: String) {
        self.finish(End::Lost(why));
    }

    pub(super) fn receive(&mut self, frame: Frame, now: Instant) {
        self.heard_at = now;
        if frame.command.is_response() {
            self.receive_response(&frame, now);
        } else {
            self.receive_request(&frame);
        }
        self.unbind_if_done(now);
    }

    fn receive_request(&mut self, frame: &Frame) {
        let Frame { command, sequence, .. } = *frame;
        match command {
            Command::ENQUIRE_LINK => self.respond(command, Status::OK, sequence),
            Command::DELIVER_SM if self.is_bound => self.receive_message(frame),
            Command::DELIVER_SM => self.respond(command, Status::WRONG_STATE, sequence),
            Command::UNBIND => {
                self.respond(command, Status::OK, sequence);
                self.finish(End::Lost("it ended the session".into()));
            }
            // The former asks us to bind, which we have done; neither has an answer.
            Command::OUTBIND | Command::ALERT_NOTIFICATION => {}
            _ => {
                let (nack, status) = (Command::GENERIC_NACK, Status::BAD_COMMAND);
                Frame::write(&mut self.out, nack, status, sequence, b"");
            }
        }
    }

    fn receive_message(&mut self, frame: &Frame) {
        let sequence = frame.sequence;
        let event = match deliver::read(&frame.body) {
            Ok(Some(event)) => self.with_message(event),
            Ok(None) => return self.respond(Command::DELIVER_SM, Status::OK, sequence),
            Err(deliver::Malformed) => {
                return self.respond(Command::DELIVER_SM, Status::BAD_MESSAGE_LENGTH, sequence);
            }
        };
        self.events += 1;
        let notice = SmsNotice::new(event, sequence, self.kept.clone());
        // One that finds no place is dropped, and so answers for itself.
        if self.notices.try_send(notice).is_err() {
            warn!("a gateway's receipt or opt-out finds no place: it is to tell it again");
        }
    }

    fn with_message(&self, event: SmsEvent) -> SmsEvent {
        match event {
            SmsEvent::Receipt(mut receipt) => {
                (receipt.message_id, receipt.number) =
                    self.accepted.message(&receipt.gateway_id).unzip();
                SmsEvent::Receipt(receipt)
            }
            other => other,
        }
    }

    fn receive_response(&mut self, frame: &Frame, now: Instant) {
        let is_nack = frame.command == Command::GENERIC_NACK;
        if let Some(request) = self.request.filter(|it| it.sequence == frame.sequence) {
            if is_nack || frame.command == request.command.response() {
                self.request = None;
                self.conclude(request.command, frame.status);
            }
        } else if is_nack || frame.command == Command::SUBMIT_SM.response() {
            self.receive_answer(frame, now);
        }
        // It cannot say which of our PDUs it could not tell apart: none will be answered.
        if is_nack && frame.sequence == 0 && self.end.is_none() {
            self.finish(End::Lost(format!("it could not read what was sent: {}", frame.status)));
        }
    }

    /// A request of ours beside parts has its answer.
    fn conclude(&mut self, command: Command, status: Status) {
        match command {
            Command::BIND_TRANSCEIVER if status == Status::OK => self.is_bound = true,
            Command::BIND_TRANSCEIVER => self.finish(End::Refused(status)),
            Command::UNBIND => self.finish(End::Left),
            // Whatever it says, it is there.
            _ => {}
        }
    }

    fn receive_answer(&mut self, frame: &Frame, now: Instant) {
        let is_taken = frame.status == Status::OK && frame.command != Command::GENERIC_NACK;
        let id = Fields::new(&frame.body).string(ID_MAX + 1).unwrap_or_default();
        let Some(waiting) = self.unanswered.remove(&frame.sequence) else {
            return self.receive_late_answer(frame.sequence, is_taken.then_some(&*id));
        };
        let answer = if is_taken {
            self.accepted.note(&waiting.part, &id);
            Answer::Accepted(id)
        } else {
            if frame.status == Status::THROTTLED {
                self.paused_until = Some(now + THROTTLED_PAUSE);
            }
            waiting.sent.take_back();
            Answer::Refused(frame.status)
        };
        // Whoever waited may have given up.
        let _ = waiting.answer.send(answer);
    }

    /// Nobody waits, but the next attempt need not send it again.
    fn receive_late_answer(&mut self, sequence: u32, id: Option<&str>) {
        let Some(place) = self.late.iter().position(|(it, _)| *it == sequence) else {
            return debug!(sequence, "the gateway answers what nobody asked");
        };
        if let (Some((_, part)), Some(id)) = (self.late.remove(place), id) {
            self.accepted.note(&part, id);
        }
    }

    fn give_up_on(&mut self, sequence: u32) {
        let Some(waiting) = self.unanswered.remove(&sequence) else { return };
        let why = "the gateway did not answer in time: it may have the message";
        let _ = waiting.answer.send(Answer::Unanswered(why.into()));
        self.late.push_back((sequence, waiting.part));
        if self.late.len() > LATE_MAX {
            self.late.pop_front();
        }
    }

    fn unbind_if_done(&mut self, now: Instant) {
        let is_done = self.is_leaving && self.unanswered.is_empty() && self.end.is_none();
        if is_done && self.request.is_none_or(|it| it.command != Command::UNBIND) {
            self.request(Command::UNBIND, b"", now);
        }
    }

    fn finish(&mut self, end: End) {
        if self.end.is_some() {
            return;
        }
        let why = match &end {
            End::Lost(why) => why.as_str(),
            End::Refused(_) | End::Left => "the session ended",
        };
        let why =
            format!("the gateway was lost before it answered and may have the message: {why}");
        for (_, waiting) in self.unanswered.drain() {
            let _ = waiting.answer.send(Answer::Unanswered(why.clone()));
        }
        self.end = Some(end);
    }

    fn request(&mut self, command: Command, body: &[u8], now: Instant) {
        let sequence = self.send(command, body);
        let until = now + self.response_timeout;
        self.request = Some(Request { command, sequence, until });
    }

    fn send(&mut self, command: Command, body: &[u8]) -> u32 {
        self.sequence = if self.sequence >= SEQUENCE_MAX { 1 } else { self.sequence + 1 };
        Frame::write(&mut self.out, command, Status::OK, self.sequence, body);
        self.sequence
    }

    fn respond(&mut self, command: Command, status: Status, sequence: u32) {
        // The response to a message has an id, which is always empty.
        let body: &[u8] = if command == Command::DELIVER_SM { b"\0" } else { b"" };
        Frame::write(&mut self.out, command.response(), status, sequence, body);
    }
}

/// SMPP 3.4, section 4.1.5.
fn bind_body(config: &SmsConfig) -> BytesMut {
    const VERSION_3_4: u8 = 0x34;
    let mut body = BytesMut::new();
    put_string(&mut body, &config.system_id);
    put_string(&mut body, config.password.expose());
    put_string(&mut body, &config.system_type);
    // For any address that is ours: the gateway knows.
    body.put_slice(&[VERSION_3_4, 0, 0]);
    put_string(&mut body, "");
    body
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
