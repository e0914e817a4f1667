//! What a load makes on the server, and takes away again.

use std::hash::{BuildHasher, RandomState};

use serde_json::json as value;
use tokio::runtime::{Builder, Runtime};

use crate::answers::fields::member;
use crate::client::Client;
use crate::connection::Connection;
use crate::error::LoadError;
use crate::fault::Fault;
use crate::limits::VISIBILITY_TIMEOUT;
use crate::protocol::Protocol;
use crate::request::{Request, SNS, SQS, form, json};
use crate::template::{ATTRIBUTE, addressee_text};

/// Queues and topics of one run. All have its number in their names.
pub(super) struct Stand {
    runtime: Runtime,
    connection: Connection,
    protocol: Protocol,
    run: u32,
    queues: Vec<String>,
    topics: Vec<String>,
}

impl Stand {
    pub(super) fn new(client: &Client, protocol: Protocol) -> Result<Self, LoadError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        // As random as the keys of a hash map, cut off on purpose.
        let run = RandomState::new().hash_one(std::process::id()) as u32;
        Ok(Self {
            runtime: runtime.map_err(LoadError::Start)?,
            connection: Connection::new(client),
            protocol,
            run,
            queues: Vec::new(),
            topics: Vec::new(),
        })
    }

    /// The number of the run.
    pub(super) fn run(&self) -> u32 {
        self.run
    }

    /// Makes a queue and returns its URL. Topics may send to it.
    pub(super) fn queue(&mut self, is_fifo: bool) -> Result<String, LoadError> {
        let suffix = if is_fifo { ".fifo" } else { "" };
        let name = format!("tidings-bench-{:08x}-{}{suffix}", self.run, self.queues.len());
        let mut attributes = vec![("VisibilityTimeout", VISIBILITY_TIMEOUT.as_secs().to_string())];
        if is_fifo {
            attributes.push(("FifoQueue", "true".to_owned()));
        }
        let mut request = match self.protocol {
            Protocol::Json => {
                let attributes: serde_json::Map<_, _> = attributes
                    .into_iter()
                    .map(|(name, text)| (name.to_owned(), text.into()))
                    .collect();
                let body = value!({"QueueName": name, "Attributes": attributes});
                json("CreateQueue", body.to_string())
            }
            Protocol::Query => with_attributes("CreateQueue", &[("QueueName", &name)], &attributes),
        };
        self.ask("make a queue", &mut request)?;
        let url = self.member(self.protocol, "CreateQueue", "QueueUrl")?;
        self.queues.push(url.clone());
        Ok(url)
    }

    /// Makes a topic and returns its ARN.
    pub(super) fn topic(&mut self) -> Result<String, LoadError> {
        let name = format!("tidings-bench-{:08x}-{}", self.run, self.topics.len());
        let mut request = form(SNS, &[("Action", "CreateTopic"), ("Name", &name)]);
        self.ask("make a topic", &mut request)?;
        let arn = self.member(Protocol::Query, "CreateTopic", "TopicArn")?;
        self.topics.push(arn.clone());
        Ok(arn)
    }

    /// Makes a queue that a topic sends to, raw: everything, or what is for the queue of this number.
    pub(super) fn subscriber(
        &mut self,
        topic: &str,
        addressee: Option<u64>,
    ) -> Result<String, LoadError> {
        let url = self.queue(false)?;
        let mut request = match self.protocol {
            Protocol::Json => {
                let body = value!({"QueueUrl": url, "AttributeNames": ["QueueArn"]});
                json("GetQueueAttributes", body.to_string())
            }
            Protocol::Query => {
                let fields = [("QueueUrl", &*url), ("AttributeName.1", "QueueArn")];
                with_attributes("GetQueueAttributes", &fields, &[])
            }
        };
        self.ask("ask for a queue's ARN", &mut request)?;
        let arn = self.member(self.protocol, "GetQueueAttributes", "QueueArn")?;
        self.let_in(&url, &arn, topic)?;
        let filter =
            addressee.map(|queue| value!({ATTRIBUTE: [addressee_text(queue)]}).to_string());
        let mut fields = vec![
            ("Action", "Subscribe"),
            ("TopicArn", topic),
            ("Protocol", "sqs"),
            ("Endpoint", &arn),
            ("Attributes.entry.1.key", "RawMessageDelivery"),
            ("Attributes.entry.1.value", "true"),
        ];
        if let Some(filter) = &filter {
            fields.push(("Attributes.entry.2.key", "FilterPolicy"));
            fields.push(("Attributes.entry.2.value", filter));
        }
        self.ask("subscribe a queue", &mut form(SNS, &fields))?;
        Ok(url)
    }

    /// Gives a queue the policy that lets a topic in.
    fn let_in(&mut self, url: &str, arn: &str, topic: &str) -> Result<(), LoadError> {
        let policy = value!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage", "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }]});
        let policy = policy.to_string();
        let mut request = match self.protocol {
            Protocol::Json => {
                let body = value!({"QueueUrl": url, "Attributes": {"Policy": policy}});
                json("SetQueueAttributes", body.to_string())
            }
            Protocol::Query => {
                with_attributes("SetQueueAttributes", &[("QueueUrl", url)], &[("Policy", policy)])
            }
        };
        self.ask("set a queue's policy", &mut request)
    }

    /// Deletes everything; returns what could not be, each with its reason.
    pub(super) fn remove(mut self) -> Vec<String> {
        let mut left = Vec::new();
        for arn in std::mem::take(&mut self.topics) {
            let mut request = form(SNS, &[("Action", "DeleteTopic"), ("TopicArn", &arn)]);
            if let Err(fault) = self.exchange(&mut request) {
                left.push(format!("{arn} could not be deleted: {fault}"));
            }
        }
        for url in std::mem::take(&mut self.queues) {
            let mut request = match self.protocol {
                Protocol::Json => json("DeleteQueue", value!({"QueueUrl": url}).to_string()),
                Protocol::Query => with_attributes("DeleteQueue", &[("QueueUrl", &url)], &[]),
            };
            if let Err(fault) = self.exchange(&mut request) {
                left.push(format!("{url} could not be deleted: {fault}"));
            }
        }
        left
    }

    /// Everything that was made.
    pub(super) fn made(&self) -> impl Iterator<Item = &str> {
        self.topics.iter().chain(&self.queues).map(String::as_str)
    }

    fn member(
        &self,
        protocol: Protocol,
        action: &'static str,
        name: &'static str,
    ) -> Result<String, LoadError> {
        let found = member(protocol, self.connection.body(), name);
        found.ok_or(LoadError::Answer { action, member: name })
    }

    fn ask(&mut self, what: &'static str, request: &mut Request) -> Result<(), LoadError> {
        self.exchange(request).map_err(|fault| LoadError::Setup(what, fault))
    }

    fn exchange(&mut self, request: &mut Request) -> Result<(), Fault> {
        match self.runtime.block_on(self.connection.ask(request)) {
            // A server may hang up on who has asked nothing for a while. Asking twice does no harm.
            Err(Fault::Connection(_)) => self.runtime.block_on(self.connection.ask(request)),
            outcome => outcome,
        }
    }
}

/// A form of SQS.
fn with_attributes(
    action: &str,
    fields: &[(&str, &str)],
    attributes: &[(&str, String)],
) -> Request {
    let names: Vec<[String; 2]> = (1..=attributes.len())
        .map(|number| ["Name", "Value"].map(|part| format!("Attribute.{number}.{part}")))
        .collect();
    let mut all = vec![("Action", action)];
    all.extend(fields);
    for ([name, value], (attribute, text)) in names.iter().zip(attributes) {
        all.push((name, attribute));
        all.push((value, text));
    }
    form(SQS, &all)
}
