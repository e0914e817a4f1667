//! The judge. It is told what every shard was asked and what came of it, and knows by rules of its own
//! what may be. It uses nothing of the core.
//!
//! What a shard decides is applied to a model of memory at once. What is durable follows when a batch
//! is acknowledged. A crash makes the model of memory what is durable; and if a batch was with the
//! writer, there are two worlds from then on, one with it and one without, until something happens
//! that can be in one of them only. A fact that can be in none is a finding.

mod facts;
mod messages;
mod model;
mod move_tasks;
mod receipts;
mod receives;
mod topics;

pub use facts::{
    Answer, Ask, Begun, Body, Entry, Fact, Fate, Got, Ms, No, Outcome, QueueIndex, Receipt,
    Setting, SlotIndex, TopicIndex,
};

use self::model::Model;

/// More worlds than this are a fault of the simulator: nothing tells them apart.
const WORLDS_MAX: usize = 64;

/// What was wrong, in a sentence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding(pub String);

/// What may have happened, in memory and durably.
struct World {
    memory: Model,
    durable: Model,
}

/// The judge of one shard.
#[derive(Default)]
pub struct Auditor {
    worlds: Vec<World>,
    /// Facts that are not durable, and when they were.
    journal: Vec<(Fact, Ms)>,
    /// How many of them are with the writer.
    handed_over: usize,
    /// The latest that the shard's clock has ever shown.
    high: Ms,
}

impl Auditor {
    /// Of a shard that is new.
    pub fn new() -> Self {
        let world = World { memory: Model::default(), durable: Model::default() };
        Self { worlds: vec![world], ..Self::default() }
    }

    /// Something happened.
    ///
    /// # Errors
    /// If it cannot have.
    pub fn saw(&mut self, fact: Fact, now: Ms) -> Result<(), Finding> {
        self.high = self.high.max(now);
        self.keep(|world| world.memory.apply(&fact, now))?;
        self.journal.push((fact, now));
        Ok(())
    }

    /// The owner has done all that there was to do.
    ///
    /// # Errors
    /// If somebody waits in vain.
    pub fn rests(&mut self, now: Ms) -> Result<(), Finding> {
        self.high = self.high.max(now);
        self.keep(|world| {
            world.memory.apply(&Fact::Passed, now)?;
            world.memory.check_waits()
        })
    }

    /// All that happened so far is with the writer.
    pub fn handed_over(&mut self) {
        self.handed_over = self.journal.len();
    }

    /// What is with the writer is durable.
    ///
    /// # Errors
    /// Never, unless the auditor contradicts itself.
    pub fn durable(&mut self) -> Result<(), Finding> {
        let handed_over = std::mem::take(&mut self.handed_over);
        let facts: Vec<(Fact, Ms)> = self.journal.drain(..handed_over).collect();
        self.keep(|world| facts.iter().try_for_each(|(fact, now)| world.durable.apply(fact, *now)))
    }

    /// All that happened so far changed nothing that has to be durable.
    ///
    /// # Errors
    /// As for [`Auditor::durable`].
    pub fn settled(&mut self) -> Result<(), Finding> {
        self.handed_over();
        self.durable()
    }

    /// Memory is gone. What was with the writer may have happened, unless `may_have_landed` says that
    /// it has not; what was not has not.
    ///
    /// # Errors
    /// As for [`Auditor::durable`].
    pub fn lost_memory(&mut self, may_have_landed: bool) -> Result<(), Finding> {
        let handed_over = std::mem::take(&mut self.handed_over);
        let facts: Vec<(Fact, Ms)> = self.journal.drain(..).take(handed_over).collect();
        let mut worlds = Vec::new();
        for World { durable, .. } in self.worlds.drain(..) {
            let mut landed = durable.clone();
            let applied = facts.iter().try_for_each(|(fact, now)| landed.apply(fact, *now)).is_ok();
            if applied && may_have_landed && !facts.is_empty() && !worlds.contains(&landed) {
                worlds.push(landed);
            }
            if !worlds.contains(&durable) {
                worlds.push(durable);
            }
        }
        let world = |mut durable: Model| {
            durable.waits.clear();
            World { memory: durable.clone(), durable }
        };
        self.worlds = worlds.into_iter().map(world).collect();
        if self.worlds.len() > WORLDS_MAX {
            return Err(Finding("the simulator cannot tell what happened".to_owned()));
        }
        Ok(())
    }

    /// The end: everything was received and deleted, delivered and replayed.
    ///
    /// # Errors
    /// If something is left that must not be.
    pub fn check_end(&mut self) -> Result<(), Finding> {
        self.keep(|world| world.memory.check_empty())
    }

    /// Keeps the worlds in which something can be.
    fn keep(
        &mut self,
        mut can_be: impl FnMut(&mut World) -> Result<(), String>,
    ) -> Result<(), Finding> {
        let (mut why, high) = (None, self.high);
        self.worlds.retain_mut(|world| {
            (world.memory.high, world.durable.high) = (high, high);
            match can_be(world) {
                Ok(()) => true,
                Err(finding) => {
                    why = Some(finding);
                    false
                }
            }
        });
        match (self.worlds.is_empty(), why) {
            (true, Some(why)) => Err(Finding(why)),
            (true, None) => Err(Finding("there is no world left".to_owned())),
            (false, _) => Ok(()),
        }
    }
}
