//! Makes, changes and deletes queues, and looks whether what it was told is still so.

use serde_json::{Value, json};

use super::Worker;
use super::register::{Register, asked, done};
use crate::clerk::{Clerk, Cut};
use crate::random::Random;

/// Its attributes and tags change all the time.
const SETTINGS: &str = "settings";
/// It is made and deleted all the time.
const SHORT_LIVED: &str = "short-lived";
const NO_SUCH_QUEUE: &str = "AWS.SimpleQueueService.NonExistentQueue";

pub(crate) struct Housekeeper {
    has_settings: bool,
    /// All that it sets of the queue's attributes follows from this number.
    attributes: Register<usize>,
    tag: Register<usize>,
    /// Whether the short-lived queue is there.
    is_there: Register<bool>,
    /// How many messages it holds, while it is there.
    messages: Register<u64>,
}

impl Default for Housekeeper {
    fn default() -> Self {
        Self {
            has_settings: false,
            attributes: Register::of(0),
            tag: Register::of(0),
            is_there: Register::of(false),
            messages: Register::of(0),
        }
    }
}

impl Worker for Housekeeper {
    fn step(&mut self, clerk: &mut Clerk, random: &mut Random) -> Result<(), Cut> {
        if !self.has_settings {
            let input = json!({
                "QueueName": SETTINGS, "Attributes": attributes(0), "tags": { "number": "0" },
            });
            self.has_settings = done(clerk, "CreateQueue", &input)?;
            return Ok(());
        }
        match random.below(6) {
            0 => self.set_attributes(clerk, random),
            1 => self.read_attributes(clerk),
            2 => self.set_tag(clerk, random),
            3 => self.read_tag(clerk),
            _ => self.use_short_lived(clerk, random),
        }
    }
}

impl Housekeeper {
    fn set_attributes(&mut self, clerk: &mut Clerk, random: &mut Random) -> Result<(), Cut> {
        let number = random.below(1000);
        let input = json!({ "QueueUrl": SETTINGS, "Attributes": attributes(number) });
        self.attributes.write(number, done(clerk, "SetQueueAttributes", &input))
    }

    fn read_attributes(&mut self, clerk: &mut Clerk) -> Result<(), Cut> {
        let input = json!({ "QueueUrl": SETTINGS, "AttributeNames": ["All"] });
        let Some(output) = asked(clerk, "GetQueueAttributes", &input)? else { return Ok(()) };
        let found = &output["Attributes"];
        let number = number(&found["VisibilityTimeout"]);
        let expected = attributes(number);
        let expected = expected.as_object().expect("it is an object");
        if expected.iter().any(|(name, value)| found[name] != *value) {
            clerk.complain(format!("attributes were set in part: {found}"));
        }
        self.attributes.read(number, "the attributes", clerk);
        Ok(())
    }

    fn set_tag(&mut self, clerk: &mut Clerk, random: &mut Random) -> Result<(), Cut> {
        let number = random.below(1000);
        let input = json!({ "QueueUrl": SETTINGS, "Tags": { "number": number.to_string() } });
        self.tag.write(number, done(clerk, "TagQueue", &input))
    }

    fn read_tag(&mut self, clerk: &mut Clerk) -> Result<(), Cut> {
        let input = json!({ "QueueUrl": SETTINGS });
        let Some(output) = asked(clerk, "ListQueueTags", &input)? else { return Ok(()) };
        self.tag.read(number(&output["Tags"]["number"]), "the tag", clerk);
        Ok(())
    }

    fn use_short_lived(&mut self, clerk: &mut Clerk, random: &mut Random) -> Result<(), Cut> {
        let Some(is_there) = self.is_there.settled() else { return self.look(clerk) };
        if !is_there {
            return self.create(clerk);
        }
        let Some(messages) = self.messages.settled() else { return self.count(clerk) };
        let url = json!({ "QueueUrl": SHORT_LIVED });
        match random.below(10) {
            0 => self.look(clerk),
            1 | 2 => self.count(clerk),
            3 => {
                let deleted = done(clerk, "DeleteQueue", &url);
                self.is_there.write(false, deleted)
            }
            _ => {
                let input = json!({ "QueueUrl": SHORT_LIVED, "MessageBody": "x" });
                self.messages.write(messages + 1, done(clerk, "SendMessage", &input))
            }
        }
    }

    /// A queue that is made anew is empty, whatever its namesake held.
    fn create(&mut self, clerk: &mut Clerk) -> Result<(), Cut> {
        self.messages = Register::of(0);
        let created = done(clerk, "CreateQueue", &json!({ "QueueName": SHORT_LIVED }));
        self.is_there.write(true, created)
    }

    fn look(&mut self, clerk: &mut Clerk) -> Result<(), Cut> {
        let is_there = match clerk.ask("GetQueueUrl", &json!({ "QueueName": SHORT_LIVED }))? {
            Ok(_) => true,
            Err(refusal) if refusal.code == NO_SUCH_QUEUE => false,
            Err(refusal) if refusal.is_unavailable() => return Ok(()),
            Err(refusal) => {
                clerk.complain(format!("GetQueueUrl is refused: {refusal:?}"));
                return Ok(());
            }
        };
        self.is_there.read(is_there, "whether a queue is there", clerk);
        Ok(())
    }

    fn count(&mut self, clerk: &mut Clerk) -> Result<(), Cut> {
        let names = ["ApproximateNumberOfMessages"];
        let input = json!({ "QueueUrl": SHORT_LIVED, "AttributeNames": names });
        let Some(output) = asked(clerk, "GetQueueAttributes", &input)? else { return Ok(()) };
        let messages = number(&output["Attributes"][names[0]]) as u64;
        self.messages.read(messages, "the number of messages", clerk);
        Ok(())
    }
}

/// Attributes that are set together, and must be found together.
fn attributes(number: usize) -> Value {
    json!({
        "VisibilityTimeout": number.to_string(),
        "MaximumMessageSize": (1024 + number).to_string(),
        "MessageRetentionPeriod": (60 + number).to_string(),
    })
}

fn number(text: &Value) -> usize {
    text.as_str().and_then(|text| text.parse().ok()).unwrap_or(usize::MAX)
}
