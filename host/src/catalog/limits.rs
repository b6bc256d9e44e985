//! What an operator sets for one extractor in place of the server's own limits.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::sandbox::{Limits, MOST_SLOTS_EACH, SLOTS_EACH};

/// A field of an edit: told apart are one that is left out, one that is `null`, and a value.
fn given<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<u64>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// Lists the limits once: what is kept of them, and what an edit of them is.
macro_rules! limits {
    ($($(#[doc = $doc:literal])* $name:ident: $from:tt to $to:tt;)*) => {
        /// The limits of one extractor that are not the server's own; all versions share them.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(default)]
        pub struct Overrides {
            $($(#[doc = $doc])*
            #[serde(skip_serializing_if = "Option::is_none")]
            pub $name: Option<u64>,)*
        }

        /// A change of an extractor's limits. What is left out stays as it is; `null` stands for the
        /// server's own limit.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
        #[serde(default, deny_unknown_fields)]
        pub struct LimitsEdit {
            $($(#[doc = $doc])*
            #[serde(deserialize_with = "given")]
            #[schema(value_type = Option<u64>, minimum = $from, maximum = $to)]
            pub $name: Option<Option<u64>>,)*
        }

        impl LimitsEdit {
            /// Every limit back to the server's own.
            #[must_use]
            pub fn to_defaults() -> Self {
                Self { $($name: Some(None),)* }
            }

            /// Holds what is set to its range.
            ///
            /// # Errors
            ///
            /// The first that is out of it.
            pub(super) fn check(&self) -> Result<(), BadLimit> {
                $(if let Some(Some(value)) = self.$name
                    && !($from..=$to).contains(&value)
                {
                    return Err(BadLimit {
                        field: stringify!($name),
                        reason: format!("it takes {} to {}, or null for the server's own limit", $from, $to),
                    });
                })*
                Ok(())
            }
        }

        impl LimitsEdit {
            /// The change as it was asked for, `null` where the server's own limit is to count again.
            #[must_use]
            pub fn told(&self) -> Value {
                let mut told = Map::new();
                $(if let Some(set) = self.$name {
                    told.insert(stringify!($name).into(), set.into());
                })*
                told.into()
            }
        }

        impl Overrides {
            /// With a change made to them.
            #[must_use]
            pub fn edited(self, edit: &LimitsEdit) -> Self {
                Self { $($name: edit.$name.unwrap_or(self.$name),)* }
            }
        }
    };
}

limits! {
    /// Milliseconds of processor time of one call.
    cpu_ms: 1 to 600_000;
    /// Milliseconds from a call to its answer.
    wall_ms: 1 to 600_000;
    /// MiB of memory of one call, over all its memories; at most what the server was started with.
    memory_mib: 1 to 4_096;
    /// KiB of an answer.
    output_kib: 1 to 65_536;
    /// Log lines that are kept of one call.
    log_lines: 0 to 10_000;
    /// KiB of log text that are kept of one call.
    log_kib: 0 to 1_024;
    /// Calls that run at once, over all versions.
    concurrency: 1 to 48;
}

// The range above is written out for the API's document.
const _: () = assert!(MOST_SLOTS_EACH == 48);

/// A limit that cannot be set so.
#[derive(Debug, thiserror::Error)]
#[error("the limit {field} cannot be set: {reason}")]
pub struct BadLimit {
    /// Which.
    pub field: &'static str,
    /// What it takes.
    pub reason: String,
}

impl LimitsEdit {
    /// Holds the change to what is sound and what this server can give.
    ///
    /// # Errors
    ///
    /// What is out of its range, or more memory than the pool of instances was made for.
    pub(super) fn fits(&self, server: &Limits) -> Result<(), BadLimit> {
        self.check()?;
        let most = (server.memory >> 20) as u64;
        match self.memory_mib {
            Some(Some(mib)) if mib > most => Err(BadLimit {
                field: "memory_mib",
                reason: format!(
                    "the server's pool of instances was made for {most} MiB a call; set less, or start the server with a larger --call-memory-mib"
                ),
            }),
            _ => Ok(()),
        }
    }
}

impl Overrides {
    /// The limits that calls run under. A server that was started with less memory than is set gives
    /// what it has.
    #[must_use]
    pub fn over(&self, server: &Limits) -> Limits {
        let number = |set: Option<u64>| set.and_then(|set| usize::try_from(set).ok());
        let size = |set, shift: u32, own: usize| number(set).map_or(own, |set| set << shift);
        let time = |set: Option<u64>, own| set.map_or(own, Duration::from_millis);
        Limits {
            cpu: time(self.cpu_ms, server.cpu),
            wall: time(self.wall_ms, server.wall),
            memory: size(self.memory_mib, 20, server.memory).min(server.memory),
            output: size(self.output_kib, 10, server.output),
            ..server.clone()
        }
        .keeping(
            number(self.log_lines).unwrap_or(server.log_lines),
            size(self.log_kib, 10, server.log_bytes),
        )
    }

    /// Calls that run at once.
    #[must_use]
    pub fn at_once(&self) -> usize {
        let set = self.concurrency.and_then(|set| usize::try_from(set).ok());
        set.unwrap_or(SLOTS_EACH).clamp(1, MOST_SLOTS_EACH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_counts_and_the_rest_is_the_servers() {
        let server = Limits::default();
        let set = Overrides {
            cpu_ms: Some(50),
            log_lines: Some(10_000),
            memory_mib: Some(4_096),
            ..Overrides::default()
        };
        let limits = set.over(&server);
        assert_eq!(limits.cpu, Duration::from_millis(50));
        assert_eq!((limits.wall, limits.output), (server.wall, server.output));
        assert_eq!(limits.memory, server.memory, "no more than the pool gives");
        assert!(limits.flood_lines >= limits.log_lines);
        assert_eq!(Overrides::default().over(&server), server);
    }

    #[test]
    fn an_edit_leaves_what_it_does_not_name() {
        let before = Overrides {
            cpu_ms: Some(1),
            wall_ms: Some(2),
            ..Overrides::default()
        };
        let edit = LimitsEdit {
            cpu_ms: Some(None),
            concurrency: Some(Some(3)),
            ..LimitsEdit::default()
        };
        let after = before.edited(&edit);
        assert_eq!((after.cpu_ms, after.wall_ms), (None, Some(2)));
        assert_eq!(after.at_once(), 3);
        let none = after.edited(&LimitsEdit::to_defaults());
        assert_eq!(none, Overrides::default());
    }
}
