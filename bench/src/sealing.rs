//! What sealing costs: MiB a second of batches and snapshots, and sends to a server with a master key
//! beside one without.

use std::hint::black_box;
use std::time::{Duration, Instant};

use tidings_load::Until;
use tidings_seal::{RootKey, Sealer, Stream};

use crate::Outcome;
use crate::load::{self, Kind};
use crate::server::{Server, write_master_key};
use crate::throughput::{create, print};

/// How long each measurement without a server takes.
const EACH: Duration = Duration::from_secs(1);
/// Lengths of batches: one message, some, and as many as there may be.
const BATCHES: [usize; 3] = [1 << 10, 64 << 10, 1 << 20];
const SNAPSHOT_BYTES: usize = 64 << 20;
const CONTEXT: &[u8] = b"a position";

pub(crate) async fn run(seconds: u64) -> Outcome<()> {
    let root = RootKey::new([7; 32]);
    let (stream, sealer) = (root.stream("log", b"salt"), root.sealer("snapshots"));
    println!("{:38} {:>12} {:>12}", "", "seal MiB/s", "open MiB/s");
    for length in BATCHES {
        batches(&stream, length)?;
    }
    snapshots(&sealer)?;
    let mut piece = vec![1; 1 << 10];
    let rate = rate(piece.len(), || {
        stream.read_piece(black_box(4149), black_box(&mut piece));
        Ok(())
    })?;
    println!("{:38} {:>12} {rate:>12.0}", "a record of 1 KiB", "");
    println!();
    servers(Duration::from_secs(seconds)).await
}

fn batches(stream: &Stream, length: usize) -> Outcome<()> {
    let mut batch = vec![1; length];
    let mut position = 0;
    let sealing = rate(length, || {
        position += length as u64 + 80;
        black_box(stream.seal(position, black_box(&mut batch)));
        Ok(())
    })?;
    let original = batch.clone();
    let tag = stream.seal(position, &mut batch);
    let sealed = batch.clone();
    let opening = rate(length, || {
        // Opening changes the bytes: as in replay, they come from elsewhere.
        batch.copy_from_slice(&sealed);
        if stream.open(position, black_box(&mut batch), &tag) {
            Ok(())
        } else {
            Err("not opened".into())
        }
    })?;
    if batch != original {
        return Err("what was opened is not what was sealed".into());
    }
    println!("{:38} {sealing:>12.0} {opening:>12.0}", format!("a batch of {} KiB", length >> 10));
    Ok(())
}

fn snapshots(sealer: &Sealer) -> Outcome<()> {
    let mut content = vec![1; SNAPSHOT_BYTES];
    let (mut sealing, mut opening, mut rounds) = (Duration::ZERO, Duration::ZERO, 0);
    while sealing + opening < 2 * EACH {
        let begun = Instant::now();
        let is_sealed = sealer.seal_in_place(CONTEXT, &mut content, [1; 12]);
        sealing += begun.elapsed();
        let begun = Instant::now();
        let is_opened = is_sealed && sealer.open_in_place(CONTEXT, &mut content);
        opening += begun.elapsed();
        if !is_opened {
            return Err("not opened".into());
        }
        rounds += 1;
    }
    let mib = f64::from(rounds) * (SNAPSHOT_BYTES >> 20) as f64;
    let [sealing, opening] = [sealing, opening].map(|took| mib / took.as_secs_f64());
    println!("{:38} {sealing:>12.0} {opening:>12.0}", "a snapshot of 64 MiB");
    Ok(())
}

/// MiB a second of something that is done again and again.
fn rate(bytes: usize, mut work: impl FnMut() -> Outcome<()>) -> Outcome<f64> {
    // Looking at the clock takes as long as a short batch.
    let at_once = ((1 << 20) / bytes).max(1);
    let (begun, mut times) = (Instant::now(), 0);
    while begun.elapsed() < EACH {
        for _ in 0..at_once {
            work()?;
        }
        times += at_once;
    }
    Ok(times as f64 * bytes as f64 / f64::from(1 << 20) / begun.elapsed().as_secs_f64())
}

/// Load on one server after the other, on the same disk. Each comes twice: what differs between two
/// servers of one kind is noise.
async fn servers(each: Duration) -> Outcome<()> {
    println!("{} connections, {} byte bodies, {each:?} each", load::CONNECTIONS, load::BODY_BYTES);
    println!("{:38} {:>12} {:>10} {:>10} {:>8}", "", "per second", "p50 ms", "p99 ms", "ratio");
    let folder = tempfile::tempdir_in(".")?;
    let key = write_master_key(folder.path())?;
    let mut first = [None, None, None];
    for round in ["plain", "sealed", "plain again", "sealed again"] {
        let data = folder.path().join(round);
        let flags =
            if round.starts_with("sealed") { &["--master-key-file", &key][..] } else { &[] };
        let (server, _) = Server::tidings_with(&data, flags).await?;
        create(&server.client, "queue").await?;
        let kinds = [
            (Kind::Send, "sends"),
            (Kind::SendBatch, "messages in batches"),
            (Kind::ReceiveAndDelete, "received and deleted"),
        ];
        for ((kind, what), first) in kinds.into_iter().zip(&mut first) {
            let figure = load::run(&server.client, kind, "queue", Until::Elapsed(each))?;
            print(&format!("{round}: {what}"), &figure, first.as_ref());
            first.get_or_insert(figure);
        }
        server.stop()?;
        std::fs::remove_dir_all(data)?;
    }
    Ok(())
}
