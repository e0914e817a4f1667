//! The two pages: what they ask, and what they say when it is done.

use hyper::Method;
use hyper::http::request::Parts;
use tidings_aws::query::Form;
use tidings_aws::sns::{CONFIRMATION_PAGE, UNSUBSCRIBE_PAGE};
use tidings_aws::{Action, Answer, Protocol, Refusal, Service, SnsAction};
use tidings_core::names::{SubscriptionArn, Uuid};
use tidings_core::rejection::{Rejection, TopicRejection};

use super::html::Content;

/// A page.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Page {
    /// Confirms a subscription.
    Confirmation,
    /// Ends one.
    Unsubscribe,
}

impl Page {
    /// The page that a request is for.
    pub(crate) fn of(head: &Parts) -> Option<Self> {
        match head.uri.path() {
            CONFIRMATION_PAGE => Some(Self::Confirmation),
            UNSUBSCRIBE_PAGE => Some(Self::Unsubscribe),
            _ => None,
        }
    }

    /// Whether a request only looks.
    pub(crate) fn is_question(head: &Parts) -> bool {
        head.method != Method::POST
    }

    /// What its button does.
    pub(crate) fn action(self) -> Action {
        Action::Sns(match self {
            Self::Confirmation => SnsAction::ConfirmSubscription,
            Self::Unsubscribe => SnsAction::Unsubscribe,
        })
    }

    /// The page with its button. Nothing is looked up for it: who guesses learns nothing.
    pub(crate) fn question(self, query: &str) -> Answer {
        let about = About::read(query);
        let (title, text, button) = match self {
            Self::Confirmation => (
                "Confirm your subscription",
                "Press the button if you want to get the messages of this topic. If you did not ask \
                 for them, close this page: nothing will be sent.",
                "Confirm subscription",
            ),
            Self::Unsubscribe => (
                "Unsubscribe",
                "Press the button if you want no more messages of this topic.",
                "Unsubscribe",
            ),
        };
        Content { title, text, about: &about.shown(), button: Some(button) }.answer(200)
    }

    /// What came of it.
    pub(crate) fn outcome(self, query: &str, outcome: Result<Vec<u8>, Refusal>) -> Answer {
        let about = About::read(query);
        let refusal = match outcome {
            Ok(_) => {
                let (title, text) = match self {
                    Self::Confirmation => (
                        "Subscription confirmed",
                        "From now on you get the messages of this topic. Each tells how to get no \
                         more.",
                    ),
                    Self::Unsubscribe => (
                        "Unsubscribed",
                        "You get no more messages of this topic. If that was in error: a last \
                         message with a link to undo it is on its way to you.",
                    ),
                };
                return Content { title, text, about: &about.shown(), button: None }.answer(200);
            }
            Err(refusal) => refusal,
        };
        let status = refusal.answer(Service::Sns, Protocol::Query, Uuid::from_random(0)).status;
        let title = match self {
            Self::Confirmation => "The subscription is not confirmed",
            Self::Unsubscribe => "You are not unsubscribed",
        };
        let text = self.reason(&refusal, status);
        Content { title, text, about: &about.shown(), button: None }.answer(status)
    }

    /// Why it was not done, for people.
    fn reason(self, refusal: &Refusal, status: u16) -> &'static str {
        let rejection = match refusal {
            Refusal::Rejected(Rejection::Topic(rejection)) => Some(rejection),
            _ => None,
        };
        match (self, rejection) {
            _ if status >= 500 => "The server cannot do that right now. Try again in a moment.",
            (_, Some(TopicRejection::NotFound(_))) => "The topic does not exist any more.",
            (Self::Confirmation, _) => {
                "This link is wrong, or it has expired: links are good for two days. Whoever \
                 subscribed you can have a new one sent by subscribing you again."
            }
            (Self::Unsubscribe, Some(TopicRejection::AuthorizationError(_))) => {
                "Only the owner of this subscription can end it. Ask whoever subscribed you."
            }
            (Self::Unsubscribe, _) => {
                "This link is wrong, or the subscription was not confirmed or has ended already."
            }
        }
    }
}

/// What a link says of the subscription.
#[derive(Default)]
struct About {
    topic: String,
    address: String,
}

impl About {
    fn read(query: &str) -> Self {
        let Ok(form) = Form::read(b"", query) else { return Self::default() };
        let fields = form.fields();
        let text = |name| fields.text(name).map(|text| text.into_string()).unwrap_or_default();
        let subscription = SubscriptionArn::parse(&text("SubscriptionArn"));
        let topic = subscription.map_or_else(|| text("TopicArn"), |arn| arn.topic.to_string());
        Self { topic, address: text("Endpoint") }
    }

    fn shown(&self) -> [(&'static str, &str); 2] {
        [("Topic", &self.topic), ("Address", &self.address)]
    }
}

#[cfg(test)]
mod tests {
    use hyper::Request;
    use tidings_aws::WireError;

    use super::*;

    fn text(answer: &Answer) -> &str {
        std::str::from_utf8(&answer.body).unwrap()
    }

    #[test]
    fn pages_are_known_by_their_path_and_looking_is_not_doing() {
        for (method, uri, page, is_question) in [
            ("GET", "/confirmation.html?Token=a", Some(Page::Confirmation), true),
            ("HEAD", "/unsubscribe.html", Some(Page::Unsubscribe), true),
            ("POST", "/unsubscribe.html?a", Some(Page::Unsubscribe), false),
            ("POST", "/", None, false),
            ("GET", "/confirmation.htm", None, true),
        ] {
            let head = Request::builder().method(method).uri(uri).body(()).unwrap().into_parts().0;
            assert_eq!((Page::of(&head), Page::is_question(&head)), (page, is_question), "{uri}");
        }
    }

    #[test]
    fn a_page_says_what_it_is_about() {
        let topic = "arn:aws:sns:us-east-1:000000000000:bookings";
        let arn = format!("{topic}:00000000-0000-4000-8000-000000000000");
        for (page, query) in [
            (
                Page::Confirmation,
                format!("TopicArn={topic}&Token=secret&Endpoint=a%2Bb@example.org"),
            ),
            (Page::Unsubscribe, format!("SubscriptionArn={arn}&Endpoint=a%2Bb@example.org")),
        ] {
            let answer = page.question(&query);
            let shown = text(&answer);
            assert!(shown.contains(&format!("<dd>{topic}</dd>")), "{shown}");
            assert!(shown.contains("<dd>a+b@example.org</dd>"), "{shown}");
            assert!(shown.contains("<form method=\"post\">"), "{shown}");
            assert!(!shown.contains("secret"), "{shown}");
            assert!(text(&page.question("%")).contains("<button>"));
        }
    }

    #[test]
    fn reasons_are_in_words() {
        let refused = |page: Page, refusal: Refusal| {
            let answer = page.outcome("", Err(refusal));
            let shown = text(&answer).to_owned();
            assert!(!shown.contains("<button>"), "{shown}");
            (answer.status, shown)
        };
        let (status, shown) =
            refused(Page::Confirmation, TopicRejection::parameter("Token").into());
        assert!(status == 400 && shown.contains("it has expired"), "{shown}");
        let only_owner = TopicRejection::AuthorizationError(String::new());
        let (status, shown) = refused(Page::Unsubscribe, only_owner.into());
        assert!(status == 403 && shown.contains("Only the owner"), "{shown}");
        let (status, shown) = refused(Page::Unsubscribe, WireError::InternalFailure.into());
        assert!(status == 500 && shown.contains("Try again"), "{shown}");
        assert_eq!(Page::Confirmation.outcome("", Ok(Vec::new())).status, 200);
    }
}
