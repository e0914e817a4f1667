//! Reads the books and says what the server did that it must not do.
//!
//! Two requests that overlap may have been carried out in either order; the judge assumes whatever
//! is best for the server. So it is never wrong when it finds something, however slow the machine.

mod books;
mod message;
mod order;
mod totals;

#[cfg(test)]
mod tests;

use crate::history::History;

use books::Books;
pub(crate) use totals::{Bounds, bounds};

/// What is wrong so far. While workers rest, the books may be judged at any time.
pub(crate) fn judge(history: &History) -> Vec<String> {
    let books = Books::of(history);
    let mut violations = history.violations.clone();
    message::check_all(&books, &mut violations);
    order::check_all(&books, &mut violations);
    violations
}

/// What is wrong after every queue was emptied: also what never turned up.
pub(crate) fn judge_at_the_end(history: &History) -> Vec<String> {
    let mut violations = judge(history);
    totals::check_nothing_is_missing(&Books::of(history), &mut violations);
    violations
}
