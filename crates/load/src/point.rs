//! Load on a queue or topic that is there already.

use std::sync::Arc;
use std::time::Duration;

use crate::client::Client;
use crate::error::LoadError;
use crate::ledger::Ledger;
use crate::limits::BATCH_MAX;
use crate::protocol::Protocol;
use crate::stage::{Ends, Figure, Limits, Party, Role, Stage, Stop};
use crate::template::{Shape, Target};

/// When it ends.
#[derive(Copy, Clone, Debug)]
pub enum Until {
    /// After this time.
    Elapsed(Duration),
    /// After so many messages, rounded up to whole requests; receivers also when there is nothing.
    Counted(u64),
}

/// One kind of load after the other, on AWS JSON, with nothing checked. Each call blocks until it is
/// over.
#[derive(Clone, Debug)]
pub struct Point {
    /// Who is asked.
    pub client: Client,
    /// Connections.
    pub connections: usize,
    /// Threads that drive them.
    pub threads: usize,
    /// Bytes of a message.
    pub size: usize,
    /// Requests a second of an open loop.
    pub rate: Option<f64>,
}

impl Point {
    /// 64 connections on two threads, messages of 1,024 bytes, a closed loop.
    pub fn new(client: &Client) -> Self {
        Self { client: client.clone(), connections: 64, threads: 2, size: 1024, rate: None }
    }

    /// SendMessage, or SendMessageBatch if there are several messages in a request.
    ///
    /// # Errors
    /// The server refuses everything, or goes away.
    pub fn send(&self, url: &str, batch: usize, until: Until) -> Result<Figure, LoadError> {
        self.sent("SendMessage", Target::Queue(Protocol::Json, url.to_owned()), batch, until)
    }

    /// Publish.
    ///
    /// # Errors
    /// As [`Point::send`].
    pub fn publish(&self, topic: &str, until: Until) -> Result<Figure, LoadError> {
        self.sent("Publish", Target::Topic(topic.to_owned()), 1, until)
    }

    /// ReceiveMessage and DeleteMessageBatch, in tens.
    ///
    /// # Errors
    /// As [`Point::send`].
    pub fn receive(&self, url: &str, until: Until) -> Result<Figure, LoadError> {
        let queues = vec![(url.to_owned(), Arc::new(Ledger::new(0, 0)))];
        let (protocol, ends) = (Protocol::Json, Ends::Limit);
        let role = Role::Receive { protocol, queues, batch: BATCH_MAX, ends };
        self.run("ReceiveMessage + DeleteMessageBatch", role, until)
    }

    fn sent(
        &self,
        name: &str,
        target: Target,
        batch: usize,
        until: Until,
    ) -> Result<Figure, LoadError> {
        let shape = Shape { target, batch, size: self.size, is_fifo: false, addressees: None };
        let ledger = Arc::new(Ledger::new(0, self.connections));
        self.run(name, Role::Send { shape, ledger }, until)
    }

    fn run(&self, name: &str, role: Role, until: Until) -> Result<Figure, LoadError> {
        let party = Party { name: name.to_owned(), connections: self.connections, role };
        let (duration, messages) = match until {
            Until::Elapsed(duration) => (Some(duration), None),
            Until::Counted(messages) => (None, Some(messages)),
        };
        let limits = Limits { warm_up: Duration::ZERO, duration, messages, rate: self.rate };
        let stage = Stage { parties: vec![party], limits, threads: self.threads };
        let mut figures = stage.run(&self.client, &Stop::default(), &mut |_| ())?;
        Ok(figures.swap_remove(0))
    }
}
