//! The schedule at work while the clock goes through an hour.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use jiff::{SignedDuration, Timestamp};
use lensmount::access::By;
use lensmount::id::{KeyResultId, ObjectiveId};
use lensmount::keyresult::{ObjectiveDraft, ObjectiveEdit, Span, scheduler};
use lensmount::store::Line;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::domain::Domain;

/// Seconds after a slot within which all its polls are due: jitter is half a minute at most.
const JITTER: i64 = 30;
/// How far the clock may go for polls that are tried again. Leases of those that run still are a
/// minute long, so it must not go so far that they end.
const RETRIES: SignedDuration = SignedDuration::from_secs(50);
/// The time to the next slots is longer than this once all that was due is done.
const SETTLED: SignedDuration = SignedDuration::from_mins(2);
/// How long all polls of a slot may take before they are given up.
const PATIENCE: Duration = Duration::from_secs(300);

/// How many slots of an interval of so many minutes the hour has.
pub fn slots(every: usize) -> usize {
    60 / every
}

/// An hour that has begun.
pub struct Hour {
    domain: Domain,
    stop: CancellationToken,
    schedule: JoinHandle<()>,
    /// Something to write, which tells the schedule to look at the clock.
    bell: ObjectiveId,
}

impl Hour {
    /// Starts the schedule.
    pub async fn begin(domain: Domain) -> anyhow::Result<Self> {
        let draft = ObjectiveDraft {
            title: "A bell".into(),
            owner: None,
            from: None,
            to: None,
        };
        let key_results = Arc::clone(&domain.key_results);
        let bell = key_results.create_objective(draft, None, By::server());
        let bell = bell.await?.id;
        let stop = CancellationToken::new();
        Ok(Self {
            schedule: tokio::spawn(scheduler::run(key_results, stop.clone())),
            domain,
            stop,
            bell,
        })
    }

    /// The reads that linking made due.
    pub async fn first(&self) -> anyhow::Result<()> {
        self.settled(self.now()).await
    }

    /// All slots of the hour: at the end of each quarter.
    pub async fn pass(&self) -> anyhow::Result<()> {
        const QUARTER: i64 = 15 * 60;
        let mut second = self.now().as_second();
        for _ in 0..4 {
            second = (second / QUARTER + 1) * QUARTER;
            for jitter in 0..=JITTER {
                self.goes_to(Timestamp::from_second(second + jitter)?)
                    .await?;
                self.taken_up().await?;
            }
            self.settled(Timestamp::from_second(second)?).await?;
        }
        Ok(())
    }

    /// How many readings of slots there are, and what the key results stand at that have no failure.
    pub async fn readings(&self, ids: &[KeyResultId]) -> anyhow::Result<(usize, Vec<String>)> {
        let (mut slots, mut values) = (0, Vec::new());
        for id in ids {
            let kept = self.domain.key_results.readings(id, Span::default(), 100);
            // The first is the one that linking made.
            slots += kept.await?.len().saturating_sub(1);
            let progress = self.domain.key_results.get(id).await?.progress;
            if progress.last_failure.is_none() {
                values.extend(progress.current.map(|it| it.to_string()));
            }
        }
        Ok((slots, values))
    }

    /// Stops the schedule; says how late polls began by its clock.
    pub async fn end(&mut self) -> anyhow::Result<String> {
        self.stop.cancel();
        (&mut self.schedule).await?;
        let late = self.figure("lensmount_poll_lateness_seconds_sum ")?;
        let polls = self.figure("lensmount_poll_lateness_seconds_count ")?;
        let lost = self.figure("lensmount_polls_total{outcome=\"lost\"} ")?;
        ensure!(lost == 0.0, "{lost} polls were lost");
        Ok(format!(
            "{polls} polls began {:.2} s late on average",
            late / polls
        ))
    }

    fn now(&self) -> Timestamp {
        self.domain.key_results.now()
    }

    /// Sets the clock, and has the schedule look at it.
    async fn goes_to(&self, moment: Timestamp) -> anyhow::Result<()> {
        self.domain.clock.set(moment);
        let edit = ObjectiveEdit {
            title: Some(format!("Rung at {:?}", Instant::now())),
            ..ObjectiveEdit::default()
        };
        let key_results = &self.domain.key_results;
        key_results
            .edit_objective(&self.bell, edit, None, By::server())
            .await?;
        Ok(())
    }

    /// Waits until all that is due is being worked on.
    async fn taken_up(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        while self.next_due().await? <= self.now() {
            ensure!(began.elapsed() < PATIENCE, "what is due is not taken up");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    /// Waits until all polls of a slot are done, those too that are tried again.
    async fn settled(&self, slot: Timestamp) -> anyhow::Result<()> {
        let began = Instant::now();
        loop {
            let (due, now) = (self.next_due().await?, self.now());
            if due > now + SETTLED {
                return Ok(());
            }
            ensure!(
                began.elapsed() < PATIENCE,
                "not all polls are done; it is {now}, and the next is due at {due}"
            );
            if due > now && due < slot + RETRIES {
                self.goes_to(due).await?;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// When something is to be done next: a poll, or a lease that ends.
    async fn next_due(&self) -> anyhow::Result<Timestamp> {
        let due = self.domain.store.next_due(Line::Charts).await?;
        due.context("there is nothing to read")
    }

    /// A figure of the metrics; nothing was counted yet where it is missing.
    fn figure(&self, name: &str) -> anyhow::Result<f64> {
        let text = self.domain.metrics.text(&self.domain.catalog, None)?;
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.map_or(Ok(0.0), |figure| figure.parse().context("no figure"))
    }
}
