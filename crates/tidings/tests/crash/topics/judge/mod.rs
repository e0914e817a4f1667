//! Reads the books and says what the server did that it must not do.
//!
//! As the judge of queues does, this one assumes whatever is best for the server of what overlaps.

mod message;
mod order;
mod sorted;
mod wishes;

#[cfg(test)]
mod tests;

use crate::history::History;

use sorted::Sorted;

/// What is wrong so far.
pub(crate) fn judge(history: &History) -> Vec<String> {
    let sorted = Sorted::of(history);
    let mut violations = history.violations.clone();
    message::check_all(&sorted, &mut violations);
    order::check_all(&sorted, &mut violations);
    let certificates = &history.topics.certificates;
    if certificates.len() > 1 {
        violations.push(format!("messages are signed with several keys: {certificates:?}"));
    }
    violations
}

/// What is wrong after everyone had time to get everything: also what never came.
pub(crate) fn judge_at_the_end(history: &History) -> Vec<String> {
    let mut violations = judge(history);
    violations.extend(missing(history));
    violations
}

/// What has not come yet and has to.
pub(crate) fn missing(history: &History) -> Vec<String> {
    message::missing(&Sorted::of(history))
}
