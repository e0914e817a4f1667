//! One data folder, the servers that had it, and the books.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::clerk::Clerk;
use crate::drain;
use crate::history::{History, Outcome, Span};
use crate::judge::{self, Bounds};
use crate::queues::Queue;
use crate::server::{Launcher, Process, Server};

/// Violations that are shown of a run that went wrong.
const SHOWN_MAX: usize = 10;

/// The attributes that tell how many messages a queue holds.
pub(crate) const COUNTS: [&str; 3] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
];

pub(crate) struct Run {
    folder: Option<TempDir>,
    pub(crate) launcher: Launcher,
    pub(crate) history: History,
    pub(crate) seed: u64,
    /// How often a server was killed.
    pub(crate) kills: u32,
    /// How often a server stopped in order.
    pub(crate) stops: u32,
    /// The slowest start.
    pub(crate) start_max: Duration,
}

impl Run {
    pub(crate) fn new() -> Self {
        Self::with(Launcher::new)
    }

    /// A run on a data folder that is sealed.
    pub(crate) fn sealed() -> Self {
        Self::with(Launcher::sealed)
    }

    fn with(launcher: impl Fn(&Path) -> Launcher) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let launcher = launcher(folder.path());
        let seed = setting("TIDINGS_CRASH_SEED").unwrap_or_else(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            u64::from(since.subsec_nanos()) ^ (since.as_secs() << 20)
        });
        println!("TIDINGS_CRASH_SEED={seed}");
        Self {
            folder: Some(folder),
            launcher,
            history: History::default(),
            seed,
            kills: 0,
            stops: 0,
            start_max: Duration::ZERO,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.as_ref().expect("it is kept until the end").path()
    }

    /// Starts a server.
    pub(crate) fn launch(&mut self) -> Server {
        let server = self.launcher.start();
        self.start_max = self.start_max.max(server.started_in);
        server
    }

    /// Starts a server, makes the queues if they are not there, and looks whether all is as it was.
    pub(crate) fn start(&mut self) -> Server {
        let server = self.launch();
        let mut clerk = Clerk::new(server.address);
        for queue in Queue::ALL {
            self.look_at(queue, &mut clerk);
        }
        self.check_totals(&mut clerk);
        self.history.absorb(clerk.history);
        self.check(judge::judge);
        server
    }

    pub(crate) fn kill(&mut self, server: Server) {
        self.ending(|| server.kill());
        self.kills += 1;
    }

    /// Kills what is not known to be a server yet.
    pub(crate) fn kill_starting(&mut self, starting: Process) {
        self.ending(|| starting.kill());
        self.kills += 1;
    }

    /// Asks a server to stop and waits until it has.
    pub(crate) fn stop(&mut self, server: Server) {
        server.terminate();
        let status = self.ending(|| server.wait());
        assert_eq!(status.code(), Some(0), "{}", self.launcher.log_end());
        self.stops += 1;
    }

    /// Writes down that a server went in the meantime.
    fn ending<T>(&mut self, end: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let done = end();
        self.history.ends.push(Span { began, ended: Instant::now() });
        done
    }

    /// Empties all queues, kills the server once more, and sees that they stay empty.
    pub(crate) fn end(&mut self, server: Server) {
        drain::all(server.address, &mut self.history);
        self.check(judge::judge_at_the_end);
        self.kill(server);
        let server = self.start();
        drain::find_nothing(server.address, &mut self.history);
        self.stop(server);
        self.check(judge::judge_at_the_end);
        println!("{}", self.summary());
    }

    /// Fails the test if the judge finds anything.
    pub(crate) fn check(&mut self, judge: impl Fn(&History) -> Vec<String>) {
        let mut violations = judge(&self.history);
        violations.extend(self.launcher.complaints());
        if violations.is_empty() {
            return;
        }
        // The evidence stays.
        let folder = self.folder.take().map(TempDir::keep);
        let shown = violations.len().min(SHOWN_MAX);
        panic!(
            "{} violations, seed {}, data and log in {folder:?}\n{}\n{}\n{}",
            violations.len(),
            self.seed,
            violations[..shown].join("\n"),
            self.summary(),
            self.launcher.log_end(),
        );
    }

    /// A queue is made again at every start: as long as it has the attributes that it was made
    /// with, that changes nothing.
    fn look_at(&self, queue: Queue, clerk: &mut Clerk) {
        let input = json!({ "QueueName": queue.name(), "Attributes": queue.attributes() });
        let made = clerk.ask("CreateQueue", &input).expect("the server is there");
        // A full disk has no room for a queue, even for one that is there.
        if let Err(refusal) = made
            && !refusal.is_unavailable()
        {
            clerk.complain(format!("{queue:?} is not as it was: {refusal:?}"));
        }
        let found = queue_attributes(queue, &["All"], clerk);
        for (name, value) in queue.attributes().as_object().expect("it is an object") {
            // Policies come back in another spelling.
            let same = match (parsed(&found[name]), parsed(value)) {
                (Some(found), Some(value)) => found == value,
                _ => found[name] == *value,
            };
            if !same {
                clerk.complain(format!("{queue:?} has {name} = {} and not {value}", found[name]));
            }
        }
    }

    /// While nobody uses the queues, they hold what the books say.
    fn check_totals(&self, clerk: &mut Clerk) {
        let mut totals: BTreeMap<Queue, u64> = BTreeMap::new();
        for queue in Queue::ALL {
            *totals.entry(queue.source()).or_default() += counts(queue, clerk).iter().sum::<u64>();
        }
        let all = judge::bounds(&self.history);
        for (queue, total) in totals {
            let Bounds { min, max } = all.get(&queue).copied().unwrap_or_default();
            if !(min..=max).contains(&total) {
                clerk.complain(format!("{queue:?} holds {total} messages, not {min} to {max}"));
            }
        }
    }

    pub(crate) fn summary(&self) -> String {
        let history = &self.history;
        let sends = history.sends.len();
        let acknowledged =
            history.sends.iter().filter(|send| send.outcome.acknowledged().is_some()).count();
        let unknown = history.sends.iter().filter(|send| send.outcome == Outcome::Unknown).count();
        format!(
            "{} kills, {} orderly stops, slowest start {:?}, oldest segment {:?}; \
             {} requests: {sends} sends ({acknowledged} acknowledged, {unknown} unknown), \
             {} messages handed out ({} of them dead letters), {} receives without an answer, \
             {} deletes, {} changes of visibility, {} purges, {} move tasks; {}",
            self.kills,
            self.stops,
            self.start_max,
            self.launcher.oldest_segment(),
            history.requests,
            history.handed_out(|_| true),
            history.handed_out(|queue| queue != queue.source()),
            history.lost_receives.len(),
            history.deletes.len(),
            history.changes.len(),
            history.purges.len(),
            history.move_tasks,
            history.topics.summary(),
        )
    }
}

/// A number from the environment.
pub(crate) fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text}")))
}

/// How many messages of a queue are visible, in flight and delayed.
pub(crate) fn counts(queue: Queue, clerk: &mut Clerk) -> [u64; 3] {
    let found = queue_attributes(queue, &COUNTS, clerk);
    COUNTS.map(|name| found[name].as_str().and_then(|text| text.parse().ok()).unwrap_or(u64::MAX))
}

fn queue_attributes(queue: Queue, names: &[&str], clerk: &mut Clerk) -> Value {
    let input = json!({ "QueueUrl": queue.name(), "AttributeNames": names });
    match clerk.ask("GetQueueAttributes", &input).expect("the server is there") {
        Ok(mut output) => output["Attributes"].take(),
        Err(refusal) => {
            clerk.complain(format!("the attributes of {queue:?} are refused: {refusal:?}"));
            Value::Null
        }
    }
}

/// A policy, if that is what an attribute holds.
fn parsed(value: &Value) -> Option<Value> {
    value.as_str().filter(|text| text.starts_with('{')).and_then(|t| serde_json::from_str(t).ok())
}
