//! Mails to subscribers: the message with a footer, or the envelope, and what stands above them.
//!
//! Names, subjects and the forms of the links are those of the live service. The footer says the same
//! in words of our own.

use tidings_core::publication::MessageType;
use tidings_sigv4::percent_encoded;

use super::envelope::Rendering;

/// Where a mail's links lead: pages for people, on which nothing happens before somebody presses a
/// button. Programs that follow every link in a mail change nothing.
pub const CONFIRMATION_PAGE: &str = "/confirmation.html";
/// The page for ending a subscription.
pub const UNSUBSCRIBE_PAGE: &str = "/unsubscribe.html";

/// The sender's name of what the service asks and tells by itself, and of topics without a
/// DisplayName.
const SERVICE_NAME: &str = "AWS Notifications";

impl Rendering<'_> {
    /// What the mail calls its sender, if the topic has this DisplayName.
    pub fn sender_name<'n>(&self, display_name: &'n str) -> &'n str {
        match self.content.message_type {
            MessageType::Notification if !display_name.is_empty() => display_name,
            _ => SERVICE_NAME,
        }
    }

    /// What the mail is about.
    pub fn mail_subject(&self) -> &str {
        match self.content.message_type {
            MessageType::Notification => self.content.subject.unwrap_or("AWS Notification Message"),
            MessageType::SubscriptionConfirmation => "AWS Notification - Subscription Confirmation",
            MessageType::UnsubscribeConfirmation => "AWS Notification - Unsubscribe Confirmation",
        }
    }

    /// Where whoever reads messages at this address ends the subscription; `None` for what is no
    /// message of the topic, and if only the owner may end it.
    pub fn unsubscribe_page(&self, address: &str, only_owner_ends: bool) -> Option<String> {
        let is_notification = self.content.message_type == MessageType::Notification;
        (is_notification && !only_owner_ends).then(|| {
            let (base_url, subscription) = (self.base_url, &self.delivery.subscription);
            let address = encoded(address);
            format!(
                "{base_url}{UNSUBSCRIBE_PAGE}?SubscriptionArn={subscription}&Endpoint={address}"
            )
        })
    }

    fn confirmation_page(&self, address: &str) -> String {
        let (base_url, topic) = (self.base_url, self.topic());
        let (token, address) = (self.content.token.unwrap_or_default(), encoded(address));
        format!("{base_url}{CONFIRMATION_PAGE}?TopicArn={topic}&Token={token}&Endpoint={address}")
    }

    /// The text of a mail of the protocol `email` to this address. Whether only the owner may end the
    /// subscription, the footer says.
    pub fn mail_text(&self, address: &str, only_owner_ends: bool) -> String {
        let topic = self.topic();
        let footer = "Please do not reply directly to this e-mail.\n";
        match self.content.message_type {
            MessageType::Notification => {
                let message = self.text();
                let way_out = match self.unsubscribe_page(address, only_owner_ends) {
                    Some(link) => format!("visit the link below to unsubscribe:\n{link}"),
                    None => "ask its owner: nobody else can end this subscription.".to_owned(),
                };
                format!(
                    "{message}\n\n--\nIf you wish to stop receiving notifications from this topic, \
                     please {way_out}\n\n{footer}"
                )
            }
            MessageType::SubscriptionConfirmation => {
                let link = self.confirmation_page(address);
                format!(
                    "You have chosen to subscribe to the topic:\n{topic}\n\nTo confirm this \
                     subscription, visit the link below. If this was in error, no action is \
                     necessary.\n{link}\n\n--\n{footer}"
                )
            }
            MessageType::UnsubscribeConfirmation => {
                let link = self.confirmation_page(address);
                format!(
                    "Your subscription to the topic below has been deactivated:\n{topic}\n\nIf this \
                     was in error, or if you wish to subscribe again, visit the link below within \
                     two days.\n{link}\n\n--\n{footer}"
                )
            }
        }
    }
}

/// As a value in a link's query. Nothing that could end the link for a mail program is left.
fn encoded(text: &str) -> String {
    percent_encoded(text, "@")
}

#[cfg(test)]
mod tests {
    use tidings_core::delivery::{Delivery, SignatureVersion};
    use tidings_core::message::Sealing;
    use tidings_core::names::{SubscriptionProtocol, Uuid};
    use tidings_core::publication::PublishedContent;
    use tidings_core::record::{MessageRecord, PublishedRecord};
    use tidings_core::time::Timestamp;

    use super::*;
    use crate::sns::testing::{SUBSCRIPTION, TOPIC, subscription};

    fn with(content: &PublishedContent<'_>, check: impl Fn(&Rendering<'_>)) {
        let record = PublishedRecord {
            sequence_number: None,
            message: MessageRecord {
                message_id: Uuid::from_random(0),
                sent_at: Timestamp::default(),
                body_md5: [0; 16],
                group: None,
                deduplication: None,
                sealing: Sealing::Plain,
                content: &[],
            },
        };
        let delivery = Delivery {
            subscription: subscription(),
            protocol: SubscriptionProtocol::Email,
            is_raw: false,
            is_replayed: false,
            signature_version: SignatureVersion::V1,
            key: None,
        };
        let base_url = "https://t.example.com";
        check(&Rendering { record: &record, content, delivery: &delivery, base_url });
    }

    fn content(message_type: MessageType) -> PublishedContent<'static> {
        PublishedContent {
            message_type,
            target: None,
            is_notice: false,
            subject: None,
            trace_header: None,
            token: Some("abc"),
            message: "for all",
            by_protocol: vec![("email", "for people"), ("email-json", "for programs")],
            attributes: Vec::new(),
        }
    }

    #[test]
    fn a_message_goes_out_with_a_link_to_get_no_more() {
        let mut content = content(MessageType::Notification);
        let link = format!(
            "https://t.example.com/unsubscribe.html?SubscriptionArn={SUBSCRIPTION}\
             &Endpoint=o%27neil%2Ba@example.org"
        );
        with(&content, |mail| {
            let text = mail.mail_text("o'neil+a@example.org", false);
            assert!(text.starts_with("for people\n\n--\n"), "{text}");
            assert!(text.contains(&format!("\n{link}\n")), "{text}");
            let page =
                |only_owner_ends| mail.unsubscribe_page("o'neil+a@example.org", only_owner_ends);
            assert_eq!(page(false).as_ref(), Some(&link));
            // A link that would only lead to a refusal.
            let text = mail.mail_text("o'neil+a@example.org", true);
            assert!(text.contains("ask its owner") && !text.contains("https://"), "{text}");
            assert_eq!(page(true), None);
            assert_eq!(mail.mail_subject(), "AWS Notification Message");
            assert_eq!((mail.sender_name("Hotel"), mail.sender_name("")), ("Hotel", SERVICE_NAME));
        });
        content.subject = Some("Booked");
        with(&content, |mail| assert_eq!(mail.mail_subject(), "Booked"));
    }

    #[test]
    fn confirmations_lead_to_their_page_and_have_the_services_name() {
        let link = format!(
            "\nhttps://t.example.com/confirmation.html?TopicArn={TOPIC}&Token=abc\
             &Endpoint=a@example.org\n"
        );
        for (kind, subject) in [
            (MessageType::SubscriptionConfirmation, "Subscription Confirmation"),
            (MessageType::UnsubscribeConfirmation, "Unsubscribe Confirmation"),
        ] {
            with(&content(kind), |mail| {
                let text = mail.mail_text("a@example.org", false);
                assert!(text.contains(&link), "{text}");
                assert_eq!(mail.mail_subject(), format!("AWS Notification - {subject}"));
                assert_eq!(mail.sender_name("Hotel"), SERVICE_NAME);
                assert_eq!(mail.unsubscribe_page("a@example.org", false), None);
            });
        }
    }
}
