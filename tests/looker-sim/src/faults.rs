//! What goes wrong, by order.

use std::sync::Mutex;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::watch;

use crate::lock::lock;
pub use rule::{Body, Rule, rules};

pub mod layer;

mod body;
mod rule;

/// What a query task does about its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// It ends as it should.
    Never,
    /// It says once that it has expired, and then completes.
    Passing,
    /// It says so for good.
    Lasting,
}

/// The rules in force.
#[derive(Debug)]
pub struct Faults {
    rules: Mutex<Vec<Rule>>,
    changed: watch::Sender<u64>,
}

/// What a call is answered with in place of its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instead {
    /// A status, as HTML or not, perhaps with when to come back.
    Status {
        /// The status.
        code: StatusCode,
        /// As a proxy's page.
        html: bool,
        /// In seconds.
        retry_after: Option<u64>,
    },
    /// Another place.
    Redirect(String),
    /// That the credentials are unknown.
    UnknownCredentials,
}

impl Faults {
    /// No faults.
    pub fn new() -> Self {
        Self {
            rules: Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }

    /// Puts `rules` in place of all there were; what hangs without them goes on.
    pub fn replace(&self, rules: Vec<Rule>) {
        *lock(&self.rules) = rules;
        self.changed.send_modify(|generation| *generation += 1);
    }

    /// How long a call waits before anything happens.
    pub fn latency(&self, path: &str) -> Duration {
        let waits = |rule: &Rule| rule.matches(path).then_some(rule.latency_ms);
        Duration::from_millis(lock(&self.rules).iter().filter_map(waits).sum())
    }

    /// Waits for as long as calls of this path are not answered.
    pub async fn hang(&self, path: &str) {
        self.wait_while(|rule| rule.hangs(path)).await;
    }

    /// Holds up a run that the call of this path wants.
    pub async fn hold_up(&self, path: &str) {
        let slow = |rule: &Rule| rule.matches(path).then_some(rule.run_ms);
        let pause: u64 = lock(&self.rules).iter().filter_map(slow).sum();
        if pause > 0 {
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        self.wait_while(|rule| rule.matches(path) && rule.hang)
            .await;
    }

    async fn wait_while(&self, holds: impl Fn(&Rule) -> bool) {
        let mut changed = self.changed.subscribe();
        loop {
            changed.borrow_and_update();
            if !lock(&self.rules).iter().any(&holds) {
                return;
            }
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    /// What the call is answered with in place of its answer.
    pub fn instead(&self, path: &str) -> Option<Instead> {
        let mut rules = lock(&self.rules);
        rules.iter_mut().find_map(|rule| rule.instead(path))
    }

    /// Whether a call that comes with a good token is told that it is none.
    pub fn revokes(&self, path: &str) -> bool {
        let mut rules = lock(&self.rules);
        let rule = rules
            .iter_mut()
            .find(|rule| rule.matches(path) && rule.unauthorized_next > 0);
        rule.is_some_and(|rule| {
            rule.unauthorized_next -= 1;
            true
        })
    }

    /// What a new query task does about its end.
    pub fn expiry(&self) -> Expiry {
        for rule in lock(&self.rules).iter_mut() {
            for (left, expiry) in [
                (&mut rule.expired_task, Expiry::Passing),
                (&mut rule.lost_task, Expiry::Lasting),
            ] {
                if *left > 0 {
                    *left -= 1;
                    return expiry;
                }
            }
        }
        Expiry::Never
    }

    /// The error that results fetched by this call hold.
    pub fn error_within(&self, path: &str) -> Option<String> {
        let rules = lock(&self.rules);
        rules
            .iter()
            .filter(|rule| rule.matches(path))
            .find_map(|rule| rule.error_within())
    }

    /// What happens to the body of this call's answer.
    fn body(&self, path: &str) -> Option<Body> {
        lock(&self.rules)
            .iter()
            .filter(|rule| rule.spoils(path))
            .find_map(Rule::body)
    }
}
