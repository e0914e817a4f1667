//! The subscribers of the test.

use serde_json::{Value, json};

use super::filter::Filter;
use super::topic::Topic;

#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Subscriber {
    NewsRaw,
    NewsEnveloped,
    NewsRed,
    NewsHeavy,
    NewsByBody,
    /// Its filter changes all the time.
    NewsChanging,
    /// It is ended and made again all the time.
    NewsLeaving,
    /// Its queue is not there.
    NewsGone,
    AlertsQueue,
    AlertsWeb,
    AlertsWebRaw,
    AlertsFailing,
    AlertsHanging,
    AlertsDown,
    AlertsRefusing,
    BulkRaw,
    BulkEnveloped,
    OrdersRaw,
    OrdersEnveloped,
    OrdersRed,
    /// A standard queue of a FIFO topic.
    OrdersPlain,
    OrdersGone,
    NotesRaw,
    NotesByBody,
}

/// What is at the other end.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    Queue,
    FifoQueue,
    /// No queue, but a dead-letter queue.
    NoQueue,
    /// The same for FIFO.
    NoFifoQueue,
    Web(Trouble),
}

/// What a web endpoint is like when it is not well.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Trouble {
    None,
    /// It answers 500.
    Fails,
    /// It does not answer.
    Hangs,
    /// Nobody listens.
    IsDown,
    /// It never takes a message, and has a dead-letter queue.
    Refuses,
}

impl Subscriber {
    pub(crate) const ALL: [Self; 24] = [
        Self::NewsRaw,
        Self::NewsEnveloped,
        Self::NewsRed,
        Self::NewsHeavy,
        Self::NewsByBody,
        Self::NewsChanging,
        Self::NewsLeaving,
        Self::NewsGone,
        Self::AlertsQueue,
        Self::AlertsWeb,
        Self::AlertsWebRaw,
        Self::AlertsFailing,
        Self::AlertsHanging,
        Self::AlertsDown,
        Self::AlertsRefusing,
        Self::BulkRaw,
        Self::BulkEnveloped,
        Self::OrdersRaw,
        Self::OrdersEnveloped,
        Self::OrdersRed,
        Self::OrdersPlain,
        Self::OrdersGone,
        Self::NotesRaw,
        Self::NotesByBody,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NewsRaw => "news-raw",
            Self::NewsEnveloped => "news-enveloped",
            Self::NewsRed => "news-red",
            Self::NewsHeavy => "news-heavy",
            Self::NewsByBody => "news-by-body",
            Self::NewsChanging => "news-changing",
            Self::NewsLeaving => "news-leaving",
            Self::NewsGone => "news-gone",
            Self::AlertsQueue => "alerts-queue",
            Self::AlertsWeb => "alerts-web",
            Self::AlertsWebRaw => "alerts-web-raw",
            Self::AlertsFailing => "alerts-failing",
            Self::AlertsHanging => "alerts-hanging",
            Self::AlertsDown => "alerts-down",
            Self::AlertsRefusing => "alerts-refusing",
            Self::BulkRaw => "bulk-raw",
            Self::BulkEnveloped => "bulk-enveloped",
            Self::OrdersRaw => "orders-raw",
            Self::OrdersEnveloped => "orders-enveloped",
            Self::OrdersRed => "orders-red",
            Self::OrdersPlain => "orders-plain",
            Self::OrdersGone => "orders-gone",
            Self::NotesRaw => "notes-raw",
            Self::NotesByBody => "notes-by-body",
        }
    }

    pub(crate) fn topic(self) -> Topic {
        let topic = self.name().split('-').next();
        let is_of = |of: &Topic| of.name().split('.').next() == topic;
        Topic::ALL.into_iter().find(is_of).expect("it is named for its topic")
    }

    pub(crate) fn place(self) -> Place {
        match self {
            Self::NewsGone => Place::NoQueue,
            Self::OrdersGone => Place::NoFifoQueue,
            Self::AlertsWeb | Self::AlertsWebRaw => Place::Web(Trouble::None),
            Self::AlertsFailing => Place::Web(Trouble::Fails),
            Self::AlertsHanging => Place::Web(Trouble::Hangs),
            Self::AlertsDown => Place::Web(Trouble::IsDown),
            Self::AlertsRefusing => Place::Web(Trouble::Refuses),
            Self::OrdersPlain => Place::Queue,
            _ if self.topic().is_fifo() => Place::FifoQueue,
            _ => Place::Queue,
        }
    }

    pub(crate) fn is_raw(self) -> bool {
        use Subscriber as S;
        !matches!(
            self,
            S::NewsEnveloped
                | S::NewsHeavy
                | S::NewsLeaving
                | S::AlertsQueue
                | S::AlertsWeb
                | S::AlertsFailing
                | S::AlertsDown
                | S::AlertsRefusing
                | S::BulkEnveloped
                | S::OrdersEnveloped
                | S::OrdersGone
        )
    }

    /// The filter that it begins with.
    pub(crate) fn filter(self) -> Filter {
        match self {
            Self::NewsRed | Self::AlertsWebRaw | Self::OrdersRed => Filter::Red,
            Self::NewsHeavy | Self::NewsGone => Filter::Heavy,
            Self::NewsByBody | Self::NotesByBody => Filter::LightBody,
            _ => Filter::All,
        }
    }

    pub(crate) fn is_web(self) -> bool {
        matches!(self.place(), Place::Web(_))
    }

    /// The queue at the other end, be it there or not.
    fn queue(self) -> Option<String> {
        match self.place() {
            Place::Queue | Place::NoQueue => Some(self.name().to_owned()),
            Place::FifoQueue | Place::NoFifoQueue => Some(format!("{}.fifo", self.name())),
            Place::Web(_) => None,
        }
    }

    pub(crate) fn queue_arn(self) -> Option<String> {
        self.queue().map(|queue| arn(&queue))
    }

    fn dead_letter_queue(self) -> Option<String> {
        match self.place() {
            Place::NoQueue | Place::Web(Trouble::Refuses) => Some(format!("{}-dead", self.name())),
            Place::NoFifoQueue => Some(format!("{}-dead.fifo", self.name())),
            _ => None,
        }
    }

    /// The queue in which all is found that it gets in the end. Nothing is in there but that.
    pub(crate) fn inbox(self) -> Option<String> {
        self.dead_letter_queue().or_else(|| self.queue())
    }

    pub(crate) fn has_fifo_inbox(self) -> bool {
        matches!(self.place(), Place::FifoQueue | Place::NoFifoQueue)
    }

    /// Whether all that is published to its topic comes into its inbox: so who empties the inbox
    /// can tell how far the publishers are ahead.
    pub(crate) fn is_gauge(self) -> bool {
        let is_steady = !matches!(self, Self::NewsChanging | Self::NewsLeaving);
        self.inbox().is_some() && !self.is_web() && is_steady && self.filter() == Filter::All
    }

    /// What it subscribes with.
    pub(crate) fn attributes(self) -> Vec<(&'static str, String)> {
        let mut attributes = vec![("RawMessageDelivery", self.is_raw().to_string())];
        if self.filter() != Filter::All {
            let by = if self.filter().is_by_body() { "MessageBody" } else { "MessageAttributes" };
            attributes.push(("FilterPolicyScope", by.into()));
            attributes.push(("FilterPolicy", self.filter().policy().into()));
        }
        if let Some(queue) = self.dead_letter_queue() {
            let policy = json!({ "deadLetterTargetArn": arn(&queue) });
            attributes.push(("RedrivePolicy", policy.to_string()));
        }
        if let Place::Web(trouble) = self.place() {
            attributes.push(("DeliveryPolicy", delivery_policy(trouble).to_string()));
        }
        attributes
    }
}

fn arn(queue: &str) -> String {
    format!("arn:aws:sqs:us-east-1:000000000000:{queue}")
}

/// Retries follow one another as fast as they may, and are enough of them to outlive any trouble.
fn delivery_policy(trouble: Trouble) -> Value {
    let retries = if trouble == Trouble::Refuses { 2 } else { 100 };
    json!({
        "healthyRetryPolicy":
            { "minDelayTarget": 1, "maxDelayTarget": 1, "numRetries": retries },
    })
}
