//! What is told in the log while a test runs. Each test has a thread of its own.

use std::cell::RefCell;
use std::io;
use std::sync::Once;

thread_local! {
    static TOLD: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// One subscriber for all tests: whether a line is wanted at all is asked once for all threads.
static SUBSCRIBED: Once = Once::new();

/// Lines at level `info` and above, of this thread, since it was made.
pub struct Log(());

struct Writer;

impl Log {
    pub fn start() -> Log {
        SUBSCRIBED.call_once(|| {
            tracing_subscriber::fmt()
                .with_ansi(false)
                .with_max_level(tracing::Level::INFO)
                .with_writer(|| Writer)
                .init();
        });
        TOLD.with_borrow_mut(Vec::clear);
        Log(())
    }

    /// How many lines there are that say so.
    pub fn count(&self, words: &str) -> usize {
        TOLD.with_borrow(|told| {
            String::from_utf8_lossy(told).lines().filter(|line| line.contains(words)).count()
        })
    }
}

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        TOLD.with_borrow_mut(|told| told.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
