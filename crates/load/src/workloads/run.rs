//! The workloads.

use std::sync::Arc;

use super::settings::{Settings, Workload};
use super::stand::Stand;
use super::steps::{Queue, Steps};
use crate::client::Client;
use crate::cpu::Cpu;
use crate::error::LoadError;
use crate::ledger::Counts;
use crate::report::{Conditions, Report, Row};
use crate::stage::{Ends, Limits, Party, Progress, Role, Stop};
use crate::template::{Shape, Target};

/// Makes what a load needs, runs it, checks what came of it, and takes everything away again. Blocks.
///
/// `progress` is told every second how it goes. `stop` ends it early: what was measured by then is
/// reported, and nothing is checked.
///
/// # Errors
/// A setting is out of its bounds, something cannot be made on the server, or it refuses everything.
/// What had been made is taken away then, too.
pub fn run(
    client: &Client,
    settings: &Settings,
    stop: &Stop,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Report, LoadError> {
    settings.check()?;
    let mut stand = Stand::new(client, settings.protocol)?;
    let cpu = Cpu::now();
    let mut steps = Steps { client, settings, stand: &mut stand, stop, progress };
    let outcome = match settings.workload {
        Workload::Send | Workload::SendBatch => send(&mut steps),
        Workload::Receive => receive(&mut steps),
        Workload::EndToEnd => both(&mut steps, false),
        Workload::Fifo => both(&mut steps, true),
        Workload::Publish => publish(&mut steps, None),
        Workload::PublishFiltered => publish(&mut steps, Some(settings.queues as u64)),
        Workload::Backlog => backlog(&mut steps),
    };
    let conditions = Conditions::new(client, settings, cpu.cores());
    let notes = match settings.keep {
        true => stand.made().map(|name| format!("left there: {name}")).collect(),
        false => stand.remove(),
    };
    let (rows, counts) = outcome?;
    let is_interrupted = stop.is_set();
    // What was not received because nobody did any more is not lost.
    let counts = counts.filter(|_| !is_interrupted);
    Ok(Report { conditions, rows, counts, is_interrupted, notes })
}

/// Rows of the table, and the account if there is one.
type Done = Result<(Vec<Row>, Option<Counts>), LoadError>;

fn send(steps: &mut Steps<'_>) -> Done {
    let queue = steps.queue(false, steps.settings.connections)?;
    let batch = steps.settings.batch();
    let shape = steps.shape(&queue, batch);
    let limits = steps.settings.limits();
    let sent = steps.send(sending(batch), shape, &queue.ledger, limits)?;
    steps.verify(std::slice::from_ref(&queue))?;
    let counts = steps.settings.verify.then(|| queue.ledger.counts());
    Ok((vec![Row::of(&sent)], counts))
}

fn sending(batch: usize) -> &'static str {
    if batch == 1 { "SendMessage" } else { "SendMessageBatch" }
}

const RECEIVING: &str = "ReceiveMessage + DeleteMessageBatch";

fn receive(steps: &mut Steps<'_>) -> Done {
    let queue = steps.queue(false, steps.settings.connections)?;
    steps.fill(&queue, steps.settings.waiting())?;
    let queues = std::slice::from_ref(&queue);
    // What is not received in time is received for the account.
    let limits = Limits { duration: steps.settings.duration, ..Limits::default() };
    let received = steps.receive(RECEIVING, queues, steps.drained(), limits)?;
    Ok((vec![Row::of(&received)], Some(queue.ledger.counts())))
}

/// Half of the connections send and half receive.
fn both(steps: &mut Steps<'_>, is_fifo: bool) -> Done {
    let settings = steps.settings;
    let half = (settings.connections / 2).max(1);
    let lanes = if is_fifo { settings.groups } else { half };
    let senders = half.min(lanes);
    let queue = steps.queue(is_fifo, lanes)?;
    let batch = settings.batch();
    let shape = Shape { is_fifo, ..steps.shape(&queue, batch) };
    let ledger = Arc::clone(&queue.ledger);
    let sending_party = Party {
        name: sending(batch).to_owned(),
        connections: senders,
        role: Role::Send { shape, ledger },
    };
    let receiving_party = Party {
        name: RECEIVING.to_owned(),
        connections: settings.connections.saturating_sub(half).max(1),
        role: Role::Receive {
            protocol: settings.protocol,
            queues: vec![(queue.url.clone(), Arc::clone(&queue.ledger))],
            batch: crate::limits::BATCH_MAX,
            ends: steps.drained(),
        },
    };
    let figures = steps.run(vec![sending_party, receiving_party], settings.limits())?;
    let mut rows: Vec<Row> = figures.iter().take(1).map(Row::of).collect();
    rows.extend(figures.iter().skip(1).map(|figure| Row::transit("from send to receive", figure)));
    Ok((rows, Some(queue.ledger.counts())))
}

/// To all queues, or each message to one of so many.
fn publish(steps: &mut Steps<'_>, addressees: Option<u64>) -> Done {
    let settings = steps.settings;
    let topic = steps.stand.topic()?;
    let mut urls = Vec::new();
    for queue in 0..settings.queues as u64 {
        if steps.stop.is_set() {
            break;
        }
        urls.push(steps.stand.subscriber(&topic, addressees.map(|_| queue))?);
    }
    let batch = settings.batch();
    let target = Target::Topic(topic);
    let shape = Shape { target, batch, size: settings.size, is_fifo: false, addressees };
    let ledger = steps.ledger(settings.connections);
    let name = if batch == 1 { "Publish" } else { "PublishBatch" };
    let published = steps.send(name, shape, &ledger, settings.limits())?;
    let mut rows = vec![Row::of(&published)];
    if addressees.is_none() {
        rows.push(Row::of(&published).times("deliveries", settings.queues as u64));
    }
    if !settings.verify || steps.stop.is_set() {
        return Ok((rows, None));
    }
    let mut counts = Counts::default();
    // As many accounts at once as there are connections, so that memory does not follow the queues.
    for (chunk, urls) in urls.chunks(settings.connections).enumerate() {
        let first = chunk * settings.connections;
        let account = |(number, url): (usize, &String)| Queue {
            url: url.clone(),
            ledger: Arc::new(ledger.of_queue((first + number) as u64, addressees)),
        };
        let queues: Vec<Queue> = urls.iter().enumerate().map(account).collect();
        steps.drain(&queues)?;
        for queue in &queues {
            counts += queue.ledger.counts();
        }
    }
    Ok((rows, Some(counts)))
}

fn backlog(steps: &mut Steps<'_>) -> Done {
    let lanes = steps.settings.connections;
    let (empty, deep) = (steps.queue(false, lanes)?, steps.queue(false, lanes)?);
    let (waiting, timed) = (steps.settings.waiting(), steps.settings.timed());
    let filled = steps.fill(&deep, waiting)?;
    let mut rows = vec![Row::of(&filled).called("SendMessageBatch, filling")];
    let send = |steps: &mut Steps<'_>, name: &str, queue: &Queue| {
        let shape = steps.shape(queue, 1);
        steps.send(name, shape, &queue.ledger, timed).map(|figure| Row::of(&figure))
    };
    let shallow_send = send(steps, "SendMessage, empty queue", &empty)?;
    let deep_send = send(steps, "SendMessage, deep queue", &deep)?.beside(&shallow_send);
    rows.extend([shallow_send, deep_send]);
    let receive = |steps: &mut Steps<'_>, name: &str, queue: &Queue| {
        // There is no warm-up: the shallow queue may be empty soon.
        let limits = Limits { warm_up: std::time::Duration::ZERO, ..timed };
        let queues = std::slice::from_ref(queue);
        steps.receive(name, queues, Ends::Limit, limits).map(|figure| Row::of(&figure))
    };
    let shallow = receive(steps, "receive + delete, shallow queue", &empty)?;
    let deep_row = receive(steps, "receive + delete, deep queue", &deep)?.beside(&shallow);
    rows.extend([shallow, deep_row]);
    steps.verify(&[empty.clone(), deep.clone()])?;
    let counts = steps.settings.verify.then(|| {
        let mut counts = empty.ledger.counts();
        counts += deep.ledger.counts();
        counts
    });
    Ok((rows, counts))
}
