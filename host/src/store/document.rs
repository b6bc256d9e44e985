//! Documents: JSON records with a key and a version.

use std::fmt;

use jiff::Timestamp;

/// The most bytes a document's body or an audit entry may have. What is larger is a blob.
pub const MAX_RECORD_BYTES: usize = 64 * 1024;

/// The most bytes a document's key may have.
pub const MAX_KEY_BYTES: usize = 512;

/// What a document describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// An extractor with its versions and its roll-out.
    Extractor,
    /// An access token, known only by its hash.
    Token,
    /// A setting made while the server runs.
    Setting,
    /// Which blob is the compiled code of a component.
    Code,
    /// A Looker instance and how to log in to it.
    Connection,
    /// A heading over key results.
    Objective,
    /// A key result as it was set up.
    KeyResult,
    /// How far a key result has come.
    Progress,
    /// What a poll asks of which connection.
    Poll,
    /// Who is told of what.
    Subscription,
    /// That a key result is read by a poll.
    Member,
    /// The answer to a request that may be repeated.
    Idempotency,
    /// Whom to tell what happens, by signed requests.
    Webhook,
    /// What a webhook is still to be told.
    Notice,
    /// One execution of an action.
    Run,
    /// How far what a run sends has come.
    Delivery,
    /// Events of a run that are sent together.
    Segment,
    /// Which run a request is, in case it comes again.
    Resend,
    /// A data plane that schedules may send to by name.
    Destination,
    /// A key that Looker may call the Action Hub with; not the key itself.
    HubKey,
    /// A result that a key result read, kept to try extractors on.
    Sample,
}

impl Kind {
    /// The name under which documents of this kind are stored. It never changes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Extractor => "extractor",
            Self::Token => "token",
            Self::Setting => "setting",
            Self::Code => "code",
            Self::Connection => "connection",
            Self::Objective => "objective",
            Self::KeyResult => "key-result",
            Self::Progress => "progress",
            Self::Poll => "poll",
            Self::Subscription => "subscription",
            Self::Member => "member",
            Self::Idempotency => "idempotency",
            Self::Webhook => "webhook",
            Self::Notice => "notice",
            Self::Run => "run",
            Self::Delivery => "delivery",
            Self::Segment => "segment",
            Self::Resend => "resend",
            Self::Destination => "destination",
            Self::HubKey => "hub-key",
            Self::Sample => "sample",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A document as the store keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    /// Its name among the documents of its kind.
    pub key: String,
    /// Changes with each write and never comes back for this key, not even when the document is
    /// deleted and made anew. Later versions are greater; they are not consecutive.
    pub version: u64,
    /// The JSON text of the owner's record, byte for byte as it was written.
    pub body: Vec<u8>,
    /// When it was last written, by the store's clock, in whole microseconds.
    pub updated_at: Timestamp,
}

impl fmt::Debug for Document {
    // The body stays out: some kinds keep sealed secrets, which have no place in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("key", &self.key)
            .field("version", &self.version)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("updated_at", &self.updated_at)
            .finish()
    }
}

/// The format that an owner's record says it has, readable before the record is.
#[derive(serde::Deserialize)]
pub struct Format {
    format: u32,
}

impl Format {
    /// Reads the field `format` of a document's body.
    ///
    /// # Errors
    ///
    /// When the body has none.
    pub fn of(body: &[u8]) -> Result<u32, serde_json::Error> {
        serde_json::from_slice::<Self>(body).map(|record| record.format)
    }
}
