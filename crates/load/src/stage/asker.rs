//! One connection that asks again where that may help, and counts what went wrong.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::course::Course;
use crate::connection::Connection;
use crate::fault::Fault;
use crate::request::Request;
use crate::tally::Tally;
use crate::timer::Timer;

/// How often a request is repeated: with the waits between, for 15 seconds.
const RETRIES_MAX: u32 = 20;
/// How often one after the other may be refused for good before it is no use.
const REFUSALS_MAX: u32 = 10;
/// The first wait; each is twice as long as the one before.
const WAIT: Duration = Duration::from_millis(10);
const WAIT_MAX: Duration = Duration::from_secs(1);

pub(super) struct Asker {
    connection: Connection,
    pub(super) timer: Timer,
    course: Arc<Course>,
    tally: Arc<Mutex<Tally>>,
    refusals: u32,
    /// Whether the last request may have happened more than once, or without its answer.
    is_in_doubt: bool,
}

impl Asker {
    /// In a runtime.
    pub(super) fn new(
        connection: Connection,
        course: &Arc<Course>,
        tally: &Arc<Mutex<Tally>>,
    ) -> Self {
        Self {
            connection,
            timer: Timer::new(),
            course: Arc::clone(course),
            tally: Arc::clone(tally),
            refusals: 0,
            is_in_doubt: false,
        }
    }

    pub(super) fn course(&self) -> &Course {
        &self.course
    }

    /// The body of the last answer.
    pub(super) fn answer(&self) -> &[u8] {
        self.connection.body()
    }

    pub(super) fn is_in_doubt(&self) -> bool {
        self.is_in_doubt
    }

    pub(super) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks until there is an answer or no more hope. All that went wrong has been counted.
    pub(super) async fn ask(&mut self, request: &mut Request) -> Result<(), Fault> {
        self.is_in_doubt = false;
        let mut retries = 0;
        loop {
            let Err(fault) = self.connection.ask(request).await else {
                self.refusals = 0;
                return Ok(());
            };
            self.is_in_doubt |= fault.is_of_connection();
            self.tally().count(fault.label(), 1);
            if self.course.is_stopped() {
                return Err(Fault::Stopped);
            }
            let is_passing = fault.is_passing();
            if !is_passing || retries == RETRIES_MAX {
                return Err(self.give_up(fault).await);
            }
            self.back_off(retries).await;
            if self.course.is_stopped() {
                return Err(Fault::Stopped);
            }
            retries += 1;
            self.tally().retries += 1;
        }
    }

    /// A server that refuses everything, or is not there any more, ends the stage.
    async fn give_up(&mut self, fault: Fault) -> Fault {
        self.refusals += 1;
        let is_hopeless = match &fault {
            Fault::Connection(_) | Fault::Timeout(_) => true,
            fault => !fault.is_passing() && self.refusals >= REFUSALS_MAX,
        };
        if is_hopeless {
            self.course.fail(fault);
            return Fault::Stopped;
        }
        self.back_off(self.refusals).await;
        fault
    }

    async fn back_off(&mut self, times: u32) {
        let wait = WAIT.saturating_mul(2_u32.saturating_pow(times)).min(WAIT_MAX);
        let until = Instant::now() + wait;
        while !self.timer.wait(until).await && !self.course.is_stopped() {}
    }
}
