//! Errors as callers see them: RFC 9457 problems with a stable `code`.
//!
//! [`CODES`] is the whole list, and what `GET /problems/{code}` explains. A [`Problem`] is made by
//! the `From` conversions of `http::problems` and nowhere else becomes bytes than in
//! `http::request`, which knows the request's id.

use std::ops::{Deref, DerefMut};

/// A stable word for what went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code(&'static Explained);

/// What a code means.
#[derive(Debug, PartialEq, Eq)]
pub struct Explained {
    /// The word.
    pub code: &'static str,
    /// The HTTP status it comes with.
    pub status: u16,
    /// A short title.
    pub title: &'static str,
    /// What it means and what to do.
    pub meaning: &'static str,
}

macro_rules! codes {
    ($($name:ident = $code:literal, $status:literal, $title:literal, $meaning:literal;)*) => {
        impl Code {
            $(#[doc = $title] pub const $name: Self = Self(&Explained {
                code: $code, status: $status, title: $title, meaning: $meaning,
            });)*
        }
        /// Every code there is, in the order of the documentation.
        pub static CODES: &[Code] = &[$(Code::$name),*];
    };
}

codes! {
    INVALID_INPUT = "invalid-input", 400, "The request is not what this call takes",
        "`errors` lists what is wrong, each with a JSON pointer into the request. Change that and send it again.";
    UNAUTHORIZED = "unauthorized", 401, "There is no valid token",
        "Send `Authorization: Bearer lm_…` with a token of this server. Tokens can expire or be revoked.";
    FORBIDDEN = "forbidden", 403, "The token's role does not allow this",
        "Viewers read, editors change what is read, admins run the server. Ask an admin for another role.";
    NOT_FOUND = "not-found", 404, "There is no such thing",
        "The path or the name in it is wrong, or it has been deleted.";
    METHOD_NOT_ALLOWED = "method-not-allowed", 405, "The path is right, the method is not",
        "/docs shows which methods a path takes.";
    CONFLICT = "conflict", 409, "What is there stands in the way",
        "The detail says what has to change first.";
    STALE = "stale", 412, "Somebody else changed it in the meantime",
        "Read it again and send the change with its new `ETag`.";
    TOO_LARGE = "too-large", 413, "The request is larger than this call takes",
        "Requests may have 32 MiB, uploads of extractors 64 MiB.";
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", 415, "The body is of another type than this call takes",
        "Send `Content-Type: application/json`, or `application/wasm` with an extractor.";
    PRECONDITION_REQUIRED = "precondition-required", 428, "An edit has to say which version it changes",
        "Send `If-Match` with the `ETag` that came with the object, or `*`.";
    RATE_LIMITED = "rate-limited", 429, "Too many requests with this token",
        "Wait for as long as `Retry-After` says.";

    MALFORMED = "malformed", 422, "The result is not a whole answer of Looker's",
        "It is not JSON, was cut short, or is not `json_detail`. Nothing was read. Fetch it again.";
    LOOKER_ERROR = "looker-error", 422, "Looker answered with an error instead of data",
        "The detail has Looker's words. Open the tile in Looker, mend it there, and read again.";
    UNSUPPORTED = "unsupported", 422, "The extractor does not read such a chart",
        "Choose another extractor, or change the chart; `POST /v1/charts/verify` says which might read it.";
    BAD_SELECTION = "bad-selection", 422, "The selection names something that is not there",
        "`control` says which choice to change; the outline lists those there are.";
    NO_DATA = "no-data", 422, "There is no value there",
        "No row fits, or the cell is empty in Looker. An empty cell is not zero.";
    NOT_NUMERIC = "not-numeric", 422, "The value is not a number",
        "The cell holds text. Choose another field, or change its type in Looker.";
    AMBIGUOUS = "ambiguous", 422, "Several answers fit",
        "`control` says which choice would tell them apart. Lensmount does not guess.";
    INCOMPLETE = "incomplete", 422, "Looker cut the result short",
        "What is wanted may be among what is missing. Raise the row limit in Looker or sort by x, newest first.";
    INTERNAL = "internal", 422, "The extractor is at fault",
        "The detail is for its author. Roll back to an earlier version.";
    OTHER = "other", 422, "The extractor failed in a way of its own",
        "`extractor_code` and the detail are its own words.";
    OTHER_QUERY = "other-query", 422, "The pushed result is not of the linked chart",
        "Rows chosen by other filters or fields computed in another way have the same names and other numbers. Nothing was read. Schedule the very look or tile that the key result is linked to.";

    TRAP = "trap", 422, "The extractor crashed",
        "The call was ended and nothing was read. `log` and `trace` are for its author. Roll back.";
    CPU_TIMEOUT = "cpu-timeout", 422, "The extractor used too much processor time",
        "The call was ended and nothing was read. A smaller result may help; else its author has to.";
    WALL_TIMEOUT = "wall-timeout", 422, "The extractor was not done in time",
        "The call was ended and nothing was read. The server may be busy: try again.";
    MEMORY_LIMIT = "memory-limit", 422, "The extractor used too much memory",
        "The call was ended and nothing was read. A smaller result may help; else its author has to.";
    OUTPUT_LIMIT = "output-limit", 422, "The extractor's answer was too large",
        "The call was ended and nothing was read. Roll back, or tell its author.";
    STACK_OVERFLOW = "stack-overflow", 422, "The extractor recursed too deeply",
        "The call was ended and nothing was read. Roll back, or tell its author.";
    LOG_LIMIT = "log-limit", 422, "The extractor flooded the log",
        "The call was ended and nothing was read. Roll back, or tell its author.";
    INCOMPATIBLE = "incompatible", 422, "The extractor does not fit this call",
        "A chart extractor gives numbers, an event mapper gives events. Choose one of the other kind.";

    LOOKER_UNREACHABLE = "looker-unreachable", 502, "Looker does not answer",
        "Nothing was read. See whether Looker is up, whether this machine may call it, and whether the server URL is right.";
    LOOKER_REFUSED = "looker-refused", 502, "Looker does not take the credentials",
        "Nothing was read. Enter the API credentials of the connection again; they belong to a Looker user who may see the content.";
    LOOKER_TIMEOUT = "looker-timeout", 504, "Looker was not done in time",
        "The query is left to finish and its result is picked up when it comes. Open the dashboard in Looker once to make it hot, or raise the timeout of the connection.";
    LOOKER_RATE_LIMITED = "looker-rate-limited", 503, "Looker asks for fewer calls",
        "Wait for as long as Retry-After says, or read less often.";
    RESULT_TOO_LARGE = "result-too-large", 422, "Looker's answer is larger than is read",
        "Nothing was read. Show fewer rows or columns in Looker, or lower the query's row limit.";
    TARGET_REFUSED = "target-refused", 422, "The address may not be called",
        "It is private, loopback or link-local. An operator allows such addresses with LENSMOUNT_ALLOW_PRIVATE_TARGETS.";

    NOT_A_COMPONENT = "not-a-component", 422, "This is not a WebAssembly component",
        "Upload what `wasm-tools component new` or a language's component tool makes.";
    PRECOMPILED = "precompiled", 422, "This is compiled machine code",
        "Lensmount compiles components itself and never runs code compiled elsewhere. Upload the component.";
    INVALID_COMPONENT = "invalid-component", 422, "The component is not valid",
        "It may have been changed on its way, or uses a feature that is switched off. Build it again.";
    INCOMPATIBLE_INTERFACE = "incompatible-interface", 422, "The component does not speak the contract",
        "Build it against `wit/` of this release. The detail names what differs.";
    FORBIDDEN_IMPORT = "forbidden-import", 422, "The component wants more than an extractor gets",
        "Extractors have no clock, network, files or randomness: only a log (`log`, `lines`) and the rules of time zones (`zones`). Build it without what the detail names.";
    UNSIGNED = "unsigned", 422, "The component has to be signed and is not",
        "This server takes what publishers that it knows have signed. Send the signature along in `Lensmount-Signature`.";
    BAD_SIGNATURE = "bad-signature", 422, "The signature does not fit",
        "It is not the signature of a publisher known here over these very bytes. Sign the component anew, or have the operator make the publisher known.";
    COMPILE_LIMIT = "compile-limit", 422, "The component cannot be compiled",
        "It needs more than this server gives to compiling.";
    BAD_DESCRIPTION = "bad-description", 422, "What the component says of itself is not sound",
        "Mend `describe` (and `chart-types`) as the detail says, and upload it again.";
    SAMPLE_FAILED = "sample-failed", 422, "The component does not do what its samples expect",
        "The detail shows the lines that differ. Run `lensmount extractor test`, mend what is wrong, and upload it again.";
    VERSION_EXISTS = "version-exists", 422, "That version is taken",
        "A version never changes. Raise the number and upload again.";

    FAULT = "fault", 500, "Lensmount is at fault",
        "This is a defect. The server's log has the cause under the request's id.";
    BUSY = "busy", 503, "All slots are taken",
        "Wait for as long as `Retry-After` says.";
    RESTING = "resting", 503, "The extractor rests",
        "Its last calls had all to be stopped, so it is left alone for a while. Nothing was read, and the last reading stays. Wait for as long as `Retry-After` says, or roll back.";
    UNAVAILABLE = "unavailable", 503, "The server cannot answer just now",
        "Its store does not answer, or it is stopping. Wait for as long as `Retry-After` says.";
}

impl Code {
    /// The code of that text.
    #[must_use]
    pub fn named(code: &str) -> Option<Self> {
        CODES.iter().copied().find(|known| known.0.code == code)
    }

    /// The word and what it means.
    #[must_use]
    pub fn explained(self) -> &'static Explained {
        self.0
    }
}

/// Something that went wrong, ready to be told. Boxed, because it is the error of every handler and
/// most of them succeed.
#[derive(Debug, Clone)]
pub struct Problem(Box<Facts>);

/// What there is to tell.
#[derive(Debug, Clone)]
pub struct Facts {
    /// What kind of thing.
    pub code: Code,
    /// What happened, what it means, what to do. Never holds a secret.
    pub detail: String,
    /// The control to change.
    pub control: Option<String>,
    /// What is wrong with the request, by place.
    pub errors: Vec<InputError>,
    /// An extractor's own code, with `other`.
    pub extractor_code: Option<String>,
    /// The guest's stack, innermost first.
    pub trace: Vec<String>,
    /// What the guest had written to the log.
    pub log: Vec<String>,
    /// The checks of an upload: those passed, then the one that refused.
    pub stages: Vec<StageEnded>,
    /// Seconds after which to try again.
    pub retry_after: Option<u32>,
}

/// A check of an upload, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct StageEnded {
    /// Its name.
    #[schema(example = "validate")]
    pub stage: &'static str,
    /// `passed`, or the code with which it refused.
    #[schema(example = "passed")]
    pub code: &'static str,
    /// Microseconds it took.
    pub took_us: u64,
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct InputError {
    /// Where, as a JSON pointer; empty for the whole body.
    #[schema(example = "/selection")]
    pub pointer: String,
    /// What is wrong.
    pub detail: String,
}

impl Deref for Problem {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        &self.0
    }
}

impl DerefMut for Problem {
    fn deref_mut(&mut self) -> &mut Facts {
        &mut self.0
    }
}

impl Problem {
    /// A problem with nothing but its code and text.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Box::new(Facts {
            code,
            detail: detail.into(),
            control: None,
            errors: Vec::new(),
            extractor_code: None,
            trace: Vec::new(),
            log: Vec::new(),
            stages: Vec::new(),
            retry_after: None,
        }))
    }

    /// One thing that is wrong with the input.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let (pointer, detail) = (pointer.into(), detail.into());
        let place = if pointer.is_empty() {
            "the request"
        } else {
            pointer.as_str()
        };
        let mut problem = Self::new(
            Code::INVALID_INPUT,
            format!("{place} cannot be taken: {detail}"),
        );
        problem.errors.push(InputError { pointer, detail });
        problem
    }

    /// What is wrong with a part of the input, told by its place in the whole.
    #[must_use]
    pub fn below(mut self, place: &str) -> Self {
        for error in &mut self.errors {
            error.pointer.insert_str(0, place);
        }
        if self.detail.starts_with('/') {
            self.detail.insert_str(0, place);
        }
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_stands_once_and_is_an_error() {
        let mut seen = HashSet::new();
        for code in CODES {
            let explained = code.explained();
            assert!(seen.insert(explained.code), "{}", explained.code);
            assert!((400..600).contains(&explained.status), "{}", explained.code);
            assert_eq!(Code::named(explained.code), Some(*code));
        }
    }
}
