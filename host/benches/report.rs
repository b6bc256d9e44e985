//! Rows of the one table that `make bench` ends with.
//!
//! Each benchmark writes its own into a file of its name; the benchmark `table` gathers them.
#![allow(dead_code, reason = "each benchmark makes its own kinds of rows")]

use std::path::PathBuf;

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// What a benchmark has found.
#[derive(Serialize, Deserialize)]
pub struct Report {
    /// The benchmark's name.
    pub bench: String,
    /// When it was done, RFC 3339.
    pub at: String,
    /// What it found, in the order of the table.
    pub rows: Vec<Row>,
    /// What this machine could not measure, and why.
    pub left_out: Vec<String>,
}

/// A figure with what it is held to.
#[derive(Serialize, Deserialize)]
pub struct Row {
    what: String,
    ours: f64,
    unit: String,
    better: Better,
    baseline: Option<Baseline>,
    goal: Option<Goal>,
}

/// Which of two figures is the better one.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Better {
    Less,
    More,
}

/// The same figure of something else, from the same run.
#[derive(Serialize, Deserialize)]
struct Baseline {
    name: String,
    figure: f64,
}

/// What a figure should be.
#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum Goal {
    /// The figure itself is no greater.
    AtMost(f64),
    /// The figure itself is no less.
    AtLeast(f64),
    /// It is so many times as good as the baseline.
    Times(f64),
}

/// Where the reports lie.
pub fn folder() -> anyhow::Result<PathBuf> {
    let temporary = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let target = temporary.parent().context("there is no target folder")?;
    Ok(target.join("bench"))
}

impl Report {
    /// Nothing found yet.
    pub fn new(bench: &str) -> Self {
        Self {
            bench: bench.to_owned(),
            at: jiff::Timestamp::now().to_string(),
            rows: Vec::new(),
            left_out: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Says what is missing, and why.
    pub fn leave_out(&mut self, what: String) {
        self.left_out.push(what);
    }

    /// Puts it where `table` looks for it.
    pub fn write(&self) -> anyhow::Result<()> {
        let folder = folder()?;
        std::fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{}.json", self.bench));
        std::fs::write(&path, serde_json::to_vec_pretty(self)?)
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

impl Row {
    /// A figure of which less is better: a time, memory.
    pub fn less(what: impl Into<String>, ours: f64, unit: &str) -> Self {
        Self::new(what.into(), ours, unit, Better::Less)
    }

    /// A figure of which more is better: a rate.
    pub fn more(what: impl Into<String>, ours: f64, unit: &str) -> Self {
        Self::new(what.into(), ours, unit, Better::More)
    }

    fn new(what: String, ours: f64, unit: &str, better: Better) -> Self {
        Self {
            what,
            ours,
            unit: unit.to_owned(),
            better,
            baseline: None,
            goal: None,
        }
    }

    /// With the same figure of something else.
    pub fn beside(mut self, name: impl Into<String>, figure: f64) -> Self {
        self.baseline = Some(Baseline {
            name: name.into(),
            figure,
        });
        self
    }

    /// Should not be greater.
    pub fn at_most(mut self, figure: f64) -> Self {
        self.goal = Some(Goal::AtMost(figure));
        self
    }

    /// Should not be less.
    pub fn at_least(mut self, figure: f64) -> Self {
        self.goal = Some(Goal::AtLeast(figure));
        self
    }

    /// Should be so many times as good as the baseline.
    pub fn times(mut self, times: f64) -> Self {
        self.goal = Some(Goal::Times(times));
        self
    }

    /// How many times as good as the baseline it is.
    pub fn ratio(&self) -> Option<f64> {
        let baseline = self.baseline.as_ref()?.figure;
        Some(match self.better {
            Better::Less => baseline / self.ours,
            Better::More => self.ours / baseline,
        })
    }

    /// Whether it is what it should be, where there is a goal.
    pub fn met(&self) -> Option<bool> {
        Some(match self.goal? {
            Goal::AtMost(most) => self.ours <= most,
            Goal::AtLeast(least) => self.ours >= least,
            Goal::Times(times) => self.ratio()? >= times,
        })
    }

    /// Its cells: what, ours, unit, baseline's name, baseline, ratio, goal.
    pub fn cells(&self) -> [String; 7] {
        let baseline = self.baseline.as_ref();
        let goal = self.goal.map(|goal| match goal {
            Goal::AtMost(most) => format!("≤ {}", plain(most)),
            Goal::AtLeast(least) => format!("≥ {}", plain(least)),
            Goal::Times(times) => format!("≥ {} times", plain(times)),
        });
        let met = self.met().map_or("", |met| match met {
            true => ", met",
            false => ", missed",
        });
        [
            self.what.clone(),
            figure(self.ours),
            self.unit.clone(),
            baseline.map_or_else(String::new, |it| it.name.clone()),
            baseline.map_or_else(String::new, |it| figure(it.figure)),
            self.ratio().map_or_else(String::new, figure),
            goal.map_or_else(String::new, |goal| goal + met),
        ]
    }
}

/// About three digits, and a comma at each thousand.
fn figure(figure: f64) -> String {
    if figure.abs() < 9.995 {
        return format!("{figure:.2}");
    }
    if figure.abs() < 99.95 {
        return format!("{figure:.1}");
    }
    plain(figure.round())
}

/// A figure as it is, with a comma at each thousand.
fn plain(figure: f64) -> String {
    let text = figure.to_string();
    let whole = text.find('.').unwrap_or(text.len());
    let mut told = String::with_capacity(text.len() + 4);
    for (place, digit) in text.char_indices() {
        let left = whole.saturating_sub(place);
        if place > 0 && left > 0 && left % 3 == 0 {
            told.push(',');
        }
        told.push(digit);
    }
    told
}
