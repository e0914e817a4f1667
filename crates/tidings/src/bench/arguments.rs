//! What `tidings bench` can be told.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tidings_load::{Protocol, Settings, Workload};

use crate::client::Server;

/// What load, on which server.
#[derive(Args, Debug)]
pub(crate) struct BenchArguments {
    /// What is done
    #[arg(value_enum)]
    workload: WorkloadName,
    /// Connections, each with one request at a time
    #[arg(long, value_name = "NUMBER", default_value_t = 64)]
    connections: usize,
    /// Threads that drive them [default: one for each core, four at most]
    #[arg(long, value_name = "NUMBER")]
    threads: Option<usize>,
    /// Bytes of a message
    #[arg(long, value_name = "BYTES", default_value_t = 1024)]
    size: usize,
    /// Messages in a request, 1 to 10 [default: 10 for send-batch and receive, else 1]
    #[arg(long, value_name = "NUMBER")]
    batch: Option<usize>,
    /// Requests a second, due whether or not the server keeps up (an open loop); latency counts from
    /// when a request was due [default: each connection asks when it has its answer]
    #[arg(long, value_name = "NUMBER")]
    rate: Option<f64>,
    /// How long is measured [default: 10, or until --messages are done]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    duration: Option<Duration>,
    /// How long there is load before that [default: 1, or 0 with --messages]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    warm_up: Option<Duration>,
    /// After how many messages it ends; for receive and backlog, how many wait [default: 100000 and
    /// 1000000 wait]
    #[arg(long, value_name = "NUMBER")]
    messages: Option<u64>,
    /// Queues behind the topic, for publish and publish-filtered
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    queues: usize,
    /// Message groups, for fifo
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    groups: usize,
    /// How SQS is spoken to; SNS has Query only
    #[arg(long, value_enum, default_value_t = ProtocolName::Json)]
    protocol: ProtocolName,
    /// Receives everything afterwards where that is not done anyway, to see that nothing was lost
    #[arg(long)]
    verify: bool,
    /// How long nothing comes before what is missing counts as lost
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "5")]
    patience: Duration,
    /// Leaves queues and topics on the server
    #[arg(long)]
    keep: bool,
    /// Writes figures and conditions to a file, as JSON; - is the standard output, without the table
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(flatten)]
    server: Server,
}

#[derive(Copy, Clone, ValueEnum, Debug)]
enum WorkloadName {
    /// SendMessage
    Send,
    /// SendMessageBatch
    SendBatch,
    /// ReceiveMessage and DeleteMessageBatch of what was sent before
    Receive,
    /// Sends and receives at once, to see how long messages are under way
    EndToEnd,
    /// The same with message groups; checks order, and that each comes once
    Fifo,
    /// Publish to a topic with several queues
    Publish,
    /// The same with filter policies, each message for one queue
    PublishFiltered,
    /// Send and receive beside many messages that wait, and beside none
    Backlog,
}

#[derive(Copy, Clone, ValueEnum, Debug)]
enum ProtocolName {
    /// AWS JSON 1.0
    Json,
    /// AWS Query
    Query,
}

impl BenchArguments {
    /// What load there is to be.
    pub(crate) fn settings(&self) -> Settings {
        let workload = match self.workload {
            WorkloadName::Send => Workload::Send,
            WorkloadName::SendBatch => Workload::SendBatch,
            WorkloadName::Receive => Workload::Receive,
            WorkloadName::EndToEnd => Workload::EndToEnd,
            WorkloadName::Fifo => Workload::Fifo,
            WorkloadName::Publish => Workload::Publish,
            WorkloadName::PublishFiltered => Workload::PublishFiltered,
            WorkloadName::Backlog => Workload::Backlog,
        };
        let usual = Settings::new(workload);
        Settings {
            connections: self.connections,
            threads: self.threads.unwrap_or(usual.threads),
            size: self.size,
            batch: self.batch,
            rate: self.rate,
            duration: self.duration,
            warm_up: self.warm_up,
            messages: self.messages,
            queues: self.queues,
            groups: self.groups,
            protocol: match self.protocol {
                ProtocolName::Json => Protocol::Json,
                ProtocolName::Query => Protocol::Query,
            },
            keep: self.keep,
            verify: self.verify,
            patience: self.patience,
            workload,
        }
    }

    /// Where to.
    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// Where the figures go as JSON.
    pub(crate) fn json(&self) -> Option<&PathBuf> {
        self.json.as_ref()
    }
}

/// A year is no load.
const SECONDS_MAX: f64 = 1e7;

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it is a number of seconds".to_owned())?;
    match (0.0..=SECONDS_MAX).contains(&seconds) {
        true => Ok(Duration::from_secs_f64(seconds)),
        false => Err(format!("it is from 0 to {SECONDS_MAX}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_may_have_parts() {
        assert_eq!(seconds("2.5"), Ok(Duration::from_millis(2500)));
        assert_eq!(seconds("0"), Ok(Duration::ZERO));
        for wrong in ["", "x", "-1", "NaN", "inf", "1e9", "5s"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
