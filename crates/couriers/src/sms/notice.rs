//! What a gateway tells us that is no answer: receipts, and people who want no more messages.

use std::fmt;

use tokio::sync::mpsc::UnboundedSender;

use super::receipt::Receipt;
use tidings_core::phone_number::PhoneNumber;

/// Receipts and opt-outs that may wait to be kept.
pub(super) const NOTICES_MAX: usize = 256;

/// What a gateway told us.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SmsEvent {
    /// What became of a message: for the delivery log.
    Receipt(Receipt),
    /// Somebody wants no more messages.
    OptOut(OptOut),
}

/// Somebody answered one of the words that opt a number out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OptOut {
    /// Whose phone it is.
    pub number: PhoneNumber,
    /// The word, in capitals.
    pub word: &'static str,
    /// Where it was sent to: who the messages came from, as the gateway has it.
    pub to: String,
}

/// An event that waits to be kept. The gateway is told that we have it when [`SmsNotice::kept`] is
/// called; one that is dropped without it is refused for now, and the gateway tells it again.
pub struct SmsNotice {
    event: SmsEvent,
    sequence: u32,
    answers: Option<UnboundedSender<Kept>>,
}

/// Whether what came with a sequence number was kept.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Kept {
    pub(super) sequence: u32,
    pub(super) is_kept: bool,
}

impl SmsNotice {
    pub(super) fn new(event: SmsEvent, sequence: u32, answers: UnboundedSender<Kept>) -> Self {
        SmsNotice { event, sequence, answers: Some(answers) }
    }

    /// What happened.
    #[must_use]
    pub fn event(&self) -> &SmsEvent {
        &self.event
    }

    /// It is kept where a restart does not lose it: the gateway need not tell it again.
    pub fn kept(mut self) {
        self.answer(true);
    }

    fn answer(&mut self, is_kept: bool) {
        if let Some(answers) = self.answers.take() {
            // The session may be over: then the gateway tells it again anyway.
            let _ = answers.send(Kept { sequence: self.sequence, is_kept });
        }
    }
}

impl Drop for SmsNotice {
    fn drop(&mut self) {
        self.answer(false);
    }
}

impl fmt::Debug for SmsNotice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("SmsNotice").field(&self.event).finish()
    }
}
