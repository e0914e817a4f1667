//! Move tasks: a dead-letter queue being emptied.

use crate::command::{MoveTaskState, MoveTaskStatus};
use crate::limits;
use crate::names::{QueueArn, Uuid};
use crate::record::MoveTaskEnd;
use crate::time::Timestamp;

/// A move task, running or ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct MoveTask {
    pub(crate) id: Uuid,
    pub(crate) destination: Option<QueueArn>,
    /// Messages per second, if it was said.
    pub(crate) rate: Option<u32>,
    pub(crate) started_at: Timestamp,
    /// Messages in the source when it started.
    pub(crate) to_move: u64,
    pub(crate) moved: u64,
    /// `None` while it runs.
    pub(crate) end: Option<MoveTaskEnd>,
    /// Bookkeeping: messages are being read for it.
    pub(crate) is_copying: bool,
}

/// Messages moved in one step if no rate was asked for.
const STEP_MESSAGES: u32 = 10;

impl MoveTask {
    pub(crate) fn is_running(&self) -> bool {
        self.end.is_none()
    }

    /// When a running task fails for having run too long.
    pub(crate) fn expires_at(&self) -> Timestamp {
        self.started_at.plus_seconds(limits::MOVE_TASK_SECONDS_MAX)
    }

    /// Messages to move in the next step.
    pub(crate) fn step(&self) -> usize {
        let per_step = self.rate.unwrap_or(STEP_MESSAGES).min(STEP_MESSAGES);
        let left = self.to_move.saturating_sub(self.moved);
        usize::try_from(left).unwrap_or(usize::MAX).min(per_step as usize)
    }

    /// Milliseconds from one step of `messages` to the next.
    pub(crate) fn pause_ms(&self, messages: usize) -> u64 {
        self.rate.map_or(0, |rate| (messages as u64 * 1000).div_ceil(u64::from(rate.max(1))))
    }

    pub(crate) fn status(&self, source: &QueueArn) -> MoveTaskStatus {
        MoveTaskStatus {
            task: self.id,
            source: source.clone(),
            destination: self.destination.clone(),
            rate: self.rate,
            state: match &self.end {
                None => MoveTaskState::Running,
                Some(MoveTaskEnd::Completed) => MoveTaskState::Completed,
                Some(MoveTaskEnd::Cancelled) => MoveTaskState::Cancelled,
                Some(MoveTaskEnd::Failed { reason }) => {
                    MoveTaskState::Failed { reason: reason.clone() }
                }
            },
            started_at: self.started_at,
            moved: self.moved,
            to_move: self.to_move,
        }
    }
}
