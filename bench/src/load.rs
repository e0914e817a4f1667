//! Load as all measurements here have it: 64 connections, bodies of 1 KiB, signed.

use tidings_load::{Client, Figure, Point, Until};

use crate::Outcome;

pub(crate) const CONNECTIONS: usize = 64;
pub(crate) const BODY_BYTES: usize = 1024;

/// What the connections do again and again.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Send,
    SendBatch,
    ReceiveAndDelete,
}

/// Messages of a batch.
const BATCH: usize = 10;

pub(crate) fn queue_url(name: &str) -> String {
    format!("http://127.0.0.1/000000000000/{name}")
}

pub(crate) fn point(client: &Client) -> Point {
    Point { connections: CONNECTIONS, size: BODY_BYTES, ..Point::new(client) }
}

/// Runs a kind of load on all connections. It has threads of its own, and nothing else is to be done
/// here meanwhile.
pub(crate) fn run(client: &Client, kind: Kind, queue: &str, until: Until) -> Outcome<Figure> {
    let (point, url) = (point(client), queue_url(queue));
    Ok(match kind {
        Kind::Send => point.send(&url, 1, until)?,
        Kind::SendBatch => point.send(&url, BATCH, until)?,
        Kind::ReceiveAndDelete => point.receive(&url, until)?,
    })
}

/// Until nothing more is received.
pub(crate) const EMPTY: Until = Until::Counted(u64::MAX);
