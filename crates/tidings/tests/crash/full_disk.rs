//! A server whose disk is full.

use std::fs;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use crate::clerk::{Clerk, Cut, How, InHand};
use crate::drain;
use crate::history::History;
use crate::name::Stream;
use crate::queues::Queue;
use crate::run::Run;
use crate::server::Server;
use crate::small_disk::SmallDisk;

/// Room for three segments of the log and snapshots, but not for a fourth segment.
const MEGABYTES: u32 = 220;
/// How long it may take until there is room again. Only a server that finds none takes so long.
const PATIENCE: Duration = Duration::from_secs(60);
/// Kills of a server whose disk is full.
const KILLS: u32 = 3;

#[test]
fn a_full_disk_refuses_sends_and_loses_nothing() {
    let mut run = Run::sealed();
    let Some(_disk) = move_to_small_disk(&mut run) else { return };
    let mut sender = Sender::default();
    let mut server = run.start();
    sender.send_until_refused(server.address, &mut run.history);
    for _ in 0..KILLS {
        let deleted = receive_and_delete(server.address, &mut run.history);
        assert!(deleted > 0, "nothing could be deleted: {}", run.launcher.log_end());
        sender.send_into_a_kill(&mut run, server);
        server = run.start();
    }
    drain::all(server.address, &mut run.history);
    sender.send_until_taken(server.address, &mut run);
    sender.send_until_refused(server.address, &mut run.history);
    run.end(server);
}

/// The log holds next to nothing then, but what it holds is at its front.
#[test]
fn a_message_left_alone_does_not_keep_a_disk_full() {
    let mut run = Run::sealed();
    let Some(_disk) = move_to_small_disk(&mut run) else { return };
    let mut sender = Sender::default();
    let server = run.start();
    let mut clerk = Clerk::new(server.address);
    let alone = Stream { queue: Queue::Plain, index: 0 }.message(0);
    assert_eq!(clerk.send(alone, None), Ok(true));
    run.history.absorb(clerk.history);
    sender.send_until_refused(server.address, &mut run.history);
    drain::one(Queue::Bulk, server.address, &mut run.history);
    sender.send_until_taken(server.address, &mut run);
    run.end(server);
}

/// Says so if there can be no small disk here.
fn move_to_small_disk(run: &mut Run) -> Option<SmallDisk> {
    let mounted = run.folder().join("small");
    fs::create_dir(&mounted).unwrap();
    match SmallDisk::mount(&mounted, MEGABYTES) {
        Ok(disk) => {
            run.launcher.through = disk.through();
            run.launcher.data = mounted.join("data");
            Some(disk)
        }
        Err(why) => {
            eprintln!("SKIPPED: no file system can be mounted here: {why}");
            None
        }
    }
}

/// Sends to [`Queue::Bulk`], many bytes at a time.
#[derive(Default)]
struct Sender {
    next: u32,
}

impl Sender {
    /// Returns whether all was taken.
    fn send(&mut self, clerk: &mut Clerk) -> Result<bool, Cut> {
        let stream = Stream { queue: Queue::Bulk, index: 0 };
        let names: Vec<_> = (self.next..self.next + 4).map(|n| stream.message(n)).collect();
        self.next += 4;
        Ok(clerk.send_batch(&names, None)?.into_iter().all(|sent| sent))
    }

    /// A refusal other than that the service is unavailable is a violation: the clerk sees to that.
    fn send_until_refused(&mut self, address: SocketAddr, history: &mut History) {
        let mut clerk = Clerk::new(address);
        let before = self.next;
        while self.send(&mut clerk).expect("the server is there") {
            let sent_megabytes = (self.next - before) / 10;
            assert!(sent_megabytes < MEGABYTES, "the disk does not become full");
        }
        history.absorb(clerk.history);
    }

    fn send_until_taken(&mut self, address: SocketAddr, run: &mut Run) {
        let mut clerk = Clerk::new(address);
        let deadline = Instant::now() + PATIENCE;
        while !self.send(&mut clerk).expect("the server is there") {
            let is_late = Instant::now() > deadline;
            assert!(!is_late, "no space came back\n{}", run.launcher.log_end());
            thread::sleep(Duration::from_millis(50));
        }
        run.history.absorb(clerk.history);
    }

    /// Goes on sending, receiving and deleting until the server is killed.
    fn send_into_a_kill(&mut self, run: &mut Run, server: Server) {
        let address = server.address;
        thread::scope(|scope| {
            let sending = scope.spawn(|| {
                let mut clerk = Clerk::new(address);
                while self.send(&mut clerk).is_ok() {}
                clerk.history
            });
            let deleting = scope.spawn(|| {
                let mut clerk = Clerk::new(address);
                while take(&mut clerk).is_ok() {}
                clerk.history
            });
            thread::sleep(Duration::from_millis(200));
            run.kill(server);
            for worker in [sending, deleting] {
                run.history.absorb(worker.join().expect("a worker does not panic"));
            }
        });
    }
}

/// Receives a few times, and deletes what comes. Returns how many messages were deleted.
fn receive_and_delete(address: SocketAddr, history: &mut History) -> usize {
    let mut clerk = Clerk::new(address);
    let deleted = (0..5).map(|_| take(&mut clerk).expect("the server is there")).sum();
    history.absorb(clerk.history);
    deleted
}

/// Returns how many messages were received and deleted.
fn take(clerk: &mut Clerk) -> Result<usize, Cut> {
    let how = How { max: 3, wait_seconds: 0, visibility_seconds: 3, attempt: None };
    let messages: Vec<InHand> = clerk.receive(Queue::Bulk, &how)?;
    if messages.is_empty() {
        return Ok(0);
    }
    Ok(clerk.delete_batch(&messages)?.into_iter().filter(|deleted| *deleted).count())
}
