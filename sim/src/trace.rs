//! What happened, line by line: a digest of all of it, and the end in full.

use std::collections::VecDeque;
use std::fmt::{self, Write};

const KEPT_LINES: usize = 200;

/// The lines of a run.
pub(crate) struct Trace {
    digest: u64,
    lines: u64,
    tail: VecDeque<String>,
    line: String,
    is_printed: bool,
}

impl Trace {
    /// An empty one, which prints its lines if wanted.
    pub(crate) fn new(is_printed: bool) -> Self {
        let (digest, lines, tail, line) =
            (0xcbf2_9ce4_8422_2325, 0, VecDeque::new(), String::new());
        Self { digest, lines, tail, line, is_printed }
    }

    /// One more line.
    pub(crate) fn line(&mut self, at: u64, what: fmt::Arguments<'_>) {
        if self.tail.len() == KEPT_LINES {
            self.line = self.tail.pop_front().unwrap_or_default();
        }
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        write!(line, "{at:>9} {what}").expect("a string takes all that is written to it");
        self.digest = line.bytes().fold(self.digest, |digest, byte| {
            (digest ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        self.lines += 1;
        if self.is_printed {
            println!("{line}");
        }
        self.tail.push_back(line);
    }

    /// Stands for all lines, byte for byte.
    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }

    /// How many lines there were.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    /// The last lines.
    pub(crate) fn tail(&self, lines: usize) -> Vec<String> {
        self.tail.iter().rev().take(lines).rev().cloned().collect()
    }
}
