//! The LookML of the made-up shop: its explores, and what their fields are.

use std::fmt;

pub use metadata::{format_of, metadata};

mod metadata;

/// The one model.
pub const MODEL: &str = "shop";

/// What can be explored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Explore {
    /// Orders.
    Orders,
    /// Visits of the shop.
    Visits,
    /// Orders, through a table under development: its answers come with a note.
    OrdersDraft,
    /// Orders, through a table that is gone: its answers are errors.
    OrdersBroken,
}

impl Explore {
    /// The explore of this name.
    pub fn parse(model: &str, name: &str) -> Option<Self> {
        let all = [
            Self::Orders,
            Self::Visits,
            Self::OrdersDraft,
            Self::OrdersBroken,
        ];
        all.into_iter()
            .find(|explore| model == MODEL && explore.name() == name)
    }

    /// Its name in URLs and queries.
    pub fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Visits => "visits",
            Self::OrdersDraft => "orders_draft",
            Self::OrdersBroken => "orders_broken",
        }
    }

    /// Its name for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Orders => "Orders",
            Self::Visits => "Visits",
            Self::OrdersDraft => "Orders Draft",
            Self::OrdersBroken => "Orders Broken",
        }
    }

    /// The view that its fields belong to.
    pub fn view(self) -> View {
        match self {
            Self::Visits => View::Visits,
            _ => View::Orders,
        }
    }
}

/// Whose fields they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// `orders.…`
    Orders,
    /// `visits.…`
    Visits,
}

impl View {
    /// Its name in field names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Visits => "visits",
        }
    }

    /// Its name for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Orders => "Orders",
            Self::Visits => "Visits",
        }
    }
}

/// What a date is cut down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeframe {
    /// 2026-05-13 14
    Hour,
    /// 2026-05-13
    Date,
    /// The week's Monday.
    Week,
    /// 2026-05
    Month,
    /// The quarter's first month.
    Quarter,
    /// 2026, as a number.
    Year,
    /// Wednesday: no point in time.
    DayOfWeek,
}

/// A dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// When.
    Created(Timeframe),
    /// Where.
    Region,
    /// How.
    Channel,
    /// With what end.
    Status,
}

/// A measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// How many.
    Count,
    /// How many were completed.
    CompleteCount,
    /// What they were worth.
    Revenue,
    /// What one was worth.
    AverageValue,
    /// The part that was completed.
    CompletionRate,
    /// The same times 100, with a percent sign that is only text.
    CompletionPercent,
    /// What a planner expected, months ahead of now.
    Forecast,
    /// Where most came from; a text.
    TopRegion,
}

/// What a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A dimension.
    Dimension(Dimension),
    /// A measure.
    Measure(Measure),
}

/// A field of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Whose it is.
    pub view: View,
    /// What it is.
    pub kind: Kind,
}

const TIMEFRAMES: [(Timeframe, &str, &str); 7] = [
    (Timeframe::Hour, "hour", "Hour"),
    (Timeframe::Date, "date", "Date"),
    (Timeframe::Week, "week", "Week"),
    (Timeframe::Month, "month", "Month"),
    (Timeframe::Quarter, "quarter", "Quarter"),
    (Timeframe::Year, "year", "Year"),
    (Timeframe::DayOfWeek, "day_of_week", "Day of Week"),
];

const DIMENSIONS: [(Dimension, &str, &str); 3] = [
    (Dimension::Region, "region", "Region"),
    (Dimension::Channel, "channel", "Channel"),
    (Dimension::Status, "status", "Status"),
];

const MEASURES: [(Measure, &str, &str); 8] = [
    (Measure::Count, "count", "Count"),
    (Measure::CompleteCount, "complete_count", "Complete Count"),
    (Measure::Revenue, "total_revenue", "Total Revenue"),
    (Measure::AverageValue, "average_value", "Average Value"),
    (
        Measure::CompletionRate,
        "completion_rate",
        "Completion Rate",
    ),
    (
        Measure::CompletionPercent,
        "completion_percent",
        "Completion Percent",
    ),
    (Measure::Forecast, "forecast", "Forecast"),
    (Measure::TopRegion, "top_region", "Top Region"),
];

impl Field {
    /// The field of this name among those of `view`.
    pub fn parse(view: View, name: &str) -> Option<Self> {
        let column = name.strip_prefix(view.name())?.strip_prefix('.')?;
        let kind = if let Some(timeframe) = column.strip_prefix("created_") {
            let (found, ..) = TIMEFRAMES.iter().find(|(_, name, _)| *name == timeframe)?;
            Kind::Dimension(Dimension::Created(*found))
        } else if let Some((found, ..)) = DIMENSIONS.iter().find(|(_, name, _)| *name == column) {
            Kind::Dimension(*found)
        } else {
            let (found, ..) = MEASURES.iter().find(|(_, name, _)| *name == column)?;
            Kind::Measure(*found)
        };
        Some(Self { view, kind })
    }

    /// What it is cut down to, if it is a date.
    pub fn timeframe(self) -> Option<Timeframe> {
        match self.kind {
            Kind::Dimension(Dimension::Created(timeframe)) => Some(timeframe),
            _ => None,
        }
    }

    /// The measure it is, if it is one.
    pub fn measure(self) -> Option<Measure> {
        match self.kind {
            Kind::Measure(measure) => Some(measure),
            Kind::Dimension(_) => None,
        }
    }

    /// The name without the view's, and the one for people.
    fn names(self) -> (String, String) {
        let listed = match self.kind {
            Kind::Dimension(Dimension::Created(timeframe)) => {
                let found = TIMEFRAMES.iter().find(|(known, ..)| *known == timeframe);
                let (name, label) = found.map_or(("", ""), |(_, name, label)| (name, label));
                return (format!("created_{name}"), format!("Created {label}"));
            }
            Kind::Dimension(dimension) => DIMENSIONS
                .iter()
                .find(|(known, ..)| *known == dimension)
                .map(|(_, name, label)| (*name, *label)),
            Kind::Measure(measure) => MEASURES
                .iter()
                .find(|(known, ..)| *known == measure)
                .map(|(_, name, label)| (*name, *label)),
        };
        let (name, label) = listed.unwrap_or_default();
        (name.to_owned(), label.to_owned())
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.view.name(), self.names().0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_found_by_the_name_it_has() {
        let dimensions = DIMENSIONS.map(|(known, ..)| Kind::Dimension(known));
        let frames = TIMEFRAMES.map(|(known, ..)| Kind::Dimension(Dimension::Created(known)));
        let measures = MEASURES.map(|(known, ..)| Kind::Measure(known));
        for kind in dimensions.into_iter().chain(frames).chain(measures) {
            for view in [View::Orders, View::Visits] {
                let field = Field { view, kind };
                assert_eq!(Field::parse(view, &field.to_string()), Some(field));
            }
        }
        for name in [
            "orders.nothing",
            "visits.count",
            "count",
            "orders.created_",
            "orders",
        ] {
            assert_eq!(Field::parse(View::Orders, name), None, "{name}");
        }
    }
}
