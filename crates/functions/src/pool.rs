//! Which processes there are, what they do, and who gets one. Starts and ends nothing itself.

use std::sync::Arc;
use std::time::Instant;

use crate::process::Process;
use crate::{FunctionSpec, Throttle};

/// All processes of a host.
#[derive(Debug)]
pub(crate) struct Pool {
    members: Vec<Member>,
    members_max: usize,
    next_number: u64,
    stopping: bool,
}

#[derive(Debug)]
struct Member {
    number: u64,
    spec: Arc<FunctionSpec>,
    standing: Standing,
    /// Not there while it is being started.
    process: Option<Arc<Process>>,
    /// To be ended as soon as it has nothing to do.
    retired: bool,
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Standing {
    /// It has an invocation, or is started for one.
    Busy,
    /// It has answered, and has not asked for more yet.
    Answered,
    /// It waits for the next one, since then.
    Idle(Instant),
}

/// What somebody who needs a process is told. A process that has to go to make place comes along,
/// to be ended.
#[derive(Debug)]
pub(crate) enum Claim {
    /// This one is theirs.
    Warm(u64, Arc<Process>),
    /// They may start one of this number.
    Cold(u64, Option<Arc<Process>>),
    /// One that has just answered may soon be free: wait a moment, or say that it was enough.
    Soon,
    /// All are at work: wait, or say which bound it was.
    Full(Throttle),
    /// The function may not run more often.
    Refused(Throttle),
    /// Nothing is run any more.
    Stopping,
}

impl Pool {
    pub(crate) fn new(members_max: usize) -> Self {
        Self { members: Vec::new(), members_max, next_number: 1, stopping: false }
    }

    /// Finds a process for `spec`, or a place for one. `patient`: who asks would rather wait a
    /// moment than have one started.
    pub(crate) fn claim(
        &mut self,
        spec: &Arc<FunctionSpec>,
        reserved: Option<u32>,
        patient: bool,
    ) -> Claim {
        if self.stopping {
            return Claim::Stopping;
        }
        self.members.retain(|member| !(member.is_idle() && member.has_ended()));
        let function = spec.function_arn();
        let mut others = 0;
        let mut busy = 0;
        for member in self.members.iter().filter(|member| member.spec.function_arn() == function) {
            others += 1;
            busy += usize::from(member.standing == Standing::Busy);
        }
        let reserved = reserved.map_or(usize::MAX, |reserved| reserved as usize);
        if busy >= reserved {
            return Claim::Refused(Throttle::ReservedConcurrency);
        }
        if let Some(member) = self.idle_for(spec) {
            member.standing = Standing::Busy;
            if let Some(process) = &member.process {
                return Claim::Warm(member.number, Arc::clone(process));
            }
        }
        if patient && self.members.iter().any(|member| member.will_serve(spec)) {
            return Claim::Soon;
        }
        let (gone, bound) = if others >= reserved {
            let gone = self.evict(|member| member.spec.function_arn() == function);
            (gone, Throttle::ReservedConcurrency)
        } else if self.members.len() >= self.members_max {
            (self.evict(|_| true), Throttle::Processes)
        } else {
            return Claim::Cold(self.add(spec), None);
        };
        match gone {
            Some(gone) => Claim::Cold(self.add(spec), gone),
            None => Claim::Full(bound),
        }
    }

    /// The process of `spec` that was used last, so that those that are not needed expire.
    fn idle_for(&mut self, spec: &FunctionSpec) -> Option<&mut Member> {
        let fitting = self
            .members
            .iter_mut()
            .filter(|member| member.is_idle() && member.process.is_some() && member.serves(spec));
        fitting.max_by_key(|member| member.idle_since())
    }

    /// Takes out the process that has idled longest of those that `may_go`: its place is free.
    fn evict(&mut self, may_go: impl Fn(&Member) -> bool) -> Option<Option<Arc<Process>>> {
        let idle = self.members.iter().enumerate();
        let idle = idle.filter(|(_, member)| member.is_idle() && may_go(member));
        let (at, _) = idle.min_by_key(|(_, member)| member.idle_since())?;
        Some(self.members.swap_remove(at).process)
    }

    fn add(&mut self, spec: &Arc<FunctionSpec>) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        self.members.push(Member {
            number,
            spec: Arc::clone(spec),
            standing: Standing::Busy,
            process: None,
            retired: false,
        });
        number
    }

    fn member(&mut self, number: u64) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.number == number)
    }

    /// The process of a place has been started. Says whether it may run.
    pub(crate) fn started(&mut self, number: u64, process: &Arc<Process>) -> bool {
        let stopping = self.stopping;
        let Some(member) = self.member(number) else { return false };
        member.process = Some(Arc::clone(process));
        !stopping
    }

    /// Whether nothing more is run.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping
    }

    /// The process has answered: the function does not run in it any more.
    pub(crate) fn answered(&mut self, number: u64) {
        if let Some(member) = self.member(number) {
            member.standing = Standing::Answered;
        }
    }

    /// The process asks for more. Says whether it is kept; if not, it is not in the pool any more.
    pub(crate) fn idles(&mut self, number: u64, now: Instant) -> bool {
        let kept = !self.stopping && self.member(number).is_some_and(|member| !member.retired);
        match self.member(number) {
            Some(member) if kept => member.standing = Standing::Idle(now),
            _ => self.remove(number),
        }
        kept
    }

    /// A place is free.
    pub(crate) fn remove(&mut self, number: u64) {
        self.members.retain(|member| member.number != number);
    }

    /// Takes out the idle processes that `stale` says yes to, and has others end when they idle.
    pub(crate) fn retire(&mut self, stale: impl Fn(&FunctionSpec) -> bool) -> Vec<Arc<Process>> {
        for member in &mut self.members {
            member.retired |= stale(&member.spec);
        }
        self.take_idle(|member| member.retired)
    }

    /// Takes out the processes that have idled since `bound` or longer.
    pub(crate) fn expire(&mut self, bound: Instant) -> Vec<Arc<Process>> {
        self.take_idle(|member| member.has_ended() || member.idle_since() <= Some(bound))
    }

    /// Lets nothing more begin, and takes out what idles.
    pub(crate) fn stop(&mut self) -> Vec<Arc<Process>> {
        self.stopping = true;
        self.take_idle(|_| true)
    }

    fn take_idle(&mut self, which: impl Fn(&Member) -> bool) -> Vec<Arc<Process>> {
        let gone = self.members.extract_if(.., |member| member.is_idle() && which(member));
        gone.filter_map(|member| member.process).collect()
    }

    /// Those that are still there.
    pub(crate) fn processes(&self) -> Vec<Arc<Process>> {
        self.members.iter().filter_map(|member| member.process.clone()).collect()
    }

    /// How many processes there are, and how many of them idle.
    pub(crate) fn count(&self) -> (usize, usize) {
        let idle = self.members.iter().filter(|member| member.is_idle()).count();
        (self.members.len(), idle)
    }
}

impl Member {
    fn is_idle(&self) -> bool {
        matches!(self.standing, Standing::Idle(_))
    }

    fn idle_since(&self) -> Option<Instant> {
        match self.standing {
            Standing::Idle(since) => Some(since),
            _ => None,
        }
    }

    fn has_ended(&self) -> bool {
        self.process.as_ref().is_some_and(|process| process.has_ended())
    }

    fn serves(&self, spec: &FunctionSpec) -> bool {
        !self.retired && self.spec.arn == spec.arn && self.spec.revision == spec.revision
    }

    fn will_serve(&self, spec: &FunctionSpec) -> bool {
        self.standing == Standing::Answered && self.serves(spec)
    }
}
