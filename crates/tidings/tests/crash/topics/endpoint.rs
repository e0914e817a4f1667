//! Web endpoints: they live in this process, and outlive the server.

use std::io::{self, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use super::books::{Books, Visit};
use super::envelope::{self, Opened};
use super::http::{self, Post};
use super::subscriber::{Place, Subscriber, Trouble};
use crate::clerk::text;
use crate::history::Span;

/// How often an endpoint looks whether somebody connects, or whether it goes down.
const LOOK: Duration = Duration::from_millis(3);

/// What a subscriber is asked when it is to confirm that it wants messages.
#[derive(Clone, Debug)]
pub(crate) struct Confirmation {
    pub(crate) token: String,
    /// The path and the query of SubscribeURL, whose host is the server that was asked.
    pub(crate) link: String,
}

/// A web endpoint. It listens until this is dropped.
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    subscriber: Subscriber,
    trouble: Trouble,
    state: Mutex<State>,
    mood: Condvar,
}

#[derive(Default)]
struct State {
    is_in_trouble: bool,
    is_dropped: bool,
    confirmation: Option<Confirmation>,
    books: Books,
    violations: Vec<String>,
}

impl Endpoint {
    /// Opens the endpoint of a subscriber; `None` if it has none.
    pub(crate) fn open(subscriber: Subscriber) -> Option<Self> {
        let Place::Web(trouble) = subscriber.place() else { return None };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared =
            Shared { subscriber, trouble, state: Mutex::default(), mood: Condvar::default() };
        let shared = Arc::new(shared);
        let listening = Arc::clone(&shared);
        thread::spawn(move || listening.listen(listener, address));
        Some(Self { address, shared })
    }

    pub(crate) fn subscriber(&self) -> Subscriber {
        self.shared.subscriber
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/{}", self.address, self.subscriber().name())
    }

    /// Whether it can be well or not.
    pub(crate) fn is_moody(&self) -> bool {
        matches!(self.shared.trouble, Trouble::Fails | Trouble::Hangs | Trouble::IsDown)
    }

    pub(crate) fn set_in_trouble(&self, is_in_trouble: bool) {
        self.shared.state().is_in_trouble = is_in_trouble;
        self.shared.mood.notify_all();
    }

    pub(crate) fn confirmation(&self) -> Option<Confirmation> {
        self.shared.state().confirmation.clone()
    }

    /// What it has written down since the last time, and what was wrong on the spot.
    pub(crate) fn take_books(&self) -> (Books, Vec<String>) {
        let mut state = self.shared.state();
        (std::mem::take(&mut state.books), std::mem::take(&mut state.violations))
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.shared.state().is_dropped = true;
        self.shared.mood.notify_all();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("an endpoint does not panic")
    }

    fn is_down(&self) -> bool {
        self.trouble == Trouble::IsDown && self.state().is_in_trouble
    }

    fn listen(self: Arc<Self>, listener: TcpListener, address: SocketAddr) {
        let mut listener = Some(listener);
        while !self.state().is_dropped {
            if self.is_down() {
                listener = None;
            } else if listener.is_none() {
                // The port may be in use for a moment, as somebody's end of a connection.
                listener = TcpListener::bind(address).ok();
            }
            match listener.as_ref().and_then(|listener| accept(listener).ok()) {
                Some(connection) => {
                    let serving = Arc::clone(&self);
                    thread::spawn(move || serving.serve(connection));
                }
                None => thread::sleep(LOOK),
            }
        }
    }

    fn serve(&self, connection: TcpStream) {
        let mut connection = BufReader::new(connection);
        while let Some(post) = Post::read(&mut connection) {
            let began = Instant::now();
            let opened = self.read(&post);
            let status = self.status(&post);
            let answered = match status {
                Some(status) => http::answer(&mut connection, status).is_ok(),
                None => false,
            };
            let span = Span { began, ended: Instant::now() };
            let is_taken = answered && status == Some(200);
            self.write_down(&post, opened, span, is_taken);
            if !answered {
                return;
            }
        }
    }

    /// What to answer; `None` to break the connection off.
    fn status(&self, post: &Post) -> Option<u16> {
        if post.header("x-amz-sns-message-type") != Some("Notification") {
            // Trouble is for messages: without a subscription there would be none.
            return Some(200);
        }
        let state = self.state();
        match self.trouble {
            Trouble::Refuses => {
                // Half of all are told that trying again is of no use.
                let is_final = post.header("x-amz-sns-message-id").is_some_and(|id| id < "8");
                Some(if is_final { 404 } else { 500 })
            }
            Trouble::Fails if state.is_in_trouble => Some(500),
            Trouble::IsDown if state.is_in_trouble => None,
            Trouble::Hangs if state.is_in_trouble => {
                let hangs = |state: &mut State| state.is_in_trouble && !state.is_dropped;
                drop(self.mood.wait_while(state, hangs));
                None
            }
            _ => Some(200),
        }
    }

    /// Reads a notification; `None` of anything else.
    fn read(&self, post: &Post) -> Option<Result<Opened, String>> {
        let message_type = post.header("x-amz-sns-message-type");
        (message_type == Some("Notification")).then(|| {
            if post.header("x-amz-sns-topic-arn") != Some(&self.subscriber.topic().arn()) {
                return Err("it names another topic".into());
            }
            if (post.header("x-amz-sns-rawdelivery") == Some("true")) != self.subscriber.is_raw() {
                return Err("it is not raw, or is it, as it should be".into());
            }
            envelope::open(self.subscriber, &post.body)
        })
    }

    fn write_down(
        &self,
        post: &Post,
        opened: Option<Result<Opened, String>>,
        span: Span,
        is_taken: bool,
    ) {
        let mut state = self.state();
        let subscriber = self.subscriber;
        let Opened { name, published, certificate } = match opened {
            Some(Ok(opened)) => opened,
            Some(Err(what)) => {
                state.violations.push(format!("{subscriber:?} is given {what}"));
                return;
            }
            None => {
                match confirmation(&post.body).filter(|_| is_taken) {
                    Some(confirmation) => state.confirmation = Some(confirmation),
                    None if is_taken => {
                        state.violations.push(format!("{subscriber:?} is given {}", post.body));
                    }
                    None => {}
                }
                return;
            }
        };
        let message_id = post.header("x-amz-sns-message-id").unwrap_or_default().to_owned();
        if published.is_some_and(|published| published.message_id != message_id) {
            state.violations.push(format!("{name} comes to {subscriber:?} with two ids"));
        }
        state.books.certificates.extend(certificate);
        state.books.visits.push(Visit { span, subscriber, name, message_id, is_taken });
    }
}

fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
    listener.set_nonblocking(true)?;
    let (connection, _) = listener.accept()?;
    connection.set_nonblocking(false)?;
    connection.set_nodelay(true)?;
    Ok(connection)
}

fn confirmation(body: &str) -> Option<Confirmation> {
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    if body["Type"] != "SubscriptionConfirmation" {
        return None;
    }
    let url = text(&body, "SubscribeURL");
    let (_, host_and_link) = url.split_once("://")?;
    let link = &host_and_link[host_and_link.find('/')?..];
    Some(Confirmation { token: text(&body, "Token"), link: link.to_owned() })
}
