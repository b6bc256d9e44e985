//! `/v1/changes`: what happens, as it happens, as server-sent events.
//!
//! A listener that was away goes on after the event it saw last (`Last-Event-ID`). One that was away
//! for too long is told so by an event `missed` and should read what it shows anew.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::store::{FeedEntry, FeedPlace, SharedStore};

use super::access::Viewer;
use super::request::ProblemBody;

/// Events that are read from the store at a time.
const BATCH: usize = 100;
/// How often a listener hears from us when nothing happens, so that proxies keep the line open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The event after which a listener goes on.
pub(super) struct After(Option<FeedPlace>);

impl<S: Send + Sync> FromRequestParts<S> for After {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Some(id) = parts.headers.get("last-event-id") else {
            return Ok(Self(None));
        };
        let text = id.to_str().unwrap_or_default().trim();
        text.parse().map(|place| Self(Some(place))).map_err(
            |error: crate::store::InvalidFeedPlace| {
                Problem::invalid("", format!("`Last-Event-ID` cannot be taken: {error}"))
            },
        )
    }
}

/// What an event carries.
#[derive(Serialize, ToSchema)]
pub(super) struct Happened<'a> {
    /// `reading`, `failure`, `drift`, `key-result`, `roll-out`, `extractor`, `delivery`, or `missed`.
    #[schema(example = "reading")]
    topic: &'a str,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What, by topic.
    #[schema(value_type = Object)]
    data: &'a RawValue,
}

/// Listen to changes
///
/// Server-sent events: readings, failures, drift that has begun or ended (`change` says which; one is
/// told in one step with the read that showed it; `overdue` is shown and not told), key results that
/// were made, changed or removed, roll-outs of extractors, versions of them that rest because they had
/// to be stopped call after call or answer again (`extractor`; `change` is `resting` or `answering`), and
/// deliveries of runs. A `delivery` is told
/// where a run takes a turn, with its counts as they are then: `change` is `begun`, `mapped`, `away` (its
/// destination takes nothing), `back`, `refused` (the first events that the destination has refused for
/// good), `redriven` or `done`. Without `Last-Event-ID` it begins with what happens next.
#[utoipa::path(get, path = "/v1/changes", tag = "key results",
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the event seen last")),
    responses((status = 200, content_type = "text/event-stream", body = Happened<'static>), (status = "4XX", body = ProblemBody)))]
pub(super) async fn changes(
    _: Viewer,
    State(store): State<SharedStore>,
    State(stop): State<CancellationToken>,
    After(after): After,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let edges = store.feed_edges().await?;
    let newest = edges.map(|edges| edges.newest);
    let missed = match (after, edges) {
        // Beyond the newest stands whoever listened to another store.
        (Some(after), Some(edges)) => after < edges.oldest || after > edges.newest,
        (Some(_), None) => true,
        (None, _) => false,
    };
    let listener = Listener {
        changed: store.changed(),
        place: if missed { newest } else { after.or(newest) },
        store,
        stop,
        ready: Vec::new(),
        missed,
    };
    let events = futures_util::stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

struct Listener {
    store: SharedStore,
    changed: watch::Receiver<u64>,
    stop: CancellationToken,
    place: Option<FeedPlace>,
    /// Entries that were read and not sent yet, the next one last.
    ready: Vec<FeedEntry>,
    missed: bool,
}

impl Listener {
    /// The next event; none when the server stops, so that it need not wait for its listeners.
    async fn next(&mut self) -> Option<Event> {
        if std::mem::take(&mut self.missed) {
            let data = "{\"topic\":\"missed\"}";
            let event = Event::default().event("missed").data(data);
            return Some(match self.place {
                Some(place) => event.id(place.to_string()),
                None => event,
            });
        }
        loop {
            if let Some(entry) = self.ready.pop() {
                self.place = Some(entry.place);
                if let Some(event) = event(&entry) {
                    return Some(event);
                }
                continue;
            }
            self.changed.mark_unchanged();
            match self.store.feed(self.place, BATCH).await {
                Ok(entries) if !entries.is_empty() => {
                    self.ready = entries;
                    self.ready.reverse();
                    continue;
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "a listener is let go: the feed cannot be read");
                    return None;
                }
            }
            tokio::select! {
                () = self.stop.cancelled() => return None,
                changed = self.changed.changed() => changed.ok()?,
            }
        }
    }
}

fn event(entry: &FeedEntry) -> Option<Event> {
    let text = String::from_utf8(entry.body.clone()).ok()?;
    let data = RawValue::from_string(text).ok()?;
    let happened = Happened {
        topic: &entry.topic,
        at: entry.at,
        data: &data,
    };
    let text = serde_json::to_string(&happened).ok()?;
    let event = Event::default().id(entry.place.to_string());
    Some(event.event(&entry.topic).data(text))
}
