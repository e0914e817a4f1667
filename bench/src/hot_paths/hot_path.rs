//! The list of hot paths, and how one is driven.

use super::queues::{Kind, Step};
use super::{access, filters, publish, queues, records, signature, wire};

/// Work is done at most so many times before it is restored.
pub const ROUND: u64 = 1_000;

/// How much there is of what a path should not become slower by.
#[derive(Copy, Clone, Debug)]
pub struct Sizes {
    /// Messages that wait in a deep queue.
    pub deep: usize,
    /// Message groups of a FIFO queue.
    pub groups: usize,
    /// Queues that get what is published to a topic.
    pub queues: usize,
    /// Filter policies that a message is matched with.
    pub policies: u32,
}

impl Default for Sizes {
    /// Those that are measured.
    fn default() -> Self {
        Self { deep: 1_000_000, groups: 1_000, queues: 1_000, policies: 100_000 }
    }
}

/// A hot path, ready to be done.
pub trait Work {
    /// Does it once. Says how much came of it, in the path's [`HotPath::yields`].
    fn once(&mut self) -> usize;

    /// Brings things back to where they were before up to [`ROUND`] times, so that memory does not
    /// grow with what is measured. Not part of the path.
    fn restore(&mut self) {}
}

/// What leaves nothing behind is a function.
impl<F: FnMut() -> usize> Work for F {
    fn once(&mut self) -> usize {
        self()
    }
}

/// Something that requests do.
#[derive(Copy, Clone)]
pub struct HotPath {
    /// What it is asked for by.
    pub name: &'static str,
    /// What is done.
    pub about: &'static str,
    /// What [`Work::once`] counts.
    pub yields: &'static str,
    /// Everything that is there before.
    pub prepare: fn(Sizes) -> Box<dyn Work>,
}

impl std::fmt::Debug for HotPath {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name)
    }
}

impl HotPath {
    /// The path of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|path| path.name == name)
    }

    /// Does it so many times. Says how much came of it.
    pub fn run(&self, sizes: Sizes, times: u64) -> usize {
        let mut work = (self.prepare)(sizes);
        let mut done = 0;
        for at in 0..times {
            if at > 0 && at % ROUND == 0 {
                work.restore();
            }
            done += work.once();
        }
        // Taking down what they left behind would count, too.
        std::mem::forget(work);
        done
    }
}

macro_rules! hot_paths {
    ($($name:literal, $about:literal, $yields:literal, $prepare:expr;)*) => {
        /// All of them, from the door to the log.
        pub const ALL: &[HotPath] = &[$(HotPath {
            name: $name,
            about: $about,
            yields: $yields,
            prepare: |sizes| Box::new($prepare(sizes)),
        }),*];
    };
}

hot_paths! {
    "verify-signature", "verify the signature of a SendMessage of 1 KiB, and hash its body",
        "requests", |_| signature::verify();
    "judge-policies", "may a user send: a policy of the user and one of the queue, with conditions",
        "permissions", |_| access::judge();
    "decode-send-json", "SendMessage of 1 KiB in AWS JSON 1.0: from bytes to the command",
        "messages", |_| wire::decode_send_json();
    "decode-send-query", "the same in the Query protocol",
        "messages", |_| wire::decode_send_query();
    "decode-batch-json", "SendMessageBatch of ten messages of 1 KiB in AWS JSON 1.0",
        "messages", |_| wire::decode_batch_json();
    "decode-batch-query", "the same in the Query protocol",
        "messages", |_| wire::decode_batch_query();
    "render-send-json", "the answer to SendMessage in AWS JSON 1.0",
        "bytes", |_| wire::render_send_json();
    "render-send-query", "the same in the Query protocol",
        "bytes", |_| wire::render_send_query();
    "render-batch-json", "the answer to SendMessageBatch of ten in AWS JSON 1.0",
        "bytes", |_| wire::render_batch_json();
    "render-batch-query", "the same in the Query protocol",
        "bytes", |_| wire::render_batch_query();
    "render-receive-json", "the answer to ReceiveMessage of ten in AWS JSON 1.0, from records",
        "bytes", |_| records::render_receive_json();
    "render-receive-query", "the same in the Query protocol",
        "bytes", |_| records::render_receive_query();
    "encode-content", "a message of 1 KiB with two attributes, to the content of a record",
        "bytes", |_| records::encode();
    "decode-record", "the record of that message, with its checksum, back to the message",
        "bytes", |_| records::decode();
    "send", "decide a Send of one message of 1 KiB",
        "messages", |sizes| queues::work(sizes, Kind::Short, Step::Send);
    "send-batch", "decide a Send of ten",
        "messages", |sizes| queues::work(sizes, Kind::Short, Step::SendBatch);
    "receive-delete", "decide a Receive of ten and their Delete",
        "messages", |sizes| queues::work(sizes, Kind::Short, Step::ReceiveDelete);
    "send-deep", "the same Send in a queue with 1,000,000 waiting messages",
        "messages", |sizes| queues::work(sizes, Kind::Deep, Step::Send);
    "send-batch-deep", "the same Send of ten in it",
        "messages", |sizes| queues::work(sizes, Kind::Deep, Step::SendBatch);
    "receive-delete-deep", "the same Receive and Delete in it",
        "messages", |sizes| queues::work(sizes, Kind::Deep, Step::ReceiveDelete);
    "send-fifo", "the same Send in a FIFO queue with 1,000 groups",
        "messages", |sizes| queues::work(sizes, Kind::Fifo, Step::Send);
    "send-batch-fifo", "the same Send of ten in it",
        "messages", |sizes| queues::work(sizes, Kind::Fifo, Step::SendBatch);
    "receive-delete-fifo", "the same Receive and Delete in it",
        "messages", |sizes| queues::work(sizes, Kind::Fifo, Step::ReceiveDelete);
    "publish", "decide a Publish of 1 KiB to 1,000 queues",
        "deliveries", publish::work;
    "match-filters", "a message, by its attributes, among 100,000 filter policies",
        "matches", filters::attributes;
    "match-body-filters", "a message, by its JSON body, among 100,000 filter policies",
        "matches", filters::body;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Enough to be more than one of each.
    const SMALL: Sizes = Sizes { deep: 20_000, groups: 50, queues: 20, policies: 2_000 };

    fn path(name: &str) -> &'static HotPath {
        HotPath::find(name).unwrap()
    }

    #[test]
    fn each_does_what_it_says() {
        // What is rendered is as long as it is: its own tests say that it is right.
        let bytes = ["render-", "encode-", "decode-record"];
        for path in ALL {
            let done = (path.prepare)(SMALL).once();
            let expected = match path.name {
                name if bytes.iter().any(|start| name.starts_with(start)) => {
                    assert_eq!(path.yields, "bytes");
                    assert!(done > 80, "{name}: {done} bytes");
                    continue;
                }
                "publish" => SMALL.queues,
                name if name.contains("batch") || name.starts_with("receive") => 10,
                _ => 1,
            };
            assert_eq!(done, expected, "{}", path.name);
        }
    }

    #[test]
    fn names_are_distinct_and_words() {
        for (at, path) in ALL.iter().enumerate() {
            assert!(path.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{path:?}");
            assert!(ALL[..at].iter().all(|other| other.name != path.name), "{path:?}");
            assert!(!path.about.contains('\t'), "{path:?}");
        }
    }

    #[test]
    fn a_round_is_as_the_one_before() {
        for name in ["send-batch", "receive-delete", "send-deep", "receive-delete-fifo", "publish"]
        {
            let (path, rounds) = (path(name), 3);
            let once = (path.prepare)(SMALL).once();
            let times = rounds * ROUND + 1;
            let expected = once * usize::try_from(times).unwrap();
            assert_eq!(path.run(SMALL, times), expected, "{name}");
        }
    }
}
