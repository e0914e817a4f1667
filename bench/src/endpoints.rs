//! Deliveries to a web endpoint that answers, beside others that hang or answer 500: how long they
//! take.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tidings_load::{Client, Connection, SNS, form};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::Outcome;
use crate::arrivals::{Arrivals, EVERY, PUBLISHES, Percentiles};
use crate::server::Server;

/// Endpoints that hang, and as many that answer 500, beside the one that answers.
const IN_TROUBLE: [usize; 3] = [0, 1, 50];
const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:bench";

#[derive(Copy, Clone)]
enum Temper {
    Answers,
    Hangs,
    Fails,
}

/// An endpoint: what it does with messages, and where it says when they came.
#[derive(Clone)]
struct Endpoint {
    temper: Temper,
    server: Client,
    arrivals: Arc<Arrivals>,
    confirmed: UnboundedSender<()>,
}

pub(crate) async fn run() -> Outcome<()> {
    let rate = 1.0 / EVERY.as_secs_f64();
    println!("{PUBLISHES} messages, {rate:.0} a second, signed envelopes (SHA-1)");
    println!(
        "{:>26} {:>8} {:>8} {:>8} {:>8}",
        "in trouble", "arrived", "p50 ms", "p99 ms", "max ms"
    );
    for in_trouble in IN_TROUBLE {
        let folder = tempfile::tempdir_in(".")?;
        let (server, _) = Server::tidings(folder.path()).await?;
        let took = measure(&server.client, in_trouble).await?;
        println!(
            "{:>26} {:>8} {:>8.2} {:>8.2} {:>8.2}",
            format!("{in_trouble} hang, {in_trouble} answer 500"),
            took.arrived(),
            took.ms(50),
            took.ms(99),
            took.ms(100)
        );
        server.stop()?;
    }
    Ok(())
}

/// From when each message was to be published to when it arrived.
pub(crate) async fn measure(server: &Client, in_trouble: usize) -> Outcome<Percentiles> {
    let mut connection = server.connect().await?;
    connection.exchange(&mut form(SNS, &[("Action", "CreateTopic"), ("Name", "bench")])).await?;
    let (confirmed, mut confirmations) = unbounded_channel();
    let arrivals = Arrivals::new();
    let tempers = [Temper::Hangs, Temper::Fails].repeat(in_trouble);
    for temper in tempers.into_iter().chain([Temper::Answers]) {
        let (arrivals, confirmed) = (Arc::clone(&arrivals), confirmed.clone());
        let endpoint = Endpoint { temper, server: server.clone(), arrivals, confirmed };
        subscribe(&mut connection, endpoint, &mut confirmations).await?;
    }
    arrivals.measure(&mut connection, TOPIC).await
}

/// Starts an endpoint and subscribes it; returns when it has confirmed.
async fn subscribe(
    connection: &mut Connection,
    endpoint: Endpoint,
    confirmations: &mut UnboundedReceiver<()>,
) -> Outcome<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", listener.local_addr()?);
    tokio::spawn(serve(listener, endpoint));
    let fields = [("Action", "Subscribe"), ("TopicArn", TOPIC), ("Protocol", "http")];
    connection.exchange(&mut form(SNS, &[&fields[..], &[("Endpoint", &url)]].concat())).await?;
    confirmations.recv().await.ok_or_else(|| "the endpoint is gone".into())
}

async fn serve(listener: TcpListener, endpoint: Endpoint) {
    while let Ok((stream, _)) = listener.accept().await {
        let endpoint = endpoint.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| endpoint.answer(request));
            // The server may hang up whenever it likes.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

impl Endpoint {
    async fn answer(&self, request: Request<Incoming>) -> Outcome<Response<Full<Bytes>>> {
        let body = request.into_body().collect().await?.to_bytes();
        let body = std::str::from_utf8(&body)?;
        let mut status = 200;
        if let Some(url) = value_of(body, "SubscribeURL") {
            let path = url.find("/?").map_or("/", |at| &url[at..]);
            self.server.connect().await?.get(path).await?;
            self.confirmed.send(())?;
        } else {
            match self.temper {
                Temper::Answers => {
                    self.arrivals.note(value_of(body, "Message").ok_or("no message")?)?;
                }
                Temper::Hangs => std::future::pending().await,
                Temper::Fails => status = 500,
            }
        }
        Ok(Response::builder().status(status).body(Full::default())?)
    }
}

/// The value of a key, as messages write it.
fn value_of<'a>(body: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = body.split_once(&format!("\"{key}\" : \""))?;
    rest.split_once('"').map(|(value, _)| value)
}
