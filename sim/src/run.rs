//! One run: shards, clients, a network, endpoints and faults, in the order of simulated time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::auditor::{Answer, Ask, Begun, Finding, Outcome, Receipt};
use crate::counts::Counts;
use crate::faults::{self, Fault};
use crate::node::{Loss, Node, Opened, Setup};
use crate::plan::Plan;
use crate::profile::Profile;
use crate::random::Random;
use crate::trace::Trace;

/// When simulated time begins.
const START: u64 = 1_700_000_000_000;
/// Rests between the rounds that empty everything at the end, in seconds: until after the last retry.
const ROUNDS: [u64; 12] = [0, 1, 5, 15, 30, 60, 60, 120, 300, 600, 600, 600];

/// How one run went.
pub struct Outcomes {
    /// What was wrong, if anything was.
    pub finding: Option<Finding>,
    /// What happened, and how often.
    pub counts: Counts,
    /// Stands for the whole trace.
    pub digest: u64,
    /// How many lines it had.
    pub lines: u64,
    /// Its end.
    pub tail: Vec<String>,
}

/// Runs a seed.
pub fn run(seed: u64, is_printed: bool) -> Outcomes {
    let mut run = Run::new(seed, is_printed);
    let finding = run.play().err();
    Outcomes {
        finding,
        counts: run.counts,
        digest: run.trace.digest(),
        lines: run.trace.lines(),
        tail: run.trace.tail(60),
    }
}

enum Event {
    /// A client asks for something.
    Act {
        client: usize,
    },
    /// A request arrives; or arrives once more.
    Arrive {
        request: u64,
        is_repeat: bool,
    },
    /// An answer arrives.
    Answer {
        request: u64,
        answer: Result<Answer, Loss>,
    },
    /// A client has waited for long enough.
    GiveUp {
        request: u64,
    },
    Write {
        node: usize,
    },
    Keep {
        node: usize,
    },
    Due {
        node: usize,
    },
    Room {
        node: usize,
    },
    Open {
        node: usize,
    },
    Fault {
        node: usize,
    },
    /// A fault is over.
    Heal {
        node: usize,
    },
    /// An endpoint says how an attempt went.
    Settle {
        node: usize,
        receipt: Receipt,
        outcome: Outcome,
    },
    /// Whoever has an endpoint confirms its subscription.
    Confirm {
        node: usize,
        ask: Ask,
        token: String,
    },
}

struct Request {
    node: usize,
    client: usize,
    ask: Ask,
    /// As the shard knows it, once it has arrived.
    token: Option<u64>,
}

struct Client {
    node: usize,
    request: Option<u64>,
    /// To be asked again: it was not answered.
    again: Option<Ask>,
}

/// What is known of a shard beside itself.
#[derive(Default)]
struct Beside {
    /// How far its clock is off, in milliseconds.
    offset: i64,
    is_writing: bool,
    is_keeping: bool,
    is_looking_for_room: bool,
    is_opening: bool,
    /// The number of the event that stands for what is due, and when it is.
    due: Option<(u64, u64)>,
    is_slow: bool,
    has_bad_endpoints: bool,
    /// The power is to be cut during the next opening, after so many operations.
    cut_opening_after: Option<u64>,
    /// It refused to open, and takes no more part.
    has_refused: bool,
}

struct Run {
    random: Random,
    profile: Profile,
    trace: Trace,
    counts: Counts,
    now: u64,
    events: BinaryHeap<Reverse<(u64, u64)>>,
    scheduled: BTreeMap<u64, Event>,
    last_event: u64,
    nodes: Vec<Node>,
    plans: Vec<Plan>,
    beside: Vec<Beside>,
    clients: Vec<Client>,
    requests: BTreeMap<u64, Request>,
    last_request: u64,
    by_token: BTreeMap<(usize, u64), u64>,
    /// Answers that the end of the run waits for.
    answers_now: BTreeMap<(usize, u64), Result<Answer, Loss>>,
    is_ending: bool,
}

impl Run {
    fn new(seed: u64, is_printed: bool) -> Self {
        let mut random = Random::new(seed);
        let profile = Profile::new(&mut random);
        let mut trace = Trace::new(is_printed);
        trace.line(0, format_args!("seed {seed}: {profile:?}"));
        let mut run = Self {
            nodes: Vec::new(),
            plans: Vec::new(),
            beside: Vec::new(),
            clients: Vec::new(),
            counts: Counts::default(),
            now: 0,
            events: BinaryHeap::new(),
            scheduled: BTreeMap::new(),
            last_event: 0,
            requests: BTreeMap::new(),
            last_request: 0,
            by_token: BTreeMap::new(),
            answers_now: BTreeMap::new(),
            is_ending: false,
            trace,
            random,
            profile,
        };
        for index in 0..run.profile.nodes {
            let setup = Setup {
                index,
                is_sealed: run.random.permille(300),
                segment_bytes: *run.random.pick(&[98_304, 131_072]),
                snapshot_every_bytes: *run.random.pick(&[2_000, 8_000, 40_000]),
            };
            let node = Node::new(setup, &mut run.random, START);
            run.nodes.push(node);
            run.plans.push(Plan::new(run.random.fork()));
            run.beside.push(Beside::default());
        }
        run
    }

    fn at(&mut self, delay: u64, event: Event) -> u64 {
        self.last_event += 1;
        self.events.push(Reverse((self.now + delay, self.last_event)));
        self.scheduled.insert(self.last_event, event);
        self.last_event
    }

    fn play(&mut self) -> Result<(), Finding> {
        for node in 0..self.nodes.len() {
            self.open(node)?;
            for queue in crate::scenery::CREATION {
                let ask = self.plans[node].create(queue);
                self.ask_now(node, &ask)?;
            }
            for topic in 0..crate::scenery::TOPICS.len() {
                self.ask_now(node, &Ask::CreateTopic(topic))?;
            }
            for _ in 0..self.profile.clients {
                let client = self.clients.len();
                self.clients.push(Client { node, request: None, again: None });
                self.think(client);
            }
            self.expect_fault(node);
        }
        self.run_for(self.profile.duration_ms)?;
        self.end()
    }

    fn run_for(&mut self, ms: u64) -> Result<(), Finding> {
        let until = self.now + ms;
        while let Some(Reverse((at, number))) = self.events.peek().copied()
            && at <= until
        {
            self.events.pop();
            self.now = at;
            if let Some(event) = self.scheduled.remove(&number) {
                self.happens(event, number)?;
            }
        }
        self.now = until;
        Ok(())
    }

    fn happens(&mut self, event: Event, number: u64) -> Result<(), Finding> {
        match event {
            Event::Act { client } => self.act(client),
            Event::Arrive { request, is_repeat } => return self.arrive(request, is_repeat),
            Event::Answer { request, answer } => self.answered(request, answer),
            Event::GiveUp { request } => return self.give_up(request),
            Event::Write { node } => {
                self.beside[node].is_writing = false;
                return self.with(node, Node::write);
            }
            Event::Keep { node } => {
                self.beside[node].is_keeping = false;
                return self.with(node, Node::keep);
            }
            Event::Due { node } => {
                if self.beside[node].due.is_some_and(|(due, _)| due == number) {
                    self.beside[node].due = None;
                    return self.with(node, Node::step);
                }
            }
            Event::Room { node } => {
                self.beside[node].is_looking_for_room = false;
                return self.with(node, Node::look_for_room);
            }
            Event::Open { node } => {
                self.beside[node].is_opening = false;
                return self.open(node);
            }
            Event::Fault { node } => return self.fault(node),
            Event::Heal { node } => self.heal(node),
            Event::Settle { node, receipt, outcome } => {
                return self.tell(node, &Ask::Settle(receipt, outcome), None);
            }
            Event::Confirm { node, ask, token } => return self.tell(node, &ask, Some(&token)),
        }
        Ok(())
    }

    fn set_clock(&self, node: usize) {
        let now = (START + self.now).saturating_add_signed(self.beside[node].offset);
        self.nodes[node].set_clock(now);
    }

    /// Has a shard do something, and takes what comes of it.
    fn with(
        &mut self,
        node: usize,
        act: impl FnOnce(&mut Node, &mut Trace) -> Result<(), Finding>,
    ) -> Result<(), Finding> {
        self.set_clock(node);
        act(&mut self.nodes[node], &mut self.trace)?;
        self.follow_up(node)
    }

    fn follow_up(&mut self, node: usize) -> Result<(), Finding> {
        if self.nodes[node].has_lost_power() {
            self.crash(node, true)?;
        }
        self.emitted(node)?;
        let (profile, beside) = (&self.profile, &self.beside[node]);
        let shard = &self.nodes[node];
        let is_down = !shard.is_live() && !beside.is_opening && !beside.has_refused;
        let slowness = if beside.is_slow { 2000 } else { 0 };
        let (write_ms, keep_ms) = (profile.write_ms + slowness, profile.keep_ms);
        let writes = shard.has_job() && !beside.is_writing;
        let keeps = shard.has_errand() && !beside.is_keeping;
        let looks = shard.is_short_of_room() && !beside.is_looking_for_room;
        if writes {
            self.beside[node].is_writing = true;
            let delay = self.random.between(0, write_ms);
            self.at(delay, Event::Write { node });
        }
        if keeps {
            self.beside[node].is_keeping = true;
            let delay = self.random.between(0, keep_ms);
            self.at(delay, Event::Keep { node });
        }
        if looks {
            self.beside[node].is_looking_for_room = true;
            self.at(1000, Event::Room { node });
        }
        if is_down {
            self.beside[node].is_opening = true;
            let delay = self.random.between(10, 3000);
            self.at(delay, Event::Open { node });
        }
        self.expect_due(node);
        Ok(())
    }

    fn expect_due(&mut self, node: usize) {
        let Some(due) = self.nodes[node].next_due() else {
            self.beside[node].due = None;
            return;
        };
        let wait = due.saturating_sub(self.nodes[node].now());
        let at = self.now + wait;
        if self.beside[node].due.is_some_and(|(_, known)| known == at) {
            return;
        }
        let number = self.at(wait, Event::Due { node });
        self.beside[node].due = Some((number, at));
    }

    /// Takes what a shard gave out.
    fn emitted(&mut self, node: usize) -> Result<(), Finding> {
        let emitted = self.nodes[node].take_emitted();
        for (token, ask, answer) in emitted.answers {
            self.count_answer(&ask, &answer);
            let Some(request) = self.by_token.remove(&(node, token)) else {
                self.answers_now.insert((node, token), answer);
                continue;
            };
            if self.is_lost() {
                continue;
            }
            let delay = self.random.between(0, self.profile.network_ms);
            self.at(delay, Event::Answer { request, answer });
        }
        for (begun, token) in emitted.attempts {
            self.attempt(node, &begun, token);
        }
        Ok(())
    }

    fn count_answer(&mut self, ask: &Ask, answer: &Result<Answer, Loss>) {
        let Ok(answer) = answer else { return };
        self.counts.answers += 1;
        match (ask, answer) {
            (Ask::Receive { .. }, Answer::Received(got)) => {
                self.counts.receives += got.len() as u64;
            }
            (_, Answer::Sent(sent)) => self.counts.messages += sent.len() as u64,
            _ => {}
        }
    }

    /// Whether the network loses something now.
    fn is_lost(&mut self) -> bool {
        let is_lost = !self.is_ending && self.random.permille(self.profile.lost);
        self.counts.network_faults += u64::from(is_lost);
        is_lost
    }

    fn think(&mut self, client: usize) {
        let delay = self.random.between(1, self.profile.think_ms);
        self.at(delay, Event::Act { client });
    }

    fn act(&mut self, client: usize) {
        if self.is_ending {
            return;
        }
        let node = self.clients[client].node;
        self.set_clock(node);
        let again = self.clients[client].again.take();
        let (plan, now) = (&mut self.plans[node], self.nodes[node].now());
        let ask = match again {
            Some(ask) => plan.again(&ask),
            None => plan.next(&self.profile, now),
        };
        let patience = self.random.between(1, self.profile.patience_ms)
            + match &ask {
                Ask::Receive { wait, .. } => wait * 1000,
                _ => 0,
            };
        self.last_request += 1;
        let request = self.last_request;
        self.requests.insert(request, Request { node, client, ask, token: None });
        self.clients[client].request = Some(request);
        self.at(patience, Event::GiveUp { request });
        if self.is_lost() {
            return;
        }
        let delay = self.random.between(0, self.profile.network_ms);
        self.at(delay, Event::Arrive { request, is_repeat: false });
        if self.random.permille(self.profile.repeated) {
            self.counts.network_faults += 1;
            let later = self.random.between(1, 5000);
            self.at(delay + later, Event::Arrive { request, is_repeat: true });
        }
    }

    fn arrive(&mut self, request: u64, is_repeat: bool) -> Result<(), Finding> {
        let Some(Request { node, ask, .. }) = self.requests.get(&request) else { return Ok(()) };
        let (node, mut ask) = (*node, ask.clone());
        if is_repeat {
            ask = self.plans[node].again(&ask);
            return self.tell(node, &ask, None);
        }
        self.set_clock(node);
        self.counts.requests += 1;
        let token = self.nodes[node].arrive(&ask, None, &mut self.trace)?;
        if let Some(request) = self.requests.get_mut(&request) {
            request.token = Some(token);
        }
        self.by_token.insert((node, token), request);
        self.follow_up(node)
    }

    /// A request whose answer nobody heeds.
    fn tell(&mut self, node: usize, ask: &Ask, token: Option<&str>) -> Result<(), Finding> {
        self.set_clock(node);
        self.counts.requests += 1;
        self.nodes[node].arrive(ask, token, &mut self.trace)?;
        self.follow_up(node)
    }

    fn answered(&mut self, request: u64, answer: Result<Answer, Loss>) {
        let Some(Request { node, client, ask, .. }) = self.requests.remove(&request) else {
            return;
        };
        if let Ok(answer) = &answer {
            self.plans[node].told(&ask, answer);
        } else if self.random.permille(700) {
            self.clients[client].again = Some(ask);
        }
        self.clients[client].request = None;
        self.think(client);
    }

    fn give_up(&mut self, request: u64) -> Result<(), Finding> {
        let Some(Request { node, client, ask, token }) = self.requests.remove(&request) else {
            return Ok(());
        };
        self.counts.network_faults += 1;
        self.clients[client].request = None;
        if self.random.permille(700) {
            self.clients[client].again = Some(ask);
        }
        self.think(client);
        let Some(token) = token else { return Ok(()) };
        self.by_token.remove(&(node, token));
        self.with(node, |node, trace| node.leave(token, trace))
    }

    /// An endpoint is given a message.
    fn attempt(&mut self, node: usize, begun: &Begun, token: Option<String>) {
        self.counts.attempts += 1;
        let receipt = begun.receipt;
        if let Some(token) = token
            && let Some(id) = begun.subscription
            && let Some(slot) = slot_of(&begun.endpoint)
        {
            let delay = self.random.between(1, 3000);
            self.at(delay, Event::Confirm { node, ask: Ask::Confirm(slot, id), token });
        }
        let is_bad = self.beside[node].has_bad_endpoints && begun.body.is_some() && !self.is_ending;
        let (delay, outcome) = faults::outcome(&mut self.random, is_bad);
        self.at(delay, Event::Settle { node, receipt, outcome });
    }

    fn open(&mut self, node: usize) -> Result<(), Finding> {
        if self.nodes[node].is_live() || self.beside[node].has_refused {
            return Ok(());
        }
        self.set_clock(node);
        let cut = self.beside[node].cut_opening_after.take().filter(|_| !self.is_ending);
        if let Some(operations) = cut {
            self.nodes[node].cut_power_after(operations);
        }
        let opened = self.nodes[node].open(&mut self.trace)?;
        if opened == Opened::Refused {
            self.counts.refusals += 1;
            self.beside[node].has_refused = true;
        }
        self.nodes[node].keep_power();
        self.follow_up(node)
    }

    fn crash(&mut self, node: usize, is_power: bool) -> Result<(), Finding> {
        let beside = &mut self.beside[node];
        (beside.is_writing, beside.is_keeping, beside.due) = (false, false, None);
        // Events of the process that was: the ones to come are those of the next.
        self.scheduled.retain(|_, event| {
            !matches!(event, Event::Write { node: of } | Event::Keep { node: of } if *of == node)
        });
        self.set_clock(node);
        if is_power {
            self.counts.power_cuts += 1;
            let mut survival = faults::survival(&mut self.random);
            self.nodes[node].crash(Some(&mut survival), &mut self.trace)
        } else {
            self.counts.kills += 1;
            self.nodes[node].crash(None, &mut self.trace)
        }
    }

    fn expect_fault(&mut self, node: usize) {
        if self.profile.fault_every_ms > 0 && !self.is_ending {
            let delay = self.random.between(1, 2 * self.profile.fault_every_ms);
            self.at(delay, Event::Fault { node });
        }
    }

    fn fault(&mut self, node: usize) -> Result<(), Finding> {
        if self.is_ending {
            return Ok(());
        }
        self.expect_fault(node);
        let fault = faults::next(&mut self.random, &self.profile);
        self.trace.line(self.now, format_args!("n{node} fault: {fault:?}"));
        match fault {
            Fault::Kill | Fault::PowerCut => {
                if self.nodes[node].is_up() {
                    self.crash(node, fault == Fault::PowerCut)?;
                }
                return self.follow_up(node);
            }
            Fault::PowerCutAfter(operations) => {
                if self.nodes[node].is_up() {
                    self.nodes[node].cut_power_after(operations);
                }
            }
            Fault::PowerCutWhileOpening(operations) => {
                self.beside[node].cut_opening_after = Some(operations);
                if self.nodes[node].is_up() {
                    self.crash(node, true)?;
                }
                return self.follow_up(node);
            }
            Fault::DiskFails(operation, error) => {
                self.counts.disk_faults += 1;
                self.nodes[node].disk().fail_next(operation, error);
            }
            Fault::DiskFull(bytes, ms) => {
                self.counts.disk_faults += 1;
                let disk = self.nodes[node].disk();
                disk.set_capacity(Some(disk.used_bytes() + bytes));
                self.at(ms, Event::Heal { node });
            }
            Fault::DiskSlow(ms) => {
                self.beside[node].is_slow = true;
                self.at(ms, Event::Heal { node });
            }
            Fault::ClockJumps(ms) => {
                self.counts.clock_jumps += 1;
                self.beside[node].offset += ms;
                return self.with(node, Node::step);
            }
            Fault::Endpoints(are_bad) => self.beside[node].has_bad_endpoints = are_bad,
        }
        Ok(())
    }

    fn heal(&mut self, node: usize) {
        self.beside[node].is_slow = false;
        self.nodes[node].disk().set_capacity(None);
    }

    /// Nothing goes wrong any more: everything must come to its end.
    fn end(&mut self) -> Result<(), Finding> {
        self.is_ending = true;
        for node in 0..self.nodes.len() {
            self.nodes[node].keep_power();
            self.nodes[node].disk().clear_faults();
            self.heal(node);
        }
        self.run_for(30_000)?;
        for node in 0..self.nodes.len() {
            self.nodes[node].check_given_back()?;
            let is_power = self.random.permille(500);
            self.restart(node, is_power)?;
            if self.profile.has_rot {
                self.rot(node)?;
            }
        }
        for seconds in ROUNDS {
            self.run_for(seconds * 1000)?;
            self.for_all(Self::empty)?;
        }
        self.for_all(|run, node| run.nodes[node].check_end())?;
        // And it stays so.
        self.for_all(|run, node| run.restart(node, true))?;
        self.for_all(Self::empty)?;
        self.for_all(|run, node| run.nodes[node].check_end())
    }

    /// For all shards that take part. One whose disk has rotten may say so instead.
    fn for_all(
        &mut self,
        act: impl Fn(&mut Self, usize) -> Result<(), Finding>,
    ) -> Result<(), Finding> {
        for node in 0..self.nodes.len() {
            if self.beside[node].has_refused {
                continue;
            }
            match act(self, node) {
                Err(Finding(why))
                    if self.nodes[node].has_rotten && why.contains("cannot be read") =>
                {
                    self.counts.refusals += 1;
                    self.beside[node].has_refused = true;
                    self.crash(node, true)?;
                }
                done => done?,
            }
        }
        Ok(())
    }

    fn restart(&mut self, node: usize, is_power: bool) -> Result<(), Finding> {
        self.crash(node, is_power)?;
        self.emitted(node)?;
        self.open(node)?;
        let is_open = self.nodes[node].is_live() || self.beside[node].has_refused;
        if is_open { Ok(()) } else { Err(Finding("the shard does not open".to_owned())) }
    }

    /// Flips a bit of what is on the disk.
    fn rot(&mut self, node: usize) -> Result<(), Finding> {
        self.crash(node, false)?;
        self.emitted(node)?;
        self.counts.flipped_bits += 1;
        let flipped = faults::flip_bit(&mut self.random, self.nodes[node].disk());
        self.trace.line(self.now, format_args!("n{node} rots: {flipped:?}"));
        self.nodes[node].has_rotten = true;
        self.open(node)
    }

    /// Receives and deletes all there is.
    fn empty(&mut self, node: usize) -> Result<(), Finding> {
        for queue in 0..crate::scenery::QUEUES.len() {
            self.ask_now(node, &Ask::Look(queue))?;
            loop {
                let receive =
                    Ask::Receive { queue, max: 10, timeout: Some(30), wait: 0, attempt: None };
                let Answer::Received(got) = self.ask_now(node, &receive)? else { break };
                if got.is_empty() {
                    break;
                }
                let receipts = got.iter().map(|one| one.receipt).collect();
                self.ask_now(node, &Ask::Delete(queue, receipts))?;
            }
            self.ask_now(node, &Ask::Tags(queue))?;
        }
        for source in [1, 3] {
            self.ask_now(node, &Ask::Moves(source))?;
        }
        self.ask_now(node, &Ask::Read)?;
        Ok(())
    }

    /// Asks, and lets the shard work until it has answered.
    fn ask_now(&mut self, node: usize, ask: &Ask) -> Result<Answer, Finding> {
        self.set_clock(node);
        self.counts.requests += 1;
        let token = self.nodes[node].arrive(ask, None, &mut self.trace)?;
        loop {
            self.follow_up(node)?;
            if let Some(answer) = self.answers_now.remove(&(node, token)) {
                return answer.map_err(|loss| Finding(format!("{ask:?} in quiet: {loss:?}")));
            }
            if self.nodes[node].has_job() {
                self.with(node, Node::write)?;
            } else {
                return Err(Finding(format!("{ask:?} is not answered")));
            }
        }
    }
}

/// The subscription of a web address.
fn slot_of(endpoint: &str) -> Option<usize> {
    use crate::scenery::{Goal, SLOTS};
    SLOTS
        .iter()
        .position(|slot| matches!(slot.goal, Goal::Web { address, .. } if address == endpoint))
}
