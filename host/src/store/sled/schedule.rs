//! Which polls are due when, and who holds them.
//!
//! When a poll is due is kept in the database as well. Leases are not: the folder belongs to one
//! process, so with the store go all who could hold one, and whoever opens it next finds every poll
//! free. That makes claiming cheap, as nothing has to reach the disk.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::record::whole_micros;
use crate::store::{Change, Due, Lease, Line, Next, StoreError, Write};

/// The polls, found by name, and in the order in which they can be claimed.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    polls: HashMap<Arc<str>, Poll>,
    /// Those that nobody holds any more, by when they are due.
    free: BTreeSet<Place>,
    /// Those that are held, by when their leases run out.
    held: BTreeSet<Place>,
}

/// Where a poll stands: in its line, at a time.
type Place = (Line, Timestamp, Arc<str>);

/// The first of a line.
fn first(places: &BTreeSet<Place>, line: Line) -> Option<&Place> {
    let begin = (line, Timestamp::MIN, Arc::from(""));
    places.range(begin..).next().filter(|(of, ..)| *of == line)
}

#[derive(Debug, Clone)]
struct Poll {
    due: Timestamp,
    /// When somebody asked for it to be due while it was held.
    nudged: Option<Timestamp>,
    lease: Option<Holding>,
}

#[derive(Debug, Clone)]
struct Holding {
    holder: Arc<str>,
    epoch: u64,
    expires_at: Timestamp,
    /// It has run out, and others may claim the poll; until one does, the holder may complete it.
    lapsed: bool,
}

impl Poll {
    fn due_at(due: Timestamp) -> Self {
        Self {
            due,
            nudged: None,
            lease: None,
        }
    }

    fn no_later_than(mut self, at: Timestamp) -> Self {
        self.due = self.due.min(at);
        if self.lease.is_some() {
            self.nudged = Some(self.nudged.map_or(at, |nudged| nudged.min(at)));
        }
        self
    }

    fn is_held_by(&self, lease: &Lease) -> bool {
        let held = self.lease.as_ref();
        held.is_some_and(|held| *held.holder == *lease.holder && held.epoch == lease.epoch)
    }

    /// When its lease runs out, as long as that is what keeps others from claiming it.
    fn held_until(&self) -> Option<Timestamp> {
        let held = self.lease.as_ref().filter(|held| !held.lapsed);
        held.map(|held| held.expires_at)
    }
}

/// What a change makes of polls: how each is afterwards, or none where it is removed.
#[derive(Debug, Default)]
pub(super) struct Plan(HashMap<String, Option<Poll>>);

impl Plan {
    /// When each poll is due afterwards.
    pub fn dues(&self) -> impl Iterator<Item = (&str, Option<Timestamp>)> {
        let polls = self.0.iter();
        polls.map(|(name, poll)| (name.as_str(), poll.as_ref().map(|poll| poll.due)))
    }
}

impl Schedule {
    /// Adds a poll that nobody holds.
    pub fn add(&mut self, name: &str, due: Timestamp) {
        self.set(name, Some(Poll::due_at(due)));
    }

    /// Finds out what a change makes of polls, without making it.
    pub fn plan(&self, change: &Change) -> Result<Plan, StoreError> {
        let mut plan = Plan::default();
        // The lease comes first: what else the change says of its poll holds for afterwards.
        if let Some((lease, next)) = &change.lease {
            let nudged = self.held_by(lease)?.nudged;
            let due = match next {
                Next::At(at) => {
                    let at = whole_micros(*at);
                    Some(nudged.map_or(at, |nudged| nudged.min(at)))
                }
                Next::Gone => nudged,
            };
            plan.0.insert(lease.poll.clone(), due.map(Poll::due_at));
        }
        for write in &change.writes {
            let Write::Due { poll: name, due } = write else {
                continue;
            };
            let planned = plan.0.remove(name);
            let poll = planned.unwrap_or_else(|| self.polls.get(name.as_str()).cloned());
            let poll = match due {
                Due::Never => None,
                Due::NoLaterThan(at) => {
                    let at = whole_micros(*at);
                    Some(poll.map_or(Poll::due_at(at), |poll| poll.no_later_than(at)))
                }
            };
            plan.0.insert(name.clone(), poll);
        }
        Ok(plan)
    }

    /// Makes what was planned.
    pub fn make(&mut self, plan: Plan) {
        for (name, poll) in plan.0 {
            self.set(&name, poll);
        }
    }

    /// Whether there is something to claim.
    pub fn has_due(&mut self, line: Line, now: Timestamp) -> bool {
        self.let_lapse(line, now);
        first(&self.free, line).is_some_and(|(_, due, _)| *due <= now)
    }

    /// Leases what is due, the longest due first.
    pub fn claim(
        &mut self,
        line: Line,
        holder: &str,
        epoch: u64,
        now: Timestamp,
        expires_at: Timestamp,
        limit: usize,
    ) -> Vec<Lease> {
        self.let_lapse(line, now);
        let by: Arc<str> = holder.into();
        let mut leases = Vec::new();
        while leases.len() < limit
            && let Some(place) = first(&self.free, line).cloned()
            && place.1 <= now
        {
            self.free.remove(&place);
            let (_, due, name) = place;
            leases.push(Lease {
                poll: name.as_ref().to_owned(),
                holder: holder.to_owned(),
                epoch,
                due,
                expires_at,
            });
            // What it was nudged for while another one held it, this holder will see to.
            let poll = Poll {
                due,
                nudged: None,
                lease: Some(Holding {
                    holder: Arc::clone(&by),
                    epoch,
                    expires_at,
                    lapsed: false,
                }),
            };
            self.held.insert((line, expires_at, Arc::clone(&name)));
            self.polls.insert(name, poll);
        }
        leases
    }

    /// Makes a lease run out at another time.
    pub fn renew(&mut self, lease: &Lease, expires_at: Timestamp) -> Result<Lease, StoreError> {
        let mut poll = self.held_by(lease)?.clone();
        if let Some(held) = &mut poll.lease {
            held.expires_at = expires_at;
            held.lapsed = false;
        }
        self.set(&lease.poll, Some(poll));
        Ok(Lease {
            expires_at,
            ..lease.clone()
        })
    }

    /// Frees a poll that was leased, if it still is.
    pub fn release(&mut self, lease: &Lease) {
        if let Ok(poll) = self.held_by(lease) {
            let due = poll.due;
            self.set(&lease.poll, Some(Poll::due_at(due)));
        }
    }

    /// When there will be something to claim next in a line.
    pub fn next(&self, line: Line) -> Option<Timestamp> {
        let firsts = [first(&self.free, line), first(&self.held, line)];
        firsts.into_iter().flatten().map(|(_, at, _)| *at).min()
    }

    /// All polls and when they are due.
    pub fn dues(&self) -> impl Iterator<Item = (&str, Timestamp)> {
        self.polls.iter().map(|(name, poll)| (&**name, poll.due))
    }

    fn held_by(&self, lease: &Lease) -> Result<&Poll, StoreError> {
        let poll = self.polls.get(lease.poll.as_str());
        poll.filter(|poll| poll.is_held_by(lease))
            .ok_or_else(|| StoreError::Fenced {
                poll: lease.poll.clone(),
            })
    }

    /// Moves those whose leases have run out to those that can be claimed. Each is moved once, so
    /// that claiming stays cheap however many there are.
    fn let_lapse(&mut self, line: Line, now: Timestamp) {
        while let Some(place) = first(&self.held, line).cloned()
            && place.1 <= now
        {
            self.held.remove(&place);
            let (.., name) = place;
            if let Some(poll) = self.polls.get_mut(&name) {
                if let Some(held) = &mut poll.lease {
                    held.lapsed = true;
                }
                self.free.insert((line, poll.due, name));
            }
        }
    }

    fn set(&mut self, name: &str, poll: Option<Poll>) {
        let line = Line::of(name);
        let name: Arc<str> = match self.polls.remove_entry(name) {
            Some((name, before)) => {
                let at = before.held_until().unwrap_or(before.due);
                let entry = (line, at, Arc::clone(&name));
                match before.held_until() {
                    Some(_) => self.held.remove(&entry),
                    None => self.free.remove(&entry),
                };
                name
            }
            None => name.into(),
        };
        let Some(poll) = poll else { return };
        match poll.held_until() {
            Some(expires_at) => self.held.insert((line, expires_at, Arc::clone(&name))),
            None => self.free.insert((line, poll.due, Arc::clone(&name))),
        };
        self.polls.insert(name, poll);
    }
}
