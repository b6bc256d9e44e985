//! Polls that are claimed and wait for their turn, by connection.
//!
//! A connection may have at most as many polls at work as there are turns free, so it never has more
//! than half of what the others leave: one whose Looker does not answer, with thousands of polls, holds
//! up its own and nobody else's. Connections come by turns, the polls of each in the order in which
//! they were due.

use std::collections::{HashMap, VecDeque};

use crate::id::ConnectionId;
use crate::store::Lease;

/// Polls that wait, and how many of each connection are at work.
#[derive(Debug)]
pub(super) struct Queue {
    free: usize,
    waiting: HashMap<Of, VecDeque<Lease>>,
    working: HashMap<Of, usize>,
    /// Connections with polls that wait, whose turn is next first.
    turns: VecDeque<Of>,
    count: usize,
}

/// Whose poll it is. One whose record is gone is nobody's.
pub(super) type Of = Option<ConnectionId>;

impl Queue {
    /// A queue for so many turns at a time.
    pub fn new(turns: usize) -> Self {
        Self {
            free: turns,
            waiting: HashMap::new(),
            working: HashMap::new(),
            turns: VecDeque::new(),
            count: 0,
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Adds a poll behind those of its connection.
    pub fn add(&mut self, of: Of, lease: Lease) {
        let waiting = self.waiting.entry(of.clone()).or_default();
        if waiting.is_empty() {
            self.turns.push_back(of);
        }
        waiting.push_back(lease);
        self.count += 1;
    }

    /// The next poll whose turn has come. [`Queue::ended`] has to follow.
    pub fn next(&mut self) -> Option<(Of, Lease)> {
        for _ in 0..self.turns.len() {
            let of = self.turns.pop_front()?;
            if self.working.get(&of).copied().unwrap_or(0) >= self.free {
                self.turns.push_back(of);
                continue;
            }
            let Some(lease) = self.waiting.get_mut(&of).and_then(VecDeque::pop_front) else {
                self.waiting.remove(&of);
                continue;
            };
            if self.waiting.get(&of).is_some_and(VecDeque::is_empty) {
                self.waiting.remove(&of);
            } else {
                self.turns.push_back(of.clone());
            }
            self.count -= 1;
            self.free -= 1;
            *self.working.entry(of.clone()).or_default() += 1;
            return Some((of, lease));
        }
        None
    }

    /// A poll that was at work has ended.
    pub fn ended(&mut self, of: &Of) {
        self.free += 1;
        if let Some(working) = self.working.get_mut(of) {
            *working -= 1;
            if *working == 0 {
                self.working.remove(of);
            }
        }
    }

    /// All that wait.
    pub fn waiting(&self) -> impl Iterator<Item = &Lease> {
        self.waiting.values().flatten()
    }

    /// Takes out all that wait.
    pub fn drain(&mut self) -> impl Iterator<Item = Lease> + use<> {
        self.count = 0;
        self.turns.clear();
        std::mem::take(&mut self.waiting).into_values().flatten()
    }

    /// Keeps those that are to wait on.
    pub fn retain(&mut self, mut keep: impl FnMut(&Lease) -> bool) {
        for waiting in self.waiting.values_mut() {
            let before = waiting.len();
            waiting.retain(&mut keep);
            self.count -= before - waiting.len();
        }
        self.waiting.retain(|_, waiting| !waiting.is_empty());
        self.turns.retain(|of| self.waiting.contains_key(of));
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn connection(number: u8) -> Of {
        format!("con_0192f0c1a2b37c4d8e5f6071829300{number:02x}")
            .parse()
            .ok()
    }

    fn lease(name: &str) -> Lease {
        Lease {
            poll: name.to_owned(),
            holder: "me".to_owned(),
            epoch: 1,
            due: Timestamp::UNIX_EPOCH,
            expires_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn all(queue: &mut Queue) -> Vec<(Of, String)> {
        std::iter::from_fn(|| queue.next())
            .map(|(of, lease)| (of, lease.poll))
            .collect()
    }

    #[test]
    fn one_connection_never_takes_more_than_half_of_what_the_others_leave() {
        let mut queue = Queue::new(512);
        for poll in 0..5_000 {
            queue.add(connection(1), lease(&format!("a{poll}")));
        }
        assert_eq!(all(&mut queue).len(), 256);
        for poll in 0..5_000 {
            queue.add(connection(2), lease(&format!("b{poll}")));
        }
        let second = all(&mut queue);
        assert_eq!(second.len(), 128);
        assert!(second.iter().all(|(of, _)| *of == connection(2)));
        queue.add(connection(3), lease("c"));
        assert_eq!(all(&mut queue), [(connection(3), "c".to_owned())]);
        assert_eq!(queue.len(), 5_000 - 256 + 5_000 - 128);
    }

    #[test]
    fn connections_come_by_turns_and_their_polls_in_order() {
        let mut queue = Queue::new(100);
        for (of, name) in [(1, "a1"), (1, "a2"), (1, "a3"), (2, "b1"), (2, "b2")] {
            queue.add(connection(of), lease(name));
        }
        let names: Vec<_> = all(&mut queue).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["a1", "b1", "a2", "b2", "a3"]);
    }

    #[test]
    fn a_turn_that_ends_is_the_next_ones_and_even_one_turn_is_given() {
        let mut queue = Queue::new(1);
        queue.add(connection(1), lease("a1"));
        queue.add(connection(1), lease("a2"));
        assert_eq!(all(&mut queue).len(), 1);
        queue.ended(&connection(1));
        assert_eq!(all(&mut queue), [(connection(1), "a2".to_owned())]);
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn those_that_are_lost_wait_no_longer() {
        let mut queue = Queue::new(10);
        for name in ["a1", "a2"] {
            queue.add(connection(1), lease(name));
        }
        queue.add(connection(2), lease("b1"));
        queue.retain(|lease| lease.poll == "a2");
        assert_eq!(queue.len(), 1);
        assert_eq!(all(&mut queue), [(connection(1), "a2".to_owned())]);
    }
}
