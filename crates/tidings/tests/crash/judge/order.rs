//! What must hold for the messages of a FIFO group together.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::books::{Books, Life};
use super::message::SLACK;
use crate::history::Span;
use crate::name::Stream;
use crate::queues::Queue;

/// What one receive handed out of one group.
struct Handout {
    span: Span,
    visibility_timeout: Duration,
    /// The messages' numbers, in the order of the answer.
    numbers: Vec<u32>,
}

pub(super) fn check_all(books: &Books<'_>, violations: &mut Vec<String>) {
    for ((queue, stream), handouts) in handouts(books) {
        let group = Group { books, queue, stream, handouts };
        let checks =
            [group.in_order(), group.nothing_passed_over(), group.nothing_returns(), group.alone()];
        for (number, violation) in checks.into_iter().flatten() {
            let name = stream.message(number);
            violations.push(format!("{name} {violation}{}", books.story(name)));
        }
    }
    sequence_numbers_grow(books, violations);
}

/// Every group in every FIFO queue, its handouts in the order of their beginnings.
fn handouts(books: &Books<'_>) -> BTreeMap<(Queue, Stream), Vec<Handout>> {
    let mut groups: BTreeMap<(Queue, Stream), Vec<Handout>> = BTreeMap::new();
    for receive in books.history.receives.iter().filter(|receive| receive.queue.is_fifo()) {
        let mut by_stream: BTreeMap<Stream, Vec<u32>> = BTreeMap::new();
        for handed in &receive.handed {
            by_stream.entry(handed.name.stream).or_default().push(handed.name.number);
        }
        for (stream, numbers) in by_stream {
            let (span, visibility_timeout) = (receive.span, receive.visibility_timeout);
            let handout = Handout { span, visibility_timeout, numbers };
            groups.entry((receive.queue, stream)).or_default().push(handout);
        }
    }
    for handouts in groups.values_mut() {
        handouts.sort_by_key(|handout| handout.span.began);
    }
    groups
}

struct Group<'a> {
    books: &'a Books<'a>,
    queue: Queue,
    stream: Stream,
    handouts: Vec<Handout>,
}

/// Which message, and what is wrong with it.
type Violation = Option<(u32, String)>;

impl Group<'_> {
    fn in_order(&self) -> Violation {
        let wrong = |handout: &Handout| {
            let pairs = handout.numbers.windows(2);
            pairs.filter(|pair| pair[0] >= pair[1]).map(|pair| pair[1]).next()
        };
        let number = self.handouts.iter().find_map(wrong)?;
        Some((number, "was received out of order within one receive".into()))
    }

    /// A message is handed out only when all before it are gone, or with it.
    fn nothing_passed_over(&self) -> Violation {
        // What a dead-letter queue is given depends on what was received before.
        if self.queue != self.stream.queue {
            return None;
        }
        let last = self.handouts.iter().flat_map(|handout| &handout.numbers).max()?;
        let gone_from: Vec<Gone> = (0..=*last).map(|number| self.gone_from(number)).collect();
        // For each number, the one below it that is gone last.
        let mut latest_below: Vec<Option<(Gone, u32)>> = vec![None];
        for (number, gone) in gone_from.iter().enumerate() {
            let own = (*gone, u32::try_from(number).unwrap());
            let before = latest_below[number];
            latest_below.push(before.max(Some(own)));
        }
        for handout in &self.handouts {
            let mut from = 0;
            for number in &handout.numbers {
                let passed = if from == 0 {
                    latest_below[*number as usize]
                } else {
                    (from..*number).map(|n| (gone_from[n as usize], n)).max()
                };
                if let Some((gone, number)) = passed
                    && gone > Gone::From(handout.span.ended)
                {
                    return Some((number, "was passed over by later messages of its group".into()));
                }
                from = number + 1;
            }
        }
        None
    }

    /// When a message may have left the queue at the earliest.
    fn gone_from(&self, number: u32) -> Gone {
        let Some(life) = self.books.lives.get(&self.stream.message(number)) else {
            return Gone::Always;
        };
        let Some(sent) = life.may_exist_from() else { return Gone::Always };
        let deletes = life.deletes.iter().filter(|delete| delete.outcome.may_have_happened());
        let deleted = deletes.map(|delete| delete.span.began).min();
        let dead_lettered = self.queue.redrive().and_then(|redrive| {
            let often = life.receives.iter().filter(|(_, h)| h.count >= redrive.max_receive_count);
            let known = often.map(|(receive, _)| receive.span.began);
            let lost = self.books.lost_receives(self.queue);
            let lost = lost.filter(|lost| lost.span.ended > sent).map(|lost| lost.span.began);
            known.chain(lost).min()
        });
        deleted.into_iter().chain(dead_lettered).min().map_or(Gone::Never, Gone::From)
    }

    /// Once a message was handed out, those before it that did not come with it are gone.
    fn nothing_returns(&self) -> Violation {
        let mut by_end: Vec<&Handout> = self.handouts.iter().collect();
        by_end.sort_by_key(|handout| handout.span.ended);
        let mut ended = by_end.into_iter().peekable();
        let mut floor = 0;
        for handout in &self.handouts {
            while let Some(before) = ended.next_if(|other| other.span.is_before(&handout.span)) {
                floor = floor.max(*before.numbers.iter().min()?);
            }
            if let Some(number) = handout.numbers.iter().find(|number| **number < floor) {
                let what = "came back when later messages of its group had been received";
                return Some((*number, what.into()));
            }
        }
        None
    }

    /// While a message of the group is in flight, nobody else is handed one.
    fn alone(&self) -> Violation {
        let mut holding: Vec<(&Handout, Instant)> = Vec::new();
        for handout in &self.handouts {
            holding.retain(|(_, until)| *until > handout.span.began);
            for (holder, until) in &holding {
                if holder.span.is_before(&handout.span) && handout.span.ended < *until {
                    let what = format!(
                        "was handed out while others of its group were in flight: {:?}",
                        holder.numbers
                    );
                    return Some((handout.numbers[0], what));
                }
            }
            holding.push((handout, self.held_until(handout)));
        }
        None
    }

    /// Until when at least one message of a handout is in flight for sure.
    fn held_until(&self, handout: &Handout) -> Instant {
        let latest = |number: &u32| {
            let name = self.stream.message(*number);
            self.books.lives.get(&name).map_or(handout.span.began, |life| released(life, handout))
        };
        handout.numbers.iter().map(latest).max().unwrap_or(handout.span.began)
    }
}

/// When a message of a handout may have been in flight no longer, at the earliest.
fn released(life: &Life<'_>, handout: &Handout) -> Instant {
    let after = |span: &Span| span.ended > handout.span.began;
    let at = |began: Instant, timeout: Duration| began + timeout.saturating_sub(SLACK);
    let deletes = life.deletes.iter().filter(|d| d.outcome.may_have_happened() && after(&d.span));
    let changes = life.changes.iter().filter(|c| c.outcome.may_have_happened() && after(&c.span));
    let deletes = deletes.map(|delete| delete.span.began);
    let changes = changes.map(|change| at(change.span.began, change.visibility_timeout));
    let expiry = at(handout.span.began, handout.visibility_timeout);
    deletes.chain(changes).fold(expiry, Instant::min)
}

/// When a message may have left, at the earliest.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Gone {
    /// It may never have been there.
    Always,
    From(Instant),
    Never,
}

fn sequence_numbers_grow(books: &Books<'_>, violations: &mut Vec<String>) {
    let mut last: BTreeMap<Stream, u128> = BTreeMap::new();
    for (name, life) in books.lives.iter().filter(|(name, _)| name.stream.queue.is_fifo()) {
        let Some(identity) = life.identity() else { continue };
        let Some(number) = identity.sequence_number else {
            violations.push(format!("{name} was sent to a FIFO queue without sequence number"));
            continue;
        };
        if last.insert(name.stream, number).is_some_and(|before| before >= number) {
            violations.push(format!("{name} has no greater sequence number than the one before"));
        }
    }
}
