//! Pages of queues.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tidings_core::limits;
use tidings_core::names::{QueueArn, QueueName};
use tidings_core::rejection::Rejection;

use super::checks::in_range;
use crate::response::{Members, Output};
use crate::text::Text;

/// Which page of queues is asked for.
#[derive(Debug)]
pub(crate) struct Page {
    /// Where the last page ended.
    pub(crate) after: Option<QueueName>,
    /// The page's size.
    pub(crate) max: usize,
    /// Whether the caller said the size: only then is it told where the page ends.
    pub(crate) is_sized: bool,
}

impl Page {
    /// Checks MaxResults and NextToken.
    pub(crate) fn check(
        max_results: Option<i64>,
        next_token: Option<Text<'_>>,
    ) -> Result<Self, Rejection> {
        let range = &limits::LIST_RESULTS;
        let reason = "MaxResults must be an integer between 1 and 1000.";
        let given = in_range(max_results, range, "MaxResults", reason)?;
        let after = next_token.filter(|token| !token.is_empty()).map(|token| {
            let invalid = "Invalid or expired next token.";
            last_name(&token).ok_or_else(|| Rejection::InvalidParameterValue(invalid.to_owned()))
        });
        let max = usize::try_from(given.unwrap_or(*range.end()))
            .expect("a page has at most a thousand queues");
        Ok(Self { after: after.transpose()?, max, is_sized: given.is_some() })
    }
}

/// A token is the name that the page ended with, in base64 so that nobody makes up their own.
fn token(name: &QueueName) -> String {
    STANDARD.encode(name.as_str())
}

fn last_name(token: &str) -> Option<QueueName> {
    let bytes = STANDARD.decode(token).ok()?;
    QueueName::parse(std::str::from_utf8(&bytes).ok()?)
}

/// The output of ListQueues and ListDeadLetterSourceQueues.
#[derive(Debug)]
pub struct QueueUrlsOutput {
    list: &'static str,
    queue_urls: Vec<String>,
    next_token: Option<String>,
}

impl QueueUrlsOutput {
    /// `list` is what JSON calls the list.
    pub(crate) fn new(
        list: &'static str,
        is_sized: bool,
        base_url: &str,
        queues: &[QueueArn],
        more: bool,
    ) -> Self {
        let last = queues.last().filter(|_| more && is_sized);
        Self {
            list,
            queue_urls: queues.iter().map(|arn| super::queue_url(base_url, arn)).collect(),
            next_token: last.map(|arn| token(&arn.name)),
        }
    }
}

impl Output for QueueUrlsOutput {
    fn write(&self, members: &mut Members<'_>) {
        members.texts(self.list, "QueueUrl", self.queue_urls.iter().map(String::as_str));
        members.optional_text("NextToken", self.next_token.as_deref());
    }

    fn size_hint(&self) -> usize {
        let url_bytes: usize = self.queue_urls.iter().map(String::len).sum();
        url_bytes + 32 * self.queue_urls.len()
    }
}
