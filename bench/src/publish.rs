//! Publishes to 1, 10 and 1,000 queues: how many a second, and what a delivery writes.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use tidings_load::{Client, SNS, Until, form, json};

use crate::Outcome;
use crate::load::{self, BODY_BYTES, CONNECTIONS};
use crate::server::Server;

const EACH: Duration = Duration::from_secs(10);
const QUEUES: [usize; 3] = [1, 10, 1000];

pub(crate) async fn run() -> Outcome<()> {
    println!("{CONNECTIONS} connections, {BODY_BYTES} byte messages, {EACH:?} each, raw delivery");
    println!(
        "{:>8} {:>14} {:>16} {:>20} {:>12}",
        "queues", "publishes/s", "deliveries/s", "bytes per delivery", "memory MiB"
    );
    for queues in QUEUES {
        let folder = tempfile::tempdir_in(".")?;
        let (server, _) = Server::tidings(folder.path()).await?;
        subscribe(&server.client, queues).await?;
        let before = log_end(folder.path())?;
        let published = load::point(&server.client).publish(TOPIC, Until::Elapsed(EACH))?;
        let written = log_end(folder.path())? - before;
        let deliveries = published.messages * queues as u64;
        println!(
            "{queues:>8} {:>14.0} {:>16.0} {:>20.0} {:>12}",
            published.rate(),
            published.rate() * queues as f64,
            written as f64 / deliveries as f64,
            server.memory()? >> 20
        );
        server.stop()?;
    }
    Ok(())
}

/// What a queue's policy has to say where there is authentication, as JSON has it in a text.
const LETS_TOPICS_IN: &str = r#"{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"sns.amazonaws.com\"},\"Action\":\"sqs:SendMessage\",\"Resource\":\"*\"}}"#;

/// Creates a topic and so many queues that get what is published to it.
pub(crate) async fn subscribe(client: &Client, queues: usize) -> Outcome<()> {
    let mut connection = client.connect().await?;
    connection.exchange(&mut form(SNS, &[("Action", "CreateTopic"), ("Name", "bench")])).await?;
    for queue in 0..queues {
        let body =
            format!(r#"{{"QueueName":"q{queue}","Attributes":{{"Policy":"{LETS_TOPICS_IN}"}}}}"#);
        connection.exchange(&mut json("CreateQueue", body)).await?;
        let endpoint = format!("arn:aws:sqs:us-east-1:000000000000:q{queue}");
        let mut subscribe = form(
            SNS,
            &[
                ("Action", "Subscribe"),
                ("TopicArn", TOPIC),
                ("Protocol", "sqs"),
                ("Endpoint", &endpoint),
                ("Attributes.entry.1.key", "RawMessageDelivery"),
                ("Attributes.entry.1.value", "true"),
            ],
        );
        connection.exchange(&mut subscribe).await?;
    }
    Ok(())
}

pub(crate) const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:bench";

/// How far the log has been written: its last byte that is not zero.
fn log_end(data: &Path) -> Outcome<u64> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(data.join("shard-0"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "segment") {
            segments.push(path);
        }
    }
    segments.sort();
    let last = segments.last().ok_or("no segment")?;
    let number: u64 = last.file_stem().and_then(|name| name.to_str()).ok_or("no name")?.parse()?;
    let mut file = File::open(last)?;
    let length = file.metadata()?.len();
    let mut end = length;
    let mut block = vec![0; 1 << 20];
    while end > 0 {
        let from = end.saturating_sub(block.len() as u64);
        file.seek(SeekFrom::Start(from))?;
        let read = &mut block[..usize::try_from(end - from)?];
        file.read_exact(read)?;
        if let Some(at) = read.iter().rposition(|byte| *byte != 0) {
            return Ok(number * length + from + at as u64 + 1);
        }
        end = from;
    }
    Ok(number * length)
}
