//! A line that says how a load goes, written over every second. Only on a terminal.

use std::io::{self, IsTerminal, Write};

use tidings_load::Progress;

/// The line on the standard error.
pub(crate) struct ProgressLine {
    is_terminal: bool,
    is_shown: bool,
}

impl ProgressLine {
    pub(crate) fn new() -> Self {
        Self { is_terminal: io::stderr().is_terminal(), is_shown: false }
    }

    /// Shows how it goes.
    pub(crate) fn show(&mut self, progress: &Progress) {
        if self.is_terminal {
            self.is_shown = true;
            // Cut off at the terminal's edge: a second line would not be written over.
            self.write(&format!("\r\x1b[2K\x1b[?7l{}\x1b[?7h", line(progress)));
        }
    }

    /// Takes the line away.
    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            self.write("\r\x1b[2K");
        }
    }

    fn write(&self, text: &str) {
        // Nobody has to see it.
        let mut out = io::stderr().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

fn line(progress: &Progress) -> String {
    let mut line = format!("{} s", progress.elapsed.as_secs());
    if let Some(of) = progress.of {
        line.push_str(&format!(" of {}", of.as_secs()));
    }
    for party in &progress.parties {
        let [p50, p99] = [party.p50, party.p99].map(|took| took.as_secs_f64() * 1e3);
        let (name, rate) = (&party.name, party.rate);
        line.push_str(&format!(" | {name} {rate:.0}/s p50 {p50:.2} p99 {p99:.2} ms"));
        if party.errors > 0 {
            line.push_str(&format!(" {} errors", party.errors));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tidings_load::PartyProgress;

    use super::*;

    #[test]
    fn it_says_what_the_last_second_was_like() {
        let party = |errors| PartyProgress {
            name: "SendMessage".to_owned(),
            rate: 1234.5,
            p50: Duration::from_micros(900),
            p99: Duration::from_millis(12),
            errors,
        };
        let mut progress = Progress {
            elapsed: Duration::from_millis(3_100),
            of: Some(Duration::from_secs(10)),
            parties: vec![party(0)],
        };
        let shown = "3 s of 10 | SendMessage 1234/s p50 0.90 p99 12.00 ms";
        assert_eq!(line(&progress), shown);
        progress.parties.push(party(7));
        assert_eq!(line(&progress), format!("{shown}{} 7 errors", &shown["3 s of 10".len()..]));
    }
}
