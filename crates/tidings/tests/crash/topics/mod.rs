//! Topics under the same crashes, with subscribers of every kind.
//!
//! Publishers write down what they asked and were answered, collectors and web endpoints what came.
//! The endpoints live in this process and outlive the server. The judge holds the server to this:
//!
//! - an acknowledged publish comes to every subscriber that wants it and to no other: into queues
//!   and dead-letter queues exactly once, in order within a group if they are FIFO, and to web
//!   endpoints until they have taken it;
//! - a publish without an answer happened for all subscribers or for none; published again to a FIFO
//!   topic, it happened once;
//! - what comes is what was published, with the id and the sequence number that the publisher was
//!   told; nothing comes that was not published, and nothing comes back;
//! - a web endpoint is not given again what it has taken, unless a server went meanwhile;
//! - a filter that was changed, a subscription that was ended or confirmed stays so, and so does
//!   the key that messages are signed with.

mod books;
mod clerk;
mod collector;
mod drain;
mod endpoint;
mod envelope;
mod filter;
mod http;
mod judge;
mod kills;
mod manager;
mod name;
mod publisher;
mod subscriber;
mod topic;
mod weather;

pub(crate) use books::Books;
