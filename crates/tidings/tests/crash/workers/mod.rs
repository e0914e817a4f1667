//! Those who use the queues, each in its own way, and go on after each crash where they were.

pub(crate) mod backlog;
mod consumer;
mod fifo_consumer;
mod fifo_producer;
mod housekeeper;
mod mover;
mod producer;
pub(crate) mod register;

use crate::clerk::{Clerk, Cut};
use crate::queues::Queue;
use crate::random::Random;

use backlog::Backlogs;
use consumer::{Consumer, Manner};
use fifo_consumer::FifoConsumer;
use fifo_producer::FifoProducer;
use housekeeper::Housekeeper;
use mover::Mover;
use producer::Producer;

/// Someone who uses queues. What it knows outlives the server.
pub(crate) trait Worker: Send {
    /// Does one thing.
    ///
    /// # Errors
    /// [`Cut`] if the server has gone. The next step is taken when there is one again.
    fn step(&mut self, clerk: &mut Clerk, random: &mut Random) -> Result<(), Cut>;
}

/// The mixed load.
pub(crate) fn all() -> Vec<Box<dyn Worker>> {
    let backlogs = Backlogs::default();
    let produce = |queue: Queue, index: u8| -> Box<dyn Worker> {
        Box::new(Producer::new(queue, index, backlogs.of(queue)))
    };
    let consume = |queue: Queue, manner: Manner| -> Box<dyn Worker> {
        Box::new(Consumer::new(queue, manner, backlogs.of(queue.source())))
    };
    let produce_in_order = |queue: Queue, groups: std::ops::Range<u8>| -> Box<dyn Worker> {
        Box::new(FifoProducer::new(queue, groups, backlogs.of(queue)))
    };
    let consume_in_order = |queue: Queue, id: u32| -> Box<dyn Worker> {
        Box::new(FifoConsumer::new(queue, id, backlogs.of(queue.source())))
    };
    vec![
        produce(Queue::Plain, 0),
        produce(Queue::Plain, 1),
        consume(Queue::Plain, Manner::Whimsical),
        consume(Queue::Plain, Manner::Whimsical),
        consume(Queue::Plain, Manner::Thorough),
        produce(Queue::Work, 0),
        consume(Queue::Work, Manner::Careless),
        consume(Queue::Work, Manner::Careless),
        consume(Queue::WorkDead, Manner::Thorough),
        produce(Queue::Purged, 0),
        consume(Queue::Purged, Manner::Whimsical),
        produce(Queue::Bulk, 0),
        consume(Queue::Bulk, Manner::Thorough),
        produce_in_order(Queue::Ordered, 0..3),
        produce_in_order(Queue::Ordered, 3..6),
        consume_in_order(Queue::Ordered, 0),
        consume_in_order(Queue::Ordered, 1),
        consume_in_order(Queue::Ordered, 2),
        produce_in_order(Queue::Busy, 0..4),
        consume_in_order(Queue::Busy, 3),
        consume_in_order(Queue::Busy, 4),
        consume_in_order(Queue::BusyDead, 5),
        Box::new(Housekeeper::default()),
        Box::new(Mover::default()),
    ]
}
