//! Why a chart could not be read.

use std::sync::Arc;

use crate::catalog::CatalogError;
use crate::connection::ConnectionError;
use crate::looker::LookerError;
use crate::sandbox::{CallError, StopCode};

/// A chart could not be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ChartError {
    /// Looker did not do what was asked.
    #[error(transparent)]
    Looker(Arc<LookerError>),
    /// The connection cannot be used.
    #[error(transparent)]
    Connection(Arc<ConnectionError>),
    /// The extractor did not answer.
    #[error(transparent)]
    Catalog(Arc<CatalogError>),
    /// No extractor reads such charts.
    #[error(
        "no active extractor reads charts of type {chart_type}; choose one by hand ({}), change the chart's type in Looker, or upload an extractor for it; `POST /v1/charts/verify` says which might read it",
        readers.join(", ")
    )]
    NoReader {
        /// The chart's type.
        chart_type: String,
        /// The chart extractors that there are.
        readers: Vec<String>,
    },
    /// The chart does not say of which type it is.
    #[error(
        "the chart names no type, so no extractor can be chosen by it; choose one by hand, or set the visualization in Looker and save it"
    )]
    NoType,
    /// A filter that was asked for changes nothing of the chart.
    #[error(
        "the tile does not listen to the dashboard's filter {name:?}, so its number would be that of everything; leave the filter out, or have the tile listen to it in Looker (edit the dashboard, then the filter's \"tiles to update\")"
    )]
    NotListening {
        /// The filter.
        name: String,
    },
    /// The extractor says more about its reading than can be kept.
    #[error(
        "the reading has {size} bytes with all that the extractor says about it, and {limit} can be kept; nothing was recorded, tell the extractor's author"
    )]
    TooMuchSaid {
        /// Bytes.
        size: usize,
        /// The most there may be.
        limit: usize,
    },
}

impl From<LookerError> for ChartError {
    fn from(error: LookerError) -> Self {
        Self::Looker(Arc::new(error))
    }
}

impl From<ConnectionError> for ChartError {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::Looker(error) => Self::Looker(error),
            other => Self::Connection(Arc::new(other)),
        }
    }
}

impl From<CatalogError> for ChartError {
    fn from(error: CatalogError) -> Self {
        Self::Catalog(Arc::new(error))
    }
}

impl ChartError {
    /// Whether the chart was not had, the server was busy, or the extractor rests: then the same
    /// read is worth another try before the next slot. Else the chart was had and cannot be read as it
    /// is.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Looker(_) | Self::Connection(_) => true,
            Self::NoReader { .. }
            | Self::NoType
            | Self::NotListening { .. }
            | Self::TooMuchSaid { .. } => false,
            Self::Catalog(error) => match error.as_ref() {
                CatalogError::Call(CallError::Stopped(stopped)) => {
                    matches!(stopped.code, StopCode::Busy | StopCode::WallTimeout)
                }
                CatalogError::Resting { .. } | CatalogError::Store(_) | CatalogError::Worker(_) => {
                    true
                }
                _ => false,
            },
        }
    }
}
