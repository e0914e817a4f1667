//! ListSubscriptions. Its output is [`SubscriptionsOutput`](super::SubscriptionsOutput).

use tidings_core::command::TopicCommand;
use tidings_core::limits;
use tidings_core::rejection::TopicRejection;

use super::caller::Caller;
use super::page;
use crate::query::Fields;

/// What is asked of the core.
///
/// # Errors
/// InvalidParameter if the token is none of ours.
pub fn command(fields: &Fields<'_>, caller: &Caller<'_>) -> Result<TopicCommand, TopicRejection> {
    Ok(TopicCommand::ListSubscriptions {
        account: caller.account,
        region: caller.region.clone(),
        after: page::subscription_before(fields)?,
        max: limits::TOPIC_LIST_RESULTS,
    })
}

#[cfg(test)]
mod tests {
    use crate::action::SnsAction;
    use crate::sns::testing::{command, refused};

    const ACTION: SnsAction = SnsAction::ListSubscriptions;

    #[test]
    fn a_page_is_asked_for() {
        for (form, after) in [("", "None"), ("NextToken=AAABAA%3D%3D", "Some(256)")] {
            let expected = format!(
                "ListSubscriptions {{ account: 000000000042, region: Region(\"eu-west-1\"), \
                 after: {after}, max: 100 }}"
            );
            assert_eq!(command(ACTION, form), Ok(expected));
        }
        assert_eq!(command(ACTION, "NextToken=x"), Err(refused("NextToken")));
    }
}
