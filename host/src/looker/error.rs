//! What can go wrong with Looker, by what the caller can do about it.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::egress::Refused;

/// The error beneath one of ours. Shared, because callers that wait for one login share its error.
pub type Cause = Arc<dyn Error + Send + Sync>;

/// How many characters of Looker's own words are kept.
const WORDS: usize = 500;

/// Why Looker did not give what was asked of it. It never holds a secret.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum LookerError {
    /// Nothing answered, or the answer broke off.
    #[error(
        "Looker at {server} cannot be reached: {reason}; check the server URL, and that this \
         machine may call it"
    )]
    Unreachable {
        /// The server URL.
        server: String,
        /// What happened.
        reason: String,
        /// What the network said.
        #[source]
        source: Option<Cause>,
    },

    /// Something answered that is not Looker's API.
    #[error(
        "{server} answers, but not as Looker's API ({found}); the API often has a port of its own: \
         leave the port out of the server URL to have 443 and 19999 tried, or give the right one"
    )]
    NotLooker {
        /// The server URL.
        server: String,
        /// What was found instead.
        found: String,
    },

    /// Looker does not take the credentials.
    #[error(
        "Looker at {server} answers but does not take the credentials{}; check client id and \
         client secret: they are API credentials, not a person's login, and belong to this \
         instance",
        Said(words)
    )]
    Refused {
        /// The server URL.
        server: String,
        /// Looker's words.
        words: Option<String>,
    },

    /// The server URL points to where Lensmount may not call.
    #[error(transparent)]
    TargetRefused(#[from] Refused),

    /// Looker has no such thing, or these credentials cannot see it.
    #[error(
        "Looker has no {what} that these credentials can see; it may have been deleted or moved, \
         or the API user lacks access to its folder"
    )]
    NotFound {
        /// Such as `dashboard 17`.
        what: String,
    },

    /// The time was over before Looker was done.
    #[error("{}", TimedOut { task_id, waited: *waited, doing: *doing })]
    Timeout {
        /// The query task that was left to finish; none when there was none yet.
        task_id: Option<String>,
        /// How long was waited.
        waited: Duration,
        /// What was being done when the time was over.
        doing: Doing,
    },

    /// All places of the connection were taken by our own queries. Looker was not asked.
    #[error(
        "for {} all {places} places of the connection were taken by other queries of ours, so that \
         Looker was not asked to run this one; nothing was read; try again, read less often, or \
         raise the connection's `max_concurrent`",
        seconds(*waited)
    )]
    Busy {
        /// How long was waited for a place.
        waited: Duration,
        /// How many places there are.
        places: usize,
    },

    /// Looker asks for fewer calls.
    #[error(
        "Looker answers that it gets too many calls (429){}; nothing was read; try again later, or \
         read less often", Later(*retry_after)
    )]
    RateLimited {
        /// How long Looker asks to wait.
        retry_after: Option<Duration>,
    },

    /// Looker answered with an error of its own.
    #[error("Looker answered with status {status}: {words}; mend that in Looker, then try again")]
    Answer {
        /// The HTTP status.
        status: u16,
        /// Looker's words.
        words: String,
    },

    /// The query was ended in Looker before it had a result.
    #[error(
        "the query was {how} in Looker before it had a result; nothing was read; try again, and \
         see Admin > Queries in Looker if it happens again"
    )]
    Ended {
        /// `killed` or `expired`.
        how: &'static str,
    },

    /// One of the queries that a merged tile joins has no result.
    #[error("source {name:?} of the merged tile has no result to join; {words}")]
    BadSource {
        /// What the tile calls it.
        name: String,
        /// What is wrong with it.
        words: String,
    },

    /// The answer is larger than we take.
    #[error(
        "{what} has more than {limit} bytes, which is the most that is read; show fewer rows or \
         columns in Looker"
    )]
    TooLarge {
        /// Which answer.
        what: String,
        /// The largest size allowed, in bytes.
        limit: usize,
    },

    /// The answer is not in Looker's shape.
    #[error(
        "{what} came back in a shape that Looker's API does not have; if there is a proxy in \
         between, see what it answers"
    )]
    Malformed {
        /// Which answer.
        what: String,
        /// What the parser said.
        #[source]
        source: Option<Cause>,
    },

    /// An override names a filter that is not there.
    #[error("there is no filter {name:?} here; {}", Known(known))]
    NoSuchFilter {
        /// As asked for.
        name: String,
        /// Those there are.
        known: Vec<String>,
    },

    /// The tile is of a kind that cannot be read.
    #[error("{why}")]
    Unsupported {
        /// Why, and what to do.
        why: String,
    },

    /// The server sent the call elsewhere.
    #[error(
        "{server} redirects to {to}, and redirects are not followed because they would carry \
         credentials along; enter the server URL of Looker's API itself"
    )]
    Redirected {
        /// The server URL.
        server: String,
        /// Where to, without its query.
        to: String,
    },
}

/// What was being done when the time was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Looking for the port that the API answers at.
    Finding,
    /// Logging in.
    LoggingIn,
    /// Asking for content: dashboards, looks, queries.
    Asking,
    /// Running a query.
    Running,
    /// Running the queries that a merged tile joins.
    Merging,
    /// Running a query written in SQL.
    RunningSql,
    /// Waiting for another read's run of the same query.
    Sharing,
}

impl LookerError {
    /// Whether the same call may well be answered a moment later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::NotLooker { .. }
            | Self::RateLimited { .. }
            | Self::Busy { .. }
            | Self::Timeout { .. } => true,
            Self::Answer { status, .. } => *status >= 500,
            _ => false,
        }
    }

    /// The stable word for it, the same in API, CLI, log and page.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } | Self::NotLooker { .. } | Self::Redirected { .. } => {
                "looker-unreachable"
            }
            Self::Refused { .. } => "looker-refused",
            Self::TargetRefused(_) => "target-refused",
            Self::NotFound { .. } => "not-found",
            Self::Timeout { .. } => "looker-timeout",
            Self::Busy { .. } => "busy",
            Self::RateLimited { .. } => "looker-rate-limited",
            Self::Answer { .. } | Self::Ended { .. } | Self::BadSource { .. } => "looker-error",
            Self::TooLarge { .. } => "result-too-large",
            Self::Malformed { .. } => "malformed",
            Self::NoSuchFilter { .. } => "invalid-input",
            Self::Unsupported { .. } => "unsupported",
        }
    }
}

impl LookerError {
    /// Wraps what the parser said of an answer; for use with `map_err`.
    pub(super) fn malformed(what: impl Into<String>) -> impl FnOnce(serde_json::Error) -> Self {
        move |error| Self::Malformed {
            what: what.into(),
            source: Some(Arc::new(error)),
        }
    }
}

/// Looker's words, short enough to be shown. Control characters become spaces.
pub(super) fn cut(words: &str) -> String {
    let mut kept: String = words
        .trim()
        .chars()
        .map(|sign| if sign.is_control() { ' ' } else { sign })
        .take(WORDS + 1)
        .collect();
    if let Some((end, _)) = kept.char_indices().nth(WORDS) {
        kept.truncate(end);
        kept.push('…');
    }
    kept
}

struct Said<'a>(&'a Option<String>);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(words) => write!(f, " ({words})"),
            None => Ok(()),
        }
    }
}

struct Later(Option<Duration>);

impl fmt::Display for Later {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(wait) => write!(f, " and asks to wait {} s", wait.as_secs_f32().ceil()),
            None => Ok(()),
        }
    }
}

struct Known<'a>(&'a [String]);

impl fmt::Display for Known<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("none can be overridden: leave `filters` empty"),
            known => write!(f, "use one of {known:?}"),
        }
    }
}

struct TimedOut<'a> {
    task_id: &'a Option<String>,
    waited: Duration,
    doing: Doing,
}

impl fmt::Display for TimedOut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waited = seconds(self.waited);
        match (self.task_id, self.doing) {
            (Some(_), _) => write!(
                f,
                "Looker had not finished the query after {waited}; nothing was read yet; the query \
                 is left to finish, and its result is picked up when it comes; to be quicker, open \
                 the dashboard in Looker once, which makes it hot, or raise the connection's timeout"
            ),
            (None, Doing::Merging) => write!(
                f,
                "Looker had not finished all queries of the merged tile after {waited}; nothing was \
                 read; those that run are left to finish, so that the next read finds them hot; to \
                 be quicker, open the dashboard in Looker once, or raise the connection's timeout"
            ),
            (None, Doing::RunningSql) => write!(
                f,
                "Looker had not finished the tile's SQL after {waited}; nothing was read, and the \
                 API can neither pick such a run up nor stop it: it keeps its place among the \
                 connection's queries until Looker answers, for ten minutes at most; make the SQL \
                 quicker, or raise the connection's timeout"
            ),
            (None, Doing::Sharing) => write!(
                f,
                "another read's run of the same query had not ended after {waited}; nothing was read \
                 by this one, and the other goes on; try again in a moment, which finds the query done \
                 or hot, or raise the connection's timeout"
            ),
            (None, doing) => write!(
                f,
                "Looker did not answer within {waited} while {}; nothing was read; see whether \
                 Looker is slow or down, or raise the connection's timeout",
                match doing {
                    Doing::Finding => "its API was looked for",
                    Doing::LoggingIn => "logging in",
                    Doing::Asking => "it was asked for content",
                    Doing::Running | Doing::Merging | Doing::RunningSql | Doing::Sharing =>
                        "a query was being started",
                }
            ),
        }
    }
}

/// A duration as people say it: whole seconds, or tenths below ten.
fn seconds(time: Duration) -> String {
    let tenths = (time.as_millis() + 50) / 100;
    if tenths < 100 && !tenths.is_multiple_of(10) {
        format!("{}.{} s", tenths / 10, tenths % 10)
    } else {
        format!("{} s", (tenths + 5) / 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_to_what_can_be_shown() {
        assert_eq!(cut("  View\nNot Found "), "View Not Found");
        assert_eq!(cut(&"é".repeat(500)), "é".repeat(500));
        assert_eq!(cut(&"é".repeat(501)), format!("{}…", "é".repeat(500)));
    }

    #[test]
    fn a_timeout_says_what_to_do_about_it() {
        let waited = Duration::from_millis(40_012);
        let message = |task_id, doing| {
            LookerError::Timeout {
                task_id,
                waited,
                doing,
            }
            .to_string()
        };
        let left = message(Some("t1".to_owned()), Doing::Running);
        for part in ["after 40 s", "left to finish", "hot", "timeout"] {
            assert!(left.contains(part), "{left}");
        }
        let busy = LookerError::Busy { waited, places: 8 }.to_string();
        for part in ["for 40 s", "all 8 places", "not asked", "max_concurrent"] {
            assert!(busy.contains(part), "{busy}");
        }
        assert!(message(None, Doing::LoggingIn).contains("while logging in"));
        assert_eq!(seconds(Duration::from_millis(300)), "0.3 s");
        assert_eq!(seconds(Duration::from_millis(2_000)), "2 s");
    }
}
