//! Owners of applications are told what happens to their endpoints, by topics.

use tidings_aws::Refusal;
use tidings_aws::sns::notice;
use tidings_core::command::{Command, Reply, TopicCommand};
use tidings_platforms::{DeliveryFailure, Event};
use tracing::{debug, warn};

use crate::encryption;
use crate::exchange::{refusal_of, unexpected};
use crate::request::Shared;

/// Publishes an event. That is done once and without a promise, as the service does it: whatever
/// happened has happened, whether or not the topic is there to hear of it.
pub(crate) async fn tell(shared: &Shared, event: &Event, failure: Option<&DeliveryFailure>) {
    let topic = &event.topic;
    match publish(shared, event, failure).await {
        Ok(()) => {}
        Err(Refusal::Rejected(rejection)) => {
            debug!(%topic, "an event of a platform application is not published: {rejection}");
        }
        Err(refusal) => {
            warn!(%topic, ?refusal, "an event of a platform application is not published");
        }
    }
}

async fn publish(
    shared: &Shared,
    event: &Event,
    failure: Option<&DeliveryFailure>,
) -> Result<(), Refusal> {
    let (broker, topic) = (&shared.broker, &event.topic);
    let text = event.message(broker.now(), failure);
    let message = notice(topic, &event.subject(), &text, broker.uuid());
    let keys = encryption::Keys::of_service(shared);
    let mut publish =
        Command::Topic(TopicCommand::Publish { arn: topic.clone(), messages: vec![message] });
    encryption::seal_publish(&keys, &mut publish).await?;
    loop {
        let reply = broker.call(publish).await.map_err(refusal_of)?;
        let Reply::Published { left, to_ask, published } = reply else {
            return Err(unexpected(&reply));
        };
        for published in published {
            published?;
        }
        if left.is_empty() {
            return Ok(());
        }
        let mut messages = left;
        if !to_ask.is_empty() {
            let asked = encryption::ask_keys(&keys, topic, to_ask).await?;
            for message in &mut messages {
                message.keys.extend(asked.clone());
            }
        }
        publish = Command::Topic(TopicCommand::Publish { arn: topic.clone(), messages });
    }
}
