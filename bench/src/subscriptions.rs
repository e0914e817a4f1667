//! Many subscriptions to one topic: what one takes in memory.

use tidings_load::{Client, SNS, form};

use crate::Outcome;
use crate::server::Server;

const SUBSCRIPTIONS: usize = 100_000;
const CONNECTIONS: usize = 32;
const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:bench";

pub(crate) async fn run() -> Outcome<()> {
    println!("{SUBSCRIPTIONS} subscriptions of queues to one topic");
    println!("{:>26} {:>12} {:>20}", "", "a second", "bytes of memory each");
    for (what, has_filter) in [("plain", false), ("with a filter policy", true)] {
        let folder = tempfile::tempdir_in(".")?;
        let (server, _) = Server::tidings(folder.path()).await?;
        let mut connection = server.client.connect().await?;
        connection
            .exchange(&mut form(SNS, &[("Action", "CreateTopic"), ("Name", "bench")]))
            .await?;
        let before = server.memory()?;
        let started = std::time::Instant::now();
        let mut tasks = Vec::new();
        for first in 0..CONNECTIONS {
            tasks.push(tokio::spawn(subscribe(server.client.clone(), first, has_filter)));
        }
        for task in tasks {
            task.await??;
        }
        let rate = SUBSCRIPTIONS as f64 / started.elapsed().as_secs_f64();
        let each = (server.memory()? - before) / SUBSCRIPTIONS as u64;
        println!("{what:>26} {rate:>12.0} {each:>20}");
        server.stop()?;
    }
    Ok(())
}

/// Every so many of the subscriptions, from `first` on. A queue need not be there to subscribe.
async fn subscribe(client: Client, first: usize, has_filter: bool) -> Outcome<()> {
    let mut connection = client.connect().await?;
    for number in (first..SUBSCRIPTIONS).step_by(CONNECTIONS) {
        let endpoint = format!("arn:aws:sqs:us-east-1:000000000000:queue-{number}");
        let policy = format!(r#"{{"store":["store-{number}"],"event":["order_placed"]}}"#);
        let mut fields = vec![
            ("Action", "Subscribe"),
            ("TopicArn", TOPIC),
            ("Protocol", "sqs"),
            ("Endpoint", endpoint.as_str()),
        ];
        if has_filter {
            fields.push(("Attributes.entry.1.key", "FilterPolicy"));
            fields.push(("Attributes.entry.1.value", policy.as_str()));
        }
        connection.exchange(&mut form(SNS, &fields)).await?;
    }
    Ok(())
}
