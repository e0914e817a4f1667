//! What workloads consist of.

use std::sync::Arc;

use super::settings::Settings;
use super::stand::Stand;
use crate::client::Client;
use crate::error::LoadError;
use crate::ledger::Ledger;
use crate::limits::BATCH_MAX;
use crate::stage::{Ends, Figure, Limits, Party, Progress, Role, Stage, Stop};
use crate::template::{Shape, Target};

/// A load while it is going on.
pub(super) struct Steps<'a> {
    pub(super) client: &'a Client,
    pub(super) settings: &'a Settings,
    pub(super) stand: &'a mut Stand,
    pub(super) stop: &'a Stop,
    pub(super) progress: &'a mut dyn FnMut(&Progress),
}

/// A queue, and what has been sent to it.
#[derive(Clone)]
pub(super) struct Queue {
    pub(super) url: String,
    pub(super) ledger: Arc<Ledger>,
}

impl Steps<'_> {
    /// A new queue with an account of so many lanes.
    pub(super) fn queue(&mut self, is_fifo: bool, lanes: usize) -> Result<Queue, LoadError> {
        let url = self.stand.queue(is_fifo)?;
        Ok(Queue { url, ledger: self.ledger(lanes) })
    }

    pub(super) fn ledger(&self, lanes: usize) -> Arc<Ledger> {
        Arc::new(Ledger::new(self.stand.run(), lanes))
    }

    /// What is sent to a queue.
    pub(super) fn shape(&self, queue: &Queue, batch: usize) -> Shape {
        let target = Target::Queue(self.settings.protocol, queue.url.clone());
        Shape { target, batch, size: self.settings.size, is_fifo: false, addressees: None }
    }

    /// Sends on all connections.
    pub(super) fn send(
        &mut self,
        name: &str,
        shape: Shape,
        ledger: &Arc<Ledger>,
        limits: Limits,
    ) -> Result<Figure, LoadError> {
        let role = Role::Send { shape, ledger: Arc::clone(ledger) };
        let party = Party { name: name.to_owned(), connections: self.settings.connections, role };
        self.run(vec![party], limits).map(only)
    }

    /// Fills a queue as fast as it goes.
    pub(super) fn fill(&mut self, queue: &Queue, messages: u64) -> Result<Figure, LoadError> {
        let shape = self.shape(queue, self.settings.filling_batch());
        let limits = Limits { messages: Some(messages), ..Limits::default() };
        self.send("filling", shape, &queue.ledger, limits)
    }

    /// Receives and deletes on all connections.
    pub(super) fn receive(
        &mut self,
        name: &str,
        queues: &[Queue],
        ends: Ends,
        limits: Limits,
    ) -> Result<Figure, LoadError> {
        let batch = self.settings.batch.unwrap_or(BATCH_MAX);
        let protocol = self.settings.protocol;
        let queues =
            queues.iter().map(|queue| (queue.url.clone(), Arc::clone(&queue.ledger))).collect();
        let role = Role::Receive { protocol, queues, batch, ends };
        let party = Party { name: name.to_owned(), connections: self.settings.connections, role };
        self.run(vec![party], limits).map(only)
    }

    /// Receives all that is there, for the account alone.
    pub(super) fn drain(&mut self, queues: &[Queue]) -> Result<(), LoadError> {
        self.receive("checking", queues, self.drained(), Limits::default()).map(drop)
    }

    /// Until everything has come, or nothing more does.
    pub(super) fn drained(&self) -> Ends {
        Ends::Drained { patience: self.settings.patience }
    }

    /// Receives everything, if that is wanted and nobody has stopped it.
    pub(super) fn verify(&mut self, queues: &[Queue]) -> Result<(), LoadError> {
        if self.settings.verify && !self.stop.is_set() { self.drain(queues) } else { Ok(()) }
    }

    pub(super) fn run(
        &mut self,
        parties: Vec<Party>,
        limits: Limits,
    ) -> Result<Vec<Figure>, LoadError> {
        let stage = Stage { parties, limits, threads: self.settings.threads };
        stage.run(self.client, self.stop, self.progress)
    }
}

/// The figure of a stage with one party.
pub(crate) fn only(mut figures: Vec<Figure>) -> Figure {
    figures.swap_remove(0)
}
