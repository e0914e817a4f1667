//! Waiting until a time, as exactly as the system can.
//!
//! The runtime's own timers wait for whole milliseconds, which would be counted as the server's.

use std::time::Duration;

use tokio::time::Instant;

#[cfg(target_os = "linux")]
mod precise {
    use std::io;
    use std::os::fd::OwnedFd;
    use std::time::Duration;

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use tokio::io::unix::AsyncFd;

    /// A timer of the kernel.
    pub(super) struct Precise(AsyncFd<OwnedFd>);

    impl Precise {
        #[expect(
            deprecated,
            reason = "its successor is unsafe, for types that do not own a handle"
        )]
        pub(super) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            Ok(Self(AsyncFd::new(timerfd_create(TimerfdClockId::Monotonic, flags)?)?))
        }

        /// The length is more than nothing, which would stop the timer.
        pub(super) async fn sleep(&mut self, length: Duration) -> io::Result<()> {
            let it_value = Timespec::try_from(length).map_err(|_| io::ErrorKind::InvalidInput)?;
            let it_interval = Timespec { tv_sec: 0, tv_nsec: 0 };
            let once = Itimerspec { it_interval, it_value };
            timerfd_settime(self.0.get_ref(), TimerfdTimerFlags::empty(), &once)?;
            loop {
                let mut guard = self.0.readable().await?;
                match guard.try_io(|timer| Ok(rustix::io::read(timer, &mut [0_u8; 8])?)) {
                    Ok(read) => return read.map(drop),
                    // It was ready for the last time.
                    Err(_) => continue,
                }
            }
        }
    }
}

/// A timer of one connection.
pub(crate) struct Timer {
    #[cfg(target_os = "linux")]
    precise: Option<precise::Precise>,
}

/// Waits in pieces of this length, to see in between whether it is over.
pub(crate) const PIECE: Duration = Duration::from_millis(100);

impl Timer {
    /// In a runtime. Where the system has no better timer it is the runtime's.
    pub(crate) fn new() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            precise: precise::Precise::new().ok(),
        }
    }

    /// Waits until then, but no longer than [`PIECE`]; says whether it is time.
    pub(crate) async fn wait(&mut self, until: Instant) -> bool {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        self.sleep(left.min(PIECE)).await;
        left <= PIECE
    }

    async fn sleep(&mut self, length: Duration) {
        #[cfg(target_os = "linux")]
        if let Some(precise) = &mut self.precise
            && precise.sleep(length).await.is_ok()
        {
            return;
        }
        tokio::time::sleep(length).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_never_early() {
        let mut timer = Timer::new();
        for us in [1, 50, 900, 2_500] {
            let until = Instant::now() + Duration::from_micros(us);
            while !timer.wait(until).await {}
            assert!(Instant::now() >= until, "{us}");
        }
        assert!(!timer.wait(Instant::now() + PIECE * 3).await);
    }
}
