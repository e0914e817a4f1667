//! Sends, batches, receives with deletes: how many, beside a server that only answers.

use std::time::Duration;

use crate::Outcome;
use crate::client::{Connection, request};
use crate::load::{self, Figure, Kind, Until};
use crate::server::Server;

const EACH: Duration = Duration::from_secs(10);

pub(crate) async fn run() -> Outcome<()> {
    let folder = tempfile::tempdir_in(".")?;
    println!("{} connections, {} byte bodies, {EACH:?} each", load::CONNECTIONS, load::BODY_BYTES);
    println!("{:38} {:>12} {:>10} {:>10} {:>8}", "", "per second", "p50 ms", "p99 ms", "ratio");

    let nothing = Server::nothing()?;
    let answered = load::run(nothing.address, Kind::Send, "", Until::Elapsed(EACH)).await?;
    print("nothing: requests of a send", &answered, None);
    let batches = load::run(nothing.address, Kind::SendBatch, "", Until::Elapsed(EACH)).await?;
    print("nothing: messages in batches of 10", &batches, None);
    nothing.stop()?;

    let (server, _) = Server::tidings(folder.path()).await?;
    create(&server, "single").await?;
    create(&server, "batch").await?;
    let sent = load::run(server.address, Kind::Send, "single", Until::Elapsed(EACH)).await?;
    print("SendMessage", &sent, Some(&answered));
    let batch = load::run(server.address, Kind::SendBatch, "batch", Until::Elapsed(EACH)).await?;
    print("SendMessageBatch of 10, messages", &batch, Some(&batches));
    let drained = load::run(server.address, Kind::ReceiveAndDelete, "batch", Until::Empty).await?;
    print("receive 10 + delete 10, messages", &drained, None);
    println!("memory of the server: {} MiB", server.memory()? >> 20);
    server.stop()
}

/// Creates a queue with a visibility timeout that outlasts the measurement.
pub(crate) async fn create(server: &Server, name: &str) -> Outcome<()> {
    let mut connection = Connection::open(server.address).await?;
    let body = format!(r#"{{"QueueName":"{name}","Attributes":{{"VisibilityTimeout":"3600"}}}}"#);
    connection.exchange(&request("CreateQueue", &body)).await?;
    Ok(())
}

pub(crate) fn print(what: &str, figure: &Figure, limit: Option<&Figure>) {
    let ratio = limit.map_or(String::new(), |limit| format!("{:.2}", figure.rate() / limit.rate()));
    let ms = |percentile| figure.latency(percentile).as_secs_f64() * 1000.0;
    let (rate, p50, p99) = (figure.rate(), ms(50.0), ms(99.0));
    println!("{what:38} {rate:>12.0} {p50:>10.2} {p99:>10.2} {ratio:>8}");
}
