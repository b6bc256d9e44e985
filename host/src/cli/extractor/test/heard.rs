//! What an extractor wrote to the log while it was tried.
//!
//! A server passes a guest's lines on to its operator; here its author is the one to read them.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry;

/// The target that the sandbox passes a guest's lines on under.
const TARGET: &str = "extractor";

/// Runs a call; what it came to, and the lines that the guest wrote meanwhile.
pub(super) async fn heard<T>(call: impl Future<Output = T>) -> (T, Vec<String>) {
    let lines = Lines::default();
    let came_to = call.with_subscriber(registry().with(lines.clone())).await;
    let lines = std::mem::take(&mut *lines.0.lock().unwrap_or_else(PoisonError::into_inner));
    (came_to, lines)
}

/// Runs a call whose lines have been heard already.
pub(super) async fn unheard<T>(call: impl Future<Output = T>) -> T {
    call.with_subscriber(NoSubscriber::default()).await
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == TARGET {
            let mut line = Line::default();
            event.record(&mut line);
            let line = format!("{}: {}", line.level, line.message);
            let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            lines.push(line);
        }
    }
}

/// What is told of one line.
#[derive(Default)]
struct Line {
    level: String,
    message: String,
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "level" {
            value.clone_into(&mut self.level);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a text cannot fail.
            let _ = write!(self.message, "{value:?}");
        }
    }
}
