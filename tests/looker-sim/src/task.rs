//! Query tasks: runs that are asked for now and fetched later.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::task::AbortHandle;

use crate::decimal::Decimal;
use crate::faults::Expiry;
use crate::lock::lock;
use crate::result::{Format, Freshness, Ran, Wishes};
use crate::run::{Asked, run};
use crate::server::Sim;

/// Where a task stands.
#[derive(Debug, Clone)]
pub enum Status {
    /// Asked for.
    Added,
    /// On its way.
    Running,
    /// Done.
    Complete(Arc<Ran>, Freshness),
    /// Stopped by somebody.
    Killed,
}

/// What a task was made with.
#[derive(Debug, Clone)]
pub struct Order {
    /// What to run.
    pub asked: Asked,
    /// How to write it.
    pub format: Format,
    /// The name of that.
    pub format_name: String,
    /// What of it is wanted.
    pub wishes: Wishes,
    /// The dashboard or look it was said to be for.
    pub look_id: Option<String>,
    /// See `look_id`.
    pub dashboard_id: Option<String>,
}

/// A task.
#[derive(Debug, Clone)]
pub struct Task {
    /// Its id.
    pub id: String,
    /// What it was made with.
    pub order: Order,
    /// Where it stands.
    pub status: Status,
    created_at: Timestamp,
    expiry: Expiry,
    worker: Option<AbortHandle>,
}

impl Task {
    /// Where it says it stands.
    pub fn status_name(&self) -> &'static str {
        match (&self.expiry, &self.status) {
            (_, Status::Killed) => "killed",
            (Expiry::Passing | Expiry::Lasting, _) => "expired",
            (Expiry::Never, Status::Added) => "added",
            (Expiry::Never, Status::Running) => "running",
            (Expiry::Never, Status::Complete(ran, _)) if failed(ran, self.order.format) => "error",
            (Expiry::Never, Status::Complete(..)) => "complete",
        }
    }

    /// Whether its results are gone for good.
    pub fn is_lost(&self) -> bool {
        matches!(self.expiry, Expiry::Lasting) || matches!(self.status, Status::Killed)
    }

    /// The task as Looker shows it.
    pub fn shown(&self) -> Value {
        let asked = &self.order.asked;
        let (runtime, source) = match &self.status {
            Status::Complete(ran, fresh) => {
                let seconds = serde_json::to_value(Decimal::new(
                    i128::try_from(ran.runtime_ms).unwrap_or(0),
                    3,
                ));
                (
                    seconds.unwrap_or_default(),
                    json!(if fresh.from_cache { "cache" } else { "query" }),
                )
            }
            _ => (Value::Null, Value::Null),
        };
        json!({
            "id": self.id,
            "status": self.status_name(),
            "query_id": asked.stored.id,
            "query_slug": asked.stored.slug,
            "cache": asked.cache,
            "cache_only": asked.cache_only,
            "cache_key": asked.stored.query.digest(),
            "generate_links": self.order.wishes.links,
            "server_table_calcs": self.order.wishes.calculations,
            "force_production": true,
            "apply_formatting": self.order.wishes.formatted,
            "apply_vis": false,
            "rebuild_pdts": false,
            "limit": asked.limit.as_deref().and_then(|limit| limit.parse::<i64>().ok()),
            "result_format": self.order.format_name,
            "result_source": source,
            "runtime": runtime,
            "source": "api4",
            "look_id": self.order.look_id,
            "dashboard_id": self.order.dashboard_id,
            "created_at": self.created_at.to_string(),
            "can": {},
        })
    }
}

/// With `json_detail` a failure is an answer like any other.
pub fn failed(ran: &Ran, format: Format) -> bool {
    ran.outcome.is_err() && format != Format::JsonDetail
}

/// Tasks that are kept. Those beyond are forgotten, the oldest first, as Looker forgets them too.
const MOST: usize = 5_000;

/// The latest tasks.
#[derive(Debug, Default)]
pub struct Tasks(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    by_id: BTreeMap<String, Task>,
    in_order: VecDeque<String>,
}

impl Kept {
    fn put(&mut self, task: Task) {
        if self.in_order.len() >= MOST
            && let Some(oldest) = self.in_order.pop_front()
            && let Some(Task {
                worker: Some(worker),
                ..
            }) = self.by_id.remove(&oldest)
        {
            worker.abort();
        }
        self.in_order.push_back(task.id.clone());
        self.by_id.insert(task.id.clone(), task);
    }
}

/// The call that a task's run counts as, for faults.
const PATH: &str = "/api/4.0/query_tasks";

/// A task in the log, until its work ends or is ended.
struct Noted(Arc<Sim>, Arc<str>);

impl Noted {
    fn new(sim: &Arc<Sim>, client: Arc<str>) -> Self {
        sim.log.task_created(&client);
        Self(Arc::clone(sim), client)
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.0.log.task_ended(&self.1);
    }
}

impl Tasks {
    /// Makes a task of a client; it starts by itself.
    pub fn create(
        sim: &Arc<Sim>,
        client: Arc<str>,
        order: Order,
    ) -> Result<Task, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        let id = hex::encode(bytes);
        let task = Task {
            id: id.clone(),
            order,
            status: Status::Added,
            created_at: sim.clock.now(),
            expiry: sim.faults.expiry(),
            worker: None,
        };
        let noted = Noted::new(sim, client);
        lock(&sim.tasks.0).put(task.clone());
        let (its_sim, its_id, asked) = (Arc::clone(sim), id.clone(), task.order.asked.clone());
        let worker = tokio::spawn(async move {
            its_sim.tasks.set(&its_id, Status::Running);
            let (ran, fresh) = run(&its_sim, &asked, PATH).await;
            // Who sees that it is done may begin another, which does not run beside it.
            drop(noted);
            its_sim.tasks.set(&its_id, Status::Complete(ran, fresh));
        });
        if let Some(kept) = lock(&sim.tasks.0).by_id.get_mut(&id) {
            kept.worker = Some(worker.abort_handle());
        }
        Ok(task)
    }

    /// The task of this id.
    pub fn get(&self, id: &str) -> Option<Task> {
        lock(&self.0).by_id.get(id).cloned()
    }

    /// The same for one who asks where it stands: a passing `expired` is told only once.
    pub fn look_at(&self, id: &str) -> Option<Task> {
        let mut tasks = lock(&self.0);
        let task = tasks.by_id.get_mut(id)?;
        let seen = task.clone();
        if matches!(task.expiry, Expiry::Passing) {
            task.expiry = Expiry::Never;
        }
        Some(seen)
    }

    /// Stops a task that has not ended. Says whether there was one.
    pub fn kill(&self, id: &str) -> bool {
        let mut tasks = lock(&self.0);
        match tasks.by_id.get_mut(id) {
            Some(task) if matches!(task.status, Status::Added | Status::Running) => {
                if let Some(worker) = &task.worker {
                    worker.abort();
                }
                task.status = Status::Killed;
                true
            }
            _ => false,
        }
    }

    /// Those that have not ended.
    pub fn going_on(&self) -> Vec<Task> {
        let tasks = lock(&self.0);
        let running = tasks
            .by_id
            .values()
            .filter(|task| matches!(task.status, Status::Added | Status::Running));
        running.cloned().collect()
    }

    fn set(&self, id: &str, status: Status) {
        if let Some(task) = lock(&self.0).by_id.get_mut(id)
            && !matches!(task.status, Status::Killed)
        {
            task.status = status;
        }
    }
}
