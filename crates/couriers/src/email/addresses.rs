//! A server with many addresses, some of which may lead nowhere.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

/// How long an address has before the next one is tried beside it. RFC 8305, section 5: 250
/// milliseconds are recommended.
const HEAD_START: Duration = Duration::from_millis(250);

/// Addresses that are tried. Whoever answers for the name may list many.
const ADDRESSES_MAX: usize = 16;

/// Connects to the first address that answers. They are tried in their order, each as soon as the one
/// before it has failed, or has had its head start.
///
/// # Errors
/// What the last one said, if all failed.
pub(super) async fn first_to_answer<T, F>(
    mut addresses: Vec<SocketAddr>,
    connect: impl Fn(SocketAddr) -> F,
) -> io::Result<T>
where
    T: Send + 'static,
    F: Future<Output = io::Result<T>> + Send + 'static,
{
    addresses.truncate(ADDRESSES_MAX);
    let mut addresses = addresses.into_iter();
    let mut error = io::Error::new(io::ErrorKind::NotFound, "its name has no address");
    let mut under_way = JoinSet::new();
    loop {
        if let Some(address) = addresses.next() {
            under_way.spawn(connect(address));
        }
        tokio::select! {
            Some(ended) = under_way.join_next() => match ended {
                Ok(Ok(connection)) => return Ok(connection),
                Ok(Err(failed)) => error = failed,
                Err(lost) => error = lost.into(),
            },
            () = sleep(HEAD_START), if addresses.len() > 0 => {}
            else => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    fn addresses(count: u16) -> Vec<SocketAddr> {
        (1..=count).map(|port| SocketAddr::from(([127, 0, 0, 1], port))).collect()
    }

    /// Of those addresses, the even ones refuse, and odd ones say nothing but the last.
    async fn reach(count: u16) -> io::Result<u16> {
        let connect = move |address: SocketAddr| async move {
            match address.port() {
                port if port == count => Ok(port),
                port if port % 2 == 0 => Err(io::Error::other(format!("{port} refused"))),
                _ => pending().await,
            }
        };
        first_to_answer(addresses(count), connect).await
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_that_are_silent_or_refuse_do_not_keep_the_others_from_being_tried() {
        for count in [1, 2, 3, 16] {
            assert_eq!(reach(count).await.unwrap(), count);
        }
    }

    #[tokio::test]
    async fn if_all_fail_one_says_why() {
        let refuse = |address: SocketAddr| async move {
            Err::<(), _>(io::Error::other(format!("{} refused", address.port())))
        };
        let error = first_to_answer(addresses(20), refuse).await.unwrap_err();
        assert_eq!(error.to_string(), "16 refused");
        let error = first_to_answer(Vec::new(), refuse).await.unwrap_err();
        assert_eq!(error.to_string(), "its name has no address");
    }
}
