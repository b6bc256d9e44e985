//! One sample: what is asked, and what is expected.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::catalog::Given;
use crate::problem::Problem;
use crate::sandbox::World;

use super::words::{Words, query_text, result_text, timely};

/// The function of the contract that a sample calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// The choices that a chart offers.
    Outline,
    /// One number.
    Read,
    /// Every number along x.
    Series,
    /// Events of rows.
    Convert,
}

impl Operation {
    /// The world that has such a function.
    #[must_use]
    pub fn world(self) -> World {
        match self {
            Self::Outline | Self::Read | Self::Series => World::ChartExtractor,
            Self::Convert => World::EventMapper,
        }
    }
}

/// A sample as it is written: the words of a request to `/v1/extractors/{name}/{operation}`, and
/// the answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Sample)]
pub struct Document<'a> {
    /// What reports call it.
    #[serde(borrow, default)]
    name: Option<Cow<'a, str>>,
    /// What is asked.
    operation: Operation,
    /// Looker's `json_detail` answer: any JSON value. A string is taken as Looker's raw text.
    #[serde(borrow)]
    #[schema(value_type = Object)]
    result: &'a RawValue,
    /// The tile's `vis_config`.
    #[serde(borrow, default)]
    #[schema(value_type = Option<Object>)]
    vis_config: Option<&'a RawValue>,
    /// Looker's whole Query object, in place of `vis_config`.
    #[serde(borrow, default)]
    #[schema(value_type = Option<Object>)]
    query: Option<&'a RawValue>,
    /// Control name to value.
    #[serde(borrow, default)]
    #[schema(value_type = Object)]
    selection: Words<'a>,
    /// An event mapper's settings, control name to value.
    #[serde(borrow, default)]
    #[schema(value_type = Object)]
    settings: Words<'a>,
    /// What neither result nor query say: `now` (RFC 3339), `time-zone`, `title`.
    #[serde(borrow, default)]
    #[schema(value_type = Object)]
    context: Words<'a>,
    /// `{"output": …}`, or `{"problem": {"code": …}}`; left out where any answer will do.
    #[serde(borrow, default)]
    #[schema(value_type = Option<Object>)]
    expected: Option<&'a RawValue>,
}

/// A sample, ready to be asked.
#[derive(Debug, Clone)]
pub struct Sample {
    /// What reports call it.
    pub name: String,
    /// What is called.
    pub operation: Operation,
    /// Looker's answer, byte for byte.
    pub result: Bytes,
    /// Looker's Query object, or `{}`.
    pub query: String,
    /// What a person chose.
    pub chosen: Vec<(String, String)>,
    /// What neither result nor query say.
    pub context: Vec<(String, String)>,
    /// What is expected, as it was written.
    pub expected: Option<String>,
}

impl Sample {
    /// The same, to be read by an extractor's other way of reading, which checks every byte. Extractors
    /// that have no other way answer as ever.
    #[must_use]
    pub fn strictly(&self) -> Self {
        let mut strictly = self.clone();
        let context = &mut strictly.context;
        context.retain(|(name, _)| name != "reader");
        context.push(("reader".to_owned(), "strict".to_owned()));
        strictly
    }
}

/// A sample that cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// What is chosen goes by another word in this world.
    #[error("what is chosen here is called `{word}`")]
    Word {
        /// Which.
        word: &'static str,
    },
    /// A part of it is not what it should be.
    #[error("{}", .0.detail)]
    Unsound(Problem),
}

impl From<Problem> for SampleError {
    fn from(problem: Problem) -> Self {
        Self::Unsound(problem)
    }
}

impl<'a> Document<'a> {
    /// Its result, as it is written.
    #[must_use]
    pub fn result(&self) -> &'a RawValue {
        self.result
    }

    /// What is expected, as it is written.
    #[must_use]
    pub fn expected(&self) -> Option<&'a RawValue> {
        self.expected
    }

    /// The sample, with the result that it holds itself.
    ///
    /// # Errors
    ///
    /// When a part of it is unsound.
    pub fn whole(&self, unnamed: &str) -> Result<Sample, SampleError> {
        let result = result_text(self.result)?.into_owned();
        let name = self.name.as_deref().unwrap_or(unnamed);
        self.with(name, result.into())
    }

    /// The sample under another name, with a result from elsewhere.
    ///
    /// # Errors
    ///
    /// When a part of it is unsound.
    pub fn with(&self, name: &str, result: Bytes) -> Result<Sample, SampleError> {
        let (chosen, other, word) = match self.operation.world() {
            World::ChartExtractor => (&self.selection, &self.settings, "selection"),
            World::EventMapper => (&self.settings, &self.selection, "settings"),
        };
        if !other.0.is_empty() {
            return Err(SampleError::Word { word });
        }
        timely(&self.context)?;
        Ok(Sample {
            name: name.to_owned(),
            operation: self.operation,
            result,
            query: query_text(self.vis_config, self.query)?.into_owned(),
            chosen: owned(chosen),
            context: owned(&self.context),
            expected: self.expected.map(|expected| expected.get().to_owned()),
        })
    }
}

impl Sample {
    /// What one call is about, with the words of [`lent`].
    pub(crate) fn given<'a>(
        &'a self,
        chosen: &'a [(&'a str, &'a str)],
        context: &'a [(&'a str, &'a str)],
    ) -> Given<'a> {
        Given {
            result: &self.result,
            query: self.query.as_bytes(),
            chosen,
            context,
        }
    }
}

fn owned(words: &Words<'_>) -> Vec<(String, String)> {
    let pairs = words.lent().into_iter();
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Words as a call takes them.
pub(crate) fn lent(words: &[(String, String)]) -> Vec<(&str, &str)> {
    let words = words.iter();
    words
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}
