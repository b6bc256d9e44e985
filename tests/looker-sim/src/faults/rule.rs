//! One rule of what goes wrong, as it is posted.

use std::time::Duration;

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::Instead;

/// What goes wrong. All of it is limited to paths that begin with `match`, where that is given.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    #[serde(rename = "match")]
    only: Option<String>,
    /// Every call waits this long.
    pub latency_ms: u64,
    /// Every run takes this much longer.
    pub run_ms: u64,
    /// So many authorised calls are told that their token is none, and it is none from then on.
    pub unauthorized_next: u64,
    /// Logins are refused as with unknown credentials.
    login_404: bool,
    /// Results hold an error and no rows: `true`, or its words.
    errors_in_200: Value,
    /// Runs do not end.
    pub hang: bool,
    /// Calls of paths that begin so are not answered.
    hang_paths: Vec<String>,
    /// Calls are answered with this status.
    status: Option<Status>,
    /// The body ends half-way: `true` with the connection, `"clean"` as if that were all.
    truncate_body: Value,
    /// The body comes in small pieces, so long apart.
    slow_drip_ms: u64,
    /// The body is preceded by so much white space.
    huge_body_mb: u64,
    /// So many new tasks say once that they have expired.
    pub expired_task: u64,
    /// So many new tasks expire for good.
    pub lost_task: u64,
    /// Calls are sent to the same path there.
    redirect_to: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Status {
    code: u16,
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    html: bool,
    times: Option<u64>,
    retry_after: Option<u64>,
}

/// What happens to a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// It ends half-way; the connection does too unless `clean`.
    Truncated {
        /// As if that were all.
        clean: bool,
    },
    /// It comes in pieces this far apart.
    Dripping(Duration),
    /// It is preceded by so many mebibytes of white space.
    Huge(u64),
}

/// Faults that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BadFaults {
    /// The shape is wrong.
    #[error("faults are an object of switches, or a list of such")]
    Shape(#[from] serde_json::Error),
    /// The status is none.
    #[error("{0} is not a status that HTTP has")]
    Status(u16),
}

/// The rules in a posted body: an object is one, an array several, `{}` none.
pub fn rules(posted: Value) -> Result<Vec<Rule>, BadFaults> {
    let rules: Vec<Rule> = match posted {
        Value::Array(_) => serde_json::from_value(posted)?,
        one => vec![serde_json::from_value(one)?],
    };
    for status in rules.iter().filter_map(|rule| rule.status.as_ref()) {
        StatusCode::from_u16(status.code).map_err(|_| BadFaults::Status(status.code))?;
    }
    Ok(rules)
}

impl Rule {
    /// Whether it is about calls of this path.
    pub fn matches(&self, path: &str) -> bool {
        self.only
            .as_deref()
            .is_none_or(|only| path.starts_with(only))
    }

    /// Whether calls of this path are not answered.
    pub fn hangs(&self, path: &str) -> bool {
        self.matches(path)
            && self
                .hang_paths
                .iter()
                .any(|prefix| path.starts_with(prefix.as_str()))
    }

    /// What a call of this path is answered with in place of its answer.
    pub fn instead(&mut self, path: &str) -> Option<Instead> {
        if !self.matches(path) {
            return None;
        }
        if let Some(to) = &self.redirect_to {
            return Some(Instead::Redirect(to.clone()));
        }
        if self.login_404 && path.ends_with("/login") {
            return Some(Instead::UnknownCredentials);
        }
        let status = self.status.as_mut()?;
        let named = status.paths.is_empty()
            || status
                .paths
                .iter()
                .any(|prefix| path.starts_with(prefix.as_str()));
        if !named || status.times == Some(0) {
            return None;
        }
        status.times = status.times.map(|left| left - 1);
        Some(Instead::Status {
            code: StatusCode::from_u16(status.code).ok()?,
            html: status.html,
            retry_after: status.retry_after,
        })
    }

    /// The error that results hold.
    pub fn error_within(&self) -> Option<String> {
        match &self.errors_in_200 {
            Value::String(words) => Some(words.clone()),
            Value::Bool(true) => {
                Some("Lost connection to the database server during query".to_owned())
            }
            _ => None,
        }
    }

    /// Whether bodies of this path are spoilt: those of results, unless it is about other calls.
    pub fn spoils(&self, path: &str) -> bool {
        let is_result = path.contains("/run/") || path.ends_with("results");
        self.matches(path) && (is_result || self.only.is_some())
    }

    /// What happens to bodies.
    pub fn body(&self) -> Option<Body> {
        match &self.truncate_body {
            Value::Bool(true) => return Some(Body::Truncated { clean: false }),
            Value::String(_) => return Some(Body::Truncated { clean: true }),
            _ => {}
        }
        if self.slow_drip_ms > 0 {
            return Some(Body::Dripping(Duration::from_millis(self.slow_drip_ms)));
        }
        (self.huge_body_mb > 0).then_some(Body::Huge(self.huge_body_mb))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn one(posted: Value) -> Rule {
        rules(posted).unwrap().remove(0)
    }

    #[test]
    fn a_status_lasts_as_often_as_it_says() {
        let mut rule =
            one(json!({"status": {"code": 503, "times": 2, "paths": ["/api/4.0/looks"]}}));
        assert_eq!(rule.instead("/api/4.0/queries"), None);
        for left in [true, true, false] {
            assert_eq!(rule.instead("/api/4.0/looks/1").is_some(), left);
        }
    }

    #[test]
    fn bodies_of_results_are_spoilt_unless_others_are_named() {
        let rule = one(json!({"truncate_body": true}));
        assert!(rule.spoils("/api/4.0/query_tasks/1/results"));
        assert!(rule.spoils("/api/4.0/queries/1/run/json"));
        assert!(!rule.spoils("/api/4.0/dashboards/1"));
        let rule = one(json!({"truncate_body": "clean", "match": "/api/4.0/dashboards"}));
        assert!(rule.spoils("/api/4.0/dashboards/1"));
        assert_eq!(rule.body(), Some(Body::Truncated { clean: true }));
    }

    #[test]
    fn what_is_misspelt_is_refused() {
        for posted in [
            json!({"latency": 5}),
            json!("hang"),
            json!({"status": {"code": 5}}),
            json!({"hang": 1}),
        ] {
            assert!(rules(posted.clone()).is_err(), "{posted}");
        }
        assert_eq!(rules(json!([{"hang": true}, {}])).unwrap().len(), 2);
    }
}
