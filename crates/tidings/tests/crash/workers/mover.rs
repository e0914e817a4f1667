//! Moves messages from one queue to another and back, by move tasks.
//!
//! A moved message is a new message with a new id, so the books do not follow it. But nobody else
//! uses these queues: whenever no task is running, they hold together what was sent.

use std::time::Duration;

use serde_json::{Value, json};

use super::Worker;
use super::register::{Register, asked, done};
use crate::clerk::{Clerk, Cut};
use crate::random::Random;
use crate::run::COUNTS;

/// Each is the dead-letter queue of the other, so that a task can go either way.
const SIDES: [&str; 2] = ["left", "right"];
/// Messages from which on no more are sent.
const MESSAGES_MAX: u64 = 300;

pub(crate) struct Mover {
    has_queues: bool,
    /// Messages on both sides.
    messages: Register<u64>,
    /// The task that was started last, as far as its handle is known.
    task: Option<String>,
}

impl Default for Mover {
    fn default() -> Self {
        Self { has_queues: false, messages: Register::of(0), task: None }
    }
}

impl Worker for Mover {
    fn step(&mut self, clerk: &mut Clerk, random: &mut Random) -> Result<(), Cut> {
        if !self.has_queues {
            self.has_queues = make_queues(clerk)?;
            return Ok(());
        }
        if is_moving(clerk)? {
            return self.wait(clerk, random);
        }
        let Some([left, right]) = count(clerk)? else { return Ok(()) };
        self.messages.read(left + right, "the number of messages being moved", clerk);
        if left + right < MESSAGES_MAX && random.percent(60) {
            return self.send(left + right, clerk, random);
        }
        let (from, to) = if left > right { (0, 1) } else { (1, 0) };
        let input = json!({ "SourceArn": arn(SIDES[from]), "DestinationArn": arn(SIDES[to]) });
        let started = asked(clerk, "StartMessageMoveTask", &input)?;
        clerk.history.move_tasks += u64::from(started.is_some());
        self.task = started.and_then(|task| task["TaskHandle"].as_str().map(str::to_owned));
        Ok(())
    }
}

impl Mover {
    /// Lets a task go on, or ends it.
    fn wait(&mut self, clerk: &mut Clerk, random: &mut Random) -> Result<(), Cut> {
        std::thread::sleep(Duration::from_millis(1));
        if let Some(task) = self.task.take_if(|_| random.percent(5)) {
            // It may have ended by itself meanwhile; then that is refused.
            let _ = clerk.ask("CancelMessageMoveTask", &json!({ "TaskHandle": task }))?;
        }
        Ok(())
    }

    fn send(&mut self, there: u64, clerk: &mut Clerk, random: &mut Random) -> Result<(), Cut> {
        let entry = |id: usize| json!({ "Id": id.to_string(), "MessageBody": id.to_string() });
        let entries: Vec<Value> = (0..10).map(entry).collect();
        let input = json!({ "QueueUrl": random.pick(&SIDES), "Entries": entries });
        self.messages.write(there + 10, done(clerk, "SendMessageBatch", &input))
    }
}

fn make_queues(clerk: &mut Clerk) -> Result<bool, Cut> {
    for name in SIDES {
        if !done(clerk, "CreateQueue", &json!({ "QueueName": name }))? {
            return Ok(false);
        }
    }
    for (name, other) in [(SIDES[0], SIDES[1]), (SIDES[1], SIDES[0])] {
        let policy = json!({ "deadLetterTargetArn": arn(other), "maxReceiveCount": 1000 });
        let attributes = json!({ "RedrivePolicy": policy.to_string() });
        let input = json!({ "QueueUrl": name, "Attributes": attributes });
        if !done(clerk, "SetQueueAttributes", &input)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a task is running; a server that cannot say may have one.
fn is_moving(clerk: &mut Clerk) -> Result<bool, Cut> {
    for name in SIDES {
        let input = json!({ "SourceArn": arn(name) });
        let Some(tasks) = asked(clerk, "ListMessageMoveTasks", &input)? else { return Ok(true) };
        let status = tasks["Results"][0]["Status"].as_str();
        if matches!(status, Some("RUNNING" | "CANCELLING")) {
            return Ok(true);
        }
        if status == Some("FAILED") {
            clerk.complain(format!("a move task failed: {tasks}"));
        }
    }
    Ok(false)
}

/// How many messages each side holds.
fn count(clerk: &mut Clerk) -> Result<Option<[u64; 2]>, Cut> {
    let mut held = [0; 2];
    for (name, held) in SIDES.iter().zip(&mut held) {
        let input = json!({ "QueueUrl": name, "AttributeNames": COUNTS });
        let Some(output) = asked(clerk, "GetQueueAttributes", &input)? else { return Ok(None) };
        let count = |name: &str| output["Attributes"][name].as_str()?.parse::<u64>().ok();
        *held = COUNTS.iter().filter_map(|name| count(name)).sum();
    }
    Ok(Some(held))
}

fn arn(name: &str) -> String {
    format!("arn:aws:sqs:us-east-1:000000000000:{name}")
}
