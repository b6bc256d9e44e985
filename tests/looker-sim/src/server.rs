//! The whole server.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;

use crate::cache::Cache;
use crate::clock::Clock;
use crate::config::Config;
use crate::content::Content;
use crate::edits::Edited;
use crate::faults::Faults;
use crate::ledger::Ledger;
use crate::log::Log;
use crate::login::Logins;
use crate::query::Queries;
use crate::task::Tasks;
use crate::{api, content};

/// How long calls in flight may take once the server has been told to stop. Some never end.
const DRAIN: Duration = Duration::from_millis(250);

/// All that a simulated Looker knows.
#[derive(Debug)]
pub struct Sim {
    /// What it was started with.
    pub config: Config,
    /// What time it is.
    pub clock: Clock,
    /// The numbers.
    pub ledger: Ledger,
    /// Dashboards and looks.
    pub content: Content,
    /// Queries.
    pub queries: Queries,
    /// Query tasks.
    pub tasks: Tasks,
    /// Answers that are kept.
    pub cache: Cache,
    /// Tokens.
    pub logins: Logins,
    /// What goes wrong.
    pub faults: Faults,
    /// What has become of the content.
    pub edits: Edited,
    /// What was asked.
    pub log: Log,
}

/// The whole server, by itself.
pub fn router(config: Config) -> Router {
    let queries = Queries::default();
    let content = content::content(&queries);
    let sim = Sim {
        clock: Clock::new(config.now),
        ledger: Ledger::new(config.seed),
        content,
        queries,
        tasks: Tasks::default(),
        cache: Cache::new(config.cache_seconds),
        logins: Logins::default(),
        faults: Faults::new(),
        edits: Edited::default(),
        log: Log::default(),
        config,
    };
    api::router(Arc::new(sim))
}

/// Answers calls on `listener` until `shutdown` is done.
///
/// # Errors
///
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    // Answers are small and waited for: they must not wait for more to send along. Where that
    // cannot be had, they are only slower.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let (stopping, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = axum::serve(listener, router(config)).with_graceful_shutdown(async move {
        shutdown.await;
        drop(stopping);
    });
    tokio::select! {
        served = async { serving.await } => served,
        () = async { drop(stopped.await); tokio::time::sleep(DRAIN).await } => Ok(()),
    }
}
