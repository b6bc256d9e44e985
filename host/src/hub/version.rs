//! Which Looker calls, as its `User-Agent` says it.

/// A release of Looker: 24.6.12 is `[24, 6, 12]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release([u64; 3]);

impl Release {
    /// The release that first sends rows as a stream.
    pub const STREAMS: Self = Self([6, 2, 0]);
    /// The release that actions are offered to where they do not say otherwise.
    pub const ACTIONS: Self = Self([5, 5, 0]);

    /// What `LookerOutgoingWebhook/7.3.00004561` says; none where another calls.
    #[must_use]
    pub fn of(agent: &str) -> Option<Self> {
        Self::parse(agent.trim().strip_prefix("LookerOutgoingWebhook/")?)
    }

    /// Up to three numbers with dots between them; what follows them does not count.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = [0; 3];
        for (place, part) in text.trim().splitn(4, '.').take(3).enumerate() {
            let end = part.find(|c: char| !c.is_ascii_digit());
            let digits = &part[..end.unwrap_or(part.len())];
            match digits.parse() {
                Ok(number) => parts[place] = number,
                Err(_) if place > 0 && digits.is_empty() => break,
                Err(_) => return None,
            }
            if end.is_some() {
                break;
            }
        }
        Some(Self(parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_read_loosely() {
        for (agent, release) in [
            ("LookerOutgoingWebhook/7.3.00004561", Some([7, 3, 4561])),
            ("LookerOutgoingWebhook/24.0.0", Some([24, 0, 0])),
            ("LookerOutgoingWebhook/24", Some([24, 0, 0])),
            ("LookerOutgoingWebhook/24.6-beta.1", Some([24, 6, 0])),
            ("LookerOutgoingWebhook/24.6.1.9", Some([24, 6, 1])),
            ("LookerOutgoingWebhook/24.", Some([24, 0, 0])),
            ("LookerOutgoingWebhook/", None),
            ("LookerOutgoingWebhook/x", None),
            ("LookerOutgoingWebhook/99999999999999999999999", None),
            ("curl/8.0.0", None),
            ("", None),
        ] {
            assert_eq!(Release::of(agent), release.map(Release), "{agent}");
        }
        assert!(Release([6, 1, 99]) < Release::STREAMS && Release([6, 2, 0]) >= Release::STREAMS);
    }
}
