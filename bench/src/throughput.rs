//! Sends, batches, receives with deletes: how many, beside a server that only answers; and what
//! authentication, policies and sealing take of the sends.

use std::path::Path;
use std::time::Duration;

use tidings_load::{Client, Figure, IAM, Point, Until, form, json};

use crate::load::{self, Kind};
use crate::server::{Server, credentials, word_after, write_master_key};
use crate::table::Table;
use crate::{Outcome, disk, publish};

/// What a user may do who does little: one statement of several is for this request.
const USER_POLICY: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "sns:Publish", "Resource": "arn:aws:sns:us-east-1:000000000000:*"},
    {"Effect": "Allow", "Action": ["sqs:GetQueueUrl", "sqs:SendMessage"],
     "Resource": "arn:aws:sqs:us-east-1:000000000000:*"},
    {"Effect": "Deny", "Action": "sqs:*", "Resource": "*",
     "Condition": {"NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}}}]}"#;

/// What a queue's policy says beside it.
const QUEUE_POLICY: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "sqs:SendMessage",
     "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}},
    {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
     "Resource": "*", "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:*:*:news"}}}]}"#;

pub(crate) async fn run(seconds: u64) -> Outcome<()> {
    let each = Duration::from_secs(seconds);
    let folder = tempfile::tempdir_in(".")?;
    println!("{} connections, {} byte bodies, {each:?} each", load::CONNECTIONS, load::BODY_BYTES);
    println!("{:38} {:>12} {:>10} {:>10} {:>8}", "", "per second", "p50 ms", "p99 ms", "ratio");

    let nothing = Server::nothing()?;
    let answered = send(&nothing.client, "", each)?;
    print("nothing: requests of a send", &answered, None);
    let until = Until::Elapsed(each);
    let batches = load::run(&nothing.client, Kind::SendBatch, "", until)?;
    print("nothing: messages in batches of 10", &batches, None);
    nothing.stop()?;

    // Each comes twice: what differs between two servers of one kind is noise.
    for round in ["", ", again"] {
        let data = folder.path().join(format!("data{round}"));
        open_to_all(&data.join("off"), round, each, &answered).await?;
        authenticated(&data.join("on"), round, each, &answered).await?;
    }
    let key = write_master_key(folder.path())?;
    let sealed = ["--master-key-file", &key];
    let server = Server::authenticating(&folder.path().join("sealed"), &sealed).await?;
    create(&server.client, "single").await?;
    let figure = send(&server.client, "single", each)?;
    print("SendMessage, master key", &figure, Some(&answered));
    server.stop()?;

    let mut table = Table::default();
    table.add("A server that only answers, requests of a SendMessage", &answered, None);
    table.add("A server that only answers, messages in batches of ten", &batches, None);
    signed(folder.path(), each, (&answered, &batches), &mut table).await?;
    table.print();
    Ok(())
}

/// How many queues a topic has.
const QUEUES: usize = 100;

/// What the table has of a server that authenticates, all in one folder: signed and synced.
async fn signed(
    folder: &Path,
    each: Duration,
    limits: (&Figure, &Figure),
    table: &mut Table,
) -> Outcome<()> {
    let (rate, syncs) = disk::syncs(folder, each)?;
    table.add_rate("Synced writes of 4 KiB, one after the other", rate, Some(&syncs), None);
    let until = Until::Elapsed(each);
    let server = Server::authenticating(&folder.join("signed"), &[]).await?;
    for queue in ["signed", "batch", "half"] {
        create(&server.client, queue).await?;
    }
    let sent = send(&server.client, "signed", each)?;
    table.add("SendMessage", &sent, Some(limits.0));
    let batch = load::run(&server.client, Kind::SendBatch, "batch", until)?;
    print("SendMessageBatch of 10, messages", &batch, Some(limits.1));
    table.add("SendMessageBatch of ten, messages", &batch, Some(limits.1));
    let drained = load::run(&server.client, Kind::ReceiveAndDelete, "batch", load::EMPTY)?;
    print("receive 10 + delete 10, messages", &drained, None);
    table.add(
        "ReceiveMessage of ten + DeleteMessageBatch of ten, messages",
        &drained,
        Some(limits.0),
    );
    let rate = Some(sent.rate() / 2.0);
    let half = Point { rate, ..load::point(&server.client) };
    let half = half.send(&load::queue_url("half"), 1, until)?;
    table.add("SendMessage at half of that rate, on a schedule", &half, None);
    publish::subscribe(&server.client, QUEUES).await?;
    let published = load::point(&server.client).publish(publish::TOPIC, until)?;
    let name = format!("Publish to {QUEUES} queues");
    table.add(&name, &published, Some(limits.0));
    let deliveries = published.rate() * QUEUES as f64;
    table.add_rate(&format!("{name}, deliveries"), deliveries, None, None);
    println!("memory of the server: {} MiB", server.memory()? >> 20);
    let ms = |took: Duration| took.as_secs_f64() * 1e3;
    let beyond = ms(half.latency.quantile(0.99)) - ms(syncs.quantile(0.5));
    println!("p99 at half of the rate, beyond one sync of the disk: {beyond:.2} ms");
    server.stop()
}

/// What a server could do at best here, as JSON: one that only answers, and the disk.
pub(crate) fn limits(seconds: u64) -> Outcome<()> {
    let each = Duration::from_secs(seconds);
    let nothing = Server::nothing()?;
    let sends = send(&nothing.client, "", each)?;
    let batches = load::run(&nothing.client, Kind::SendBatch, "", Until::Elapsed(each))?;
    nothing.stop()?;
    let folder = tempfile::tempdir_in(".")?;
    let (syncs, took) = disk::syncs(folder.path(), each)?;
    let per_core = |figure: &Figure| {
        let seconds = figure.cpu.map_or(f64::NAN, |cpu| cpu.as_secs_f64());
        figure.latency.count() as f64 / seconds
    };
    // What one core of the load makes: signed sends of 1 KiB, and batches of ten.
    let (send_core, batch_core) = (per_core(&sends), per_core(&batches));
    let (sends, batches) = (sends.rate(), batches.rate());
    let sync_ms = took.quantile(0.5).as_secs_f64() * 1e3;
    println!(
        r#"{{"sends": {sends:.0}, "batches": {batches:.0}, "syncs": {syncs:.0}, "sync_ms": {sync_ms:.3},
 "load_sends_per_core": {send_core:.0}, "load_batches_per_core": {batch_core:.0}}}"#
    );
    Ok(())
}

async fn open_to_all(data: &Path, round: &str, each: Duration, answered: &Figure) -> Outcome<()> {
    let (server, _) = Server::tidings(data).await?;
    create(&server.client, "single").await?;
    let figure = send(&server.client, "single", each)?;
    print(&format!("SendMessage, --auth off{round}"), &figure, Some(answered));
    server.stop()
}

/// Asked by the root user, whom no policy is asked about, and by a user of few rights.
async fn authenticated(data: &Path, round: &str, each: Duration, answered: &Figure) -> Outcome<()> {
    let server = Server::authenticating(data, &[]).await?;
    let (root, user) = (&server.client, make_user(&server.client).await?);
    create(root, "single").await?;
    create(root, "with-policy").await?;
    let body = format!(
        r#"{{"QueueUrl":"{}","Attributes":{{"Policy":{}}}}}"#,
        load::queue_url("with-policy"),
        quoted(QUEUE_POLICY)
    );
    root.connect().await?.exchange(&mut json("SetQueueAttributes", body)).await?;
    for (what, client, queue) in [
        ("SendMessage, root user", root, "single"),
        ("SendMessage, user with a policy", &user, "single"),
        ("SendMessage, queue with one too", &user, "with-policy"),
    ] {
        print(&format!("{what}{round}"), &send(client, queue, each)?, Some(answered));
    }
    server.stop()
}

fn send(client: &Client, queue: &str, each: Duration) -> Outcome<Figure> {
    load::run(client, Kind::Send, queue, Until::Elapsed(each))
}

/// Makes a user who may send.
async fn make_user(root: &Client) -> Outcome<Client> {
    let mut connection = root.connect().await?;
    let user = ("UserName", "sender");
    connection.exchange(&mut form(IAM, &[("Action", "CreateUser"), user])).await?;
    let policy = [("PolicyName", "send"), ("PolicyDocument", USER_POLICY)];
    let put = [("Action", "PutUserPolicy"), user];
    connection.exchange(&mut form(IAM, &[put, policy].concat())).await?;
    let mut create = form(IAM, &[("Action", "CreateAccessKey"), user]);
    let made = connection.exchange(&mut create).await?;
    let value = |tag| word_after(made, tag).ok_or("no access key was made");
    Ok(root.of(credentials(value("<AccessKeyId>")?, value("<SecretAccessKey>")?)))
}

/// A text as JSON has it; for texts of plain characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\\\"").replace('\n', " "))
}

/// Creates a queue with a visibility timeout that outlasts the measurement.
pub(crate) async fn create(client: &Client, name: &str) -> Outcome<()> {
    let body = format!(r#"{{"QueueName":"{name}","Attributes":{{"VisibilityTimeout":"3600"}}}}"#);
    client.connect().await?.exchange(&mut json("CreateQueue", body)).await?;
    Ok(())
}

pub(crate) fn print(what: &str, figure: &Figure, limit: Option<&Figure>) {
    let ratio = limit.map_or(String::new(), |limit| format!("{:.2}", figure.rate() / limit.rate()));
    let ms = |share| figure.latency.quantile(share).as_secs_f64() * 1000.0;
    let (rate, p50, p99) = (figure.rate(), ms(0.5), ms(0.99));
    println!("{what:38} {rate:>12.0} {p50:>10.2} {p99:>10.2} {ratio:>8}");
}
