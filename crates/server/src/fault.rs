//! Panics, kept from taking more down than the request they happen in.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// Runs a future, and returns the panic's message if it panics.
///
/// Nothing that the future touched is used afterwards but what it shares with other requests: the
/// broker's handle, which passes messages, and counters that are given back on unwinding.
pub(crate) async fn catch<T>(future: impl Future<Output = T>) -> Result<T, String> {
    let mut future = pin!(future);
    poll_fn(|context| {
        let poll = AssertUnwindSafe(|| future.as_mut().poll(context));
        match catch_unwind(poll) {
            Ok(progress) => progress.map(Ok),
            Err(panic) => Poll::Ready(Err(message(&*panic))),
        }
    })
    .await
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_its_message() {
        let number = 7;
        assert_eq!(catch(async { number }).await, Ok(7));
        let plain: Result<(), _> = catch(async { panic!("plain") }).await;
        assert_eq!(plain, Err("plain".to_owned()));
        let late: Result<(), _> = catch(async {
            tokio::task::yield_now().await;
            panic!("number {number}")
        })
        .await;
        assert_eq!(late, Err("number 7".to_owned()));
    }
}
