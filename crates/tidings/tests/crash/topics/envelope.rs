//! Reads what subscribers are given.

use serde_json::{Value, json};

use super::books::Identity;
use super::name::Name;
use super::subscriber::Subscriber;
use crate::clerk::text;

/// A message as its subscriber reads it.
pub(crate) struct Opened {
    pub(crate) name: Name,
    /// What the envelope says of the published message, if there is one.
    pub(crate) published: Option<Identity>,
    /// The certificate that its signature names.
    pub(crate) certificate: Option<String>,
}

/// Reads a message, in the form that its subscriber gets it in.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn open(subscriber: Subscriber, body: &str) -> Result<Opened, String> {
    if subscriber.is_raw() {
        let name = read_message(subscriber, body)?;
        return Ok(Opened { name, published: None, certificate: None });
    }
    let is_fifo = subscriber.topic().is_fifo();
    let envelope: Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
    let name = read_message(subscriber, &text(&envelope, "Message"))?;
    let expected = json!({
        "Type": "Notification",
        "TopicArn": subscriber.topic().arn(),
        "MessageAttributes": attributes(name, "Type", "Value"),
    });
    for (member, value) in expected.as_object().expect("it is an object") {
        if envelope[member] != *value {
            return Err(format!("{name} has another {member}: {envelope}"));
        }
    }
    let certificate = envelope["SigningCertURL"].as_str().map(str::to_owned);
    let is_signed = certificate.is_some() && envelope["Signature"].is_string();
    let sequence_number = envelope["SequenceNumber"].as_str().and_then(|n| n.parse().ok());
    // What comes from a FIFO topic is numbered, and not signed.
    if is_signed == is_fifo || sequence_number.is_some() != is_fifo {
        return Err(format!("{name} has another envelope than it should: {envelope}"));
    }
    let published = Some(Identity { message_id: text(&envelope, "MessageId"), sequence_number });
    let certificate = certificate.and_then(|url| url.rsplit('/').next().map(str::to_owned));
    Ok(Opened { name, published, certificate })
}

fn read_message(subscriber: Subscriber, message: &str) -> Result<Name, String> {
    let name = Name::of_message(message)
        .map_err(|what| format!("another message than was published: {what}"))?;
    let is_of_topic = name.stream.topic == subscriber.topic();
    if is_of_topic { Ok(name) } else { Err(format!("{name}, of another topic")) }
}

/// The message's attributes, as an object whose members have these two members.
pub(crate) fn attributes(name: Name, data_type: &str, value: &str) -> Value {
    let looks = name.looks();
    json!({
        "shade": { data_type: "String", value: looks.shade },
        "weight": { data_type: "Number", value: looks.weight.to_string() },
    })
}
