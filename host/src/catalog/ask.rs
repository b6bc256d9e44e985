//! One loaded extractor asked about one result, and its answer held to the contract.

use lensmount_sdk::decimal::Decimal;

use crate::event::frame;
use crate::sample::{Operation, Outcome, Sample, lent};
use crate::sandbox::types::{Failure, FailureCode};
use crate::sandbox::{CallError, Called, Failed, Lens, Sandbox, Usage, chart, events};

/// What a call is about, lent for as long as it takes. Bodies are copied once, into the guest.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// Looker's answer, byte for byte.
    pub result: &'a [u8],
    /// Looker's Query object, or `{}`.
    pub query: &'a [u8],
    /// What a person chose.
    pub chosen: &'a [(&'a str, &'a str)],
    /// What neither result nor query say: `now`, `time-zone`, `title`.
    pub context: &'a [(&'a str, &'a str)],
}

impl<'a> Given<'a> {
    fn tile(&self) -> chart::Tile<'a> {
        chart::Tile {
            body: self.result,
            query: self.query,
            context: self.context,
        }
    }
}

/// The choices that a chart extractor offers.
///
/// # Errors
///
/// The extractor's failure, or why it was stopped.
pub async fn outline(
    lens: &Lens,
    sandbox: &Sandbox,
    given: Given<'_>,
) -> Result<Called<chart::Offering>, CallError> {
    lens.outline(sandbox, given.tile(), given.chosen).await
}

/// The one number that a selection points at.
///
/// # Errors
///
/// As for [`outline`]; `internal` where the extractor gave no plain decimal text.
pub async fn read(
    lens: &Lens,
    sandbox: &Sandbox,
    given: Given<'_>,
) -> Result<Called<chart::Reading>, CallError> {
    let read = lens.read(sandbox, given.tile(), given.chosen).await?;
    numeric(read, std::slice::from_ref)
}

/// Every number along x, oldest first.
///
/// # Errors
///
/// As for [`read`].
pub async fn series(
    lens: &Lens,
    sandbox: &Sandbox,
    given: Given<'_>,
) -> Result<Called<Vec<chart::Reading>>, CallError> {
    let series = lens.series(sandbox, given.tile(), given.chosen).await?;
    numeric(series, Vec::as_slice)
}

/// The events that an event mapper makes of a whole result. The selection is its settings.
///
/// # Errors
///
/// As for [`outline`]; a result that cannot be told apart into head and rows is `malformed`.
pub async fn convert(
    lens: &Lens,
    sandbox: &Sandbox,
    given: Given<'_>,
) -> Result<Called<events::Batch>, CallError> {
    let document = frame::split(given.result).map_err(|reason| {
        let usage = Usage {
            input: given.result.len(),
            ..Usage::default()
        };
        failed(FailureCode::Malformed, reason.to_string(), usage)
    })?;
    let run = || events::Run {
        head: &document.head,
        query: given.query,
        settings: given.chosen,
        context: given.context,
    };
    // The contract's promise: a mapper may judge query and settings in a call without rows.
    let judged = lens.convert(sandbox, run(), b"[]").await?.usage;
    let mut called = lens
        .convert(sandbox, run(), document.rows)
        .await
        .map_err(|error| error.after(judged))?;
    called.usage = judged.and(called.usage);
    Ok(called)
}

/// A failure in the extractor's name.
fn failed(code: FailureCode, message: String, usage: Usage) -> CallError {
    let failure = Failure {
        code,
        message,
        control: None,
        attributes: Vec::new(),
    };
    CallError::Failure(Box::new(Failed { failure, usage }))
}

/// What an extractor makes of a sample, and what that cost.
///
/// # Errors
///
/// When its answer cannot be written as JSON, a defect.
pub async fn sample(
    lens: &Lens,
    sandbox: &Sandbox,
    sample: &Sample,
) -> serde_json::Result<(Outcome, Usage)> {
    fn told<T>(
        called: Result<Called<T>, CallError>,
        words: impl FnOnce(T) -> serde_json::Result<Outcome>,
    ) -> serde_json::Result<(Outcome, Usage)> {
        match called {
            Ok(Called { value, usage, .. }) => Ok((words(value)?, usage)),
            Err(error) => {
                let usage = *error.usage();
                Ok((Outcome::no_answer(error), usage))
            }
        }
    }
    let (chosen, context) = (lent(&sample.chosen), lent(&sample.context));
    let given = sample.given(&chosen, &context);
    match sample.operation {
        Operation::Outline => told(outline(lens, sandbox, given).await, Outcome::outline),
        Operation::Read => told(read(lens, sandbox, given).await, Outcome::read),
        Operation::Series => told(series(lens, sandbox, given).await, Outcome::series),
        Operation::Convert => told(convert(lens, sandbox, given).await, Outcome::convert),
    }
}

/// Holds an extractor to the contract: a value is plain decimal text. One that is not would become
/// a wrong number further on, so the whole answer is refused.
fn numeric<T>(
    called: Called<T>,
    readings: impl FnOnce(&T) -> &[chart::Reading],
) -> Result<Called<T>, CallError> {
    let plain = |text: &str| Decimal::parse(text).is_ok_and(|decimal| decimal.to_string() == text);
    let wrong = readings(&called.value)
        .iter()
        .find(|reading| !plain(&reading.value));
    let Some(wrong) = wrong else {
        return Ok(called);
    };
    let text: String = wrong.value.chars().take(80).collect();
    let message = format!(
        "the extractor gave {text:?} for a number, and a number is plain decimal text such as -12.50; \
         nothing was read, tell its author or roll back"
    );
    Err(failed(FailureCode::Internal, message, called.usage))
}
