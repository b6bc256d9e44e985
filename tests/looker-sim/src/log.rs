//! What was asked of this Looker, and how often.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use serde::Serialize;

use crate::lock::lock;

/// Calls that are remembered.
const CALLS: usize = 2_000;

/// A call. Headers and bodies are never kept: they hold secrets.
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// What stood behind the question mark.
    pub query: Option<String>,
    /// What it was answered with; nothing while it is not.
    pub status: Option<u16>,
}

/// Counters and calls since the start or the last reset.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Counts {
    /// Logins that succeeded.
    pub logins: u64,
    /// Queries that were really run.
    pub runs: u64,
    /// Answers that came from the cache.
    pub cache_hits: u64,
    /// Runs by query.
    pub runs_by_query: BTreeMap<String, u64>,
    /// Query tasks that were made.
    pub task_creates: u64,
    /// Query tasks that were killed.
    pub task_kills: u64,
    /// Runs that are going on.
    pub running: u64,
    /// Most runs at one time.
    pub max_concurrent_runs: u64,
    /// Query tasks that have not ended.
    pub running_tasks: u64,
    /// Most of them at one time.
    pub max_concurrent_tasks: u64,
    /// The same for each client that made any.
    pub tasks_by_client: BTreeMap<String, TaskCounts>,
    /// The latest calls, oldest first.
    pub requests: VecDeque<Call>,
    /// The number of the first call in `requests`.
    #[serde(skip)]
    first: u64,
}

/// The query tasks of one client.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct TaskCounts {
    /// Those that have not ended.
    pub running: u64,
    /// Most of them at one time.
    pub max_concurrent: u64,
}

/// The log.
#[derive(Debug, Default)]
pub struct Log(Mutex<Counts>);

/// A run that is going on; it ends when this is dropped.
#[derive(Debug)]
pub struct Running<'a>(&'a Log);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut counts = lock(&self.0.0);
        counts.running = counts.running.saturating_sub(1);
    }
}

impl Log {
    /// What there is so far.
    pub fn counts(&self) -> Counts {
        lock(&self.0).clone()
    }

    /// Forgets all but what is going on.
    pub fn reset(&self) {
        let mut counts = lock(&self.0);
        let (running, running_tasks) = (counts.running, counts.running_tasks);
        let mut tasks_by_client = std::mem::take(&mut counts.tasks_by_client);
        tasks_by_client.retain(|_, tasks| {
            tasks.max_concurrent = tasks.running;
            tasks.running > 0
        });
        let first = counts.first + counts.requests.len() as u64;
        *counts = Counts {
            running,
            first,
            max_concurrent_runs: running,
            running_tasks,
            max_concurrent_tasks: running_tasks,
            tasks_by_client,
            ..Counts::default()
        };
    }

    /// Notes a call as it comes in, and gives it a number.
    pub fn asked(&self, call: Call) -> u64 {
        let mut counts = lock(&self.0);
        if counts.requests.len() >= CALLS {
            counts.requests.pop_front();
            counts.first += 1;
        }
        counts.requests.push_back(call);
        counts.first + counts.requests.len() as u64 - 1
    }

    /// Notes what the call of this number was answered with.
    pub fn answered(&self, number: u64, status: u16) {
        let mut counts = lock(&self.0);
        let at = number
            .checked_sub(counts.first)
            .and_then(|at| usize::try_from(at).ok());
        if let Some(call) = at.and_then(|at| counts.requests.get_mut(at)) {
            call.status = Some(status);
        }
    }

    /// Notes a login.
    pub fn login(&self) {
        lock(&self.0).logins += 1;
    }

    /// Notes an answer from the cache.
    pub fn cache_hit(&self) {
        lock(&self.0).cache_hits += 1;
    }

    /// Notes a query task of a client, which goes on until [`Log::task_ended`].
    pub fn task_created(&self, client: &str) {
        let mut counts = lock(&self.0);
        counts.task_creates += 1;
        counts.running_tasks += 1;
        counts.max_concurrent_tasks = counts.max_concurrent_tasks.max(counts.running_tasks);
        let tasks = counts.tasks_by_client.entry(client.to_owned()).or_default();
        tasks.running += 1;
        tasks.max_concurrent = tasks.max_concurrent.max(tasks.running);
    }

    /// Notes that a client's query task has ended, one way or the other.
    pub fn task_ended(&self, client: &str) {
        let mut counts = lock(&self.0);
        counts.running_tasks = counts.running_tasks.saturating_sub(1);
        if let Some(tasks) = counts.tasks_by_client.get_mut(client) {
            tasks.running = tasks.running.saturating_sub(1);
        }
    }

    /// Notes that a query task was killed.
    pub fn task_killed(&self) {
        lock(&self.0).task_kills += 1;
    }

    /// Notes that a query begins to run.
    pub fn run(&self, query: &str) -> Running<'_> {
        let mut counts = lock(&self.0);
        counts.runs += 1;
        *counts.runs_by_query.entry(query.to_owned()).or_default() += 1;
        counts.running += 1;
        counts.max_concurrent_runs = counts.max_concurrent_runs.max(counts.running);
        Running(self)
    }
}
