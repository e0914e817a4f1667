//! What an operator or an owner has to mend is told when it begins and when it is over, and not at each
//! attempt in between.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a service does not accept what it is shown of who we are.
#[derive(Default, Debug)]
pub(crate) struct Complaint(AtomicBool);

impl Complaint {
    /// It does not. Whether that is news.
    pub(crate) fn begins(&self) -> bool {
        !self.0.swap(true, Ordering::Relaxed)
    }

    /// It does. Whether that is news: before, it did not.
    pub(crate) fn ends(&self) -> bool {
        // Nearly always: without a write to what all attempts share.
        self.0.load(Ordering::Relaxed) && self.0.swap(false, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_news_once() {
        let complaint = Complaint::default();
        assert!(!complaint.ends());
        assert!(complaint.begins() && !complaint.begins());
        assert!(complaint.ends() && !complaint.ends());
        assert!(complaint.begins());
    }
}
