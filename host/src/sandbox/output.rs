//! How many bytes a guest is given and its answer holds, counted exactly.

use super::bindings::{chart, events, types};

/// Bytes of text and data in an argument or an answer.
pub(super) trait Weigh {
    fn weight(&self) -> usize;
}

impl Weigh for String {
    fn weight(&self) -> usize {
        self.len()
    }
}

impl Weigh for str {
    fn weight(&self) -> usize {
        self.len()
    }
}

impl<T: Weigh + ?Sized> Weigh for &T {
    fn weight(&self) -> usize {
        (**self).weight()
    }
}

impl Weigh for [u8] {
    fn weight(&self) -> usize {
        self.len()
    }
}

impl Weigh for [(&str, &str)] {
    fn weight(&self) -> usize {
        self.iter().map(Weigh::weight).sum()
    }
}

impl Weigh for u8 {
    fn weight(&self) -> usize {
        1
    }
}

impl<T: Weigh> Weigh for Option<T> {
    fn weight(&self) -> usize {
        self.as_ref().map_or(0, Weigh::weight)
    }
}

impl<T: Weigh> Weigh for Vec<T> {
    fn weight(&self) -> usize {
        self.iter().map(Weigh::weight).sum()
    }
}

impl<A: Weigh, B: Weigh> Weigh for (A, B) {
    fn weight(&self) -> usize {
        self.0.weight() + self.1.weight()
    }
}

impl<T: Weigh, E: Weigh> Weigh for Result<T, E> {
    fn weight(&self) -> usize {
        match self {
            Ok(value) => value.weight(),
            Err(error) => error.weight(),
        }
    }
}

/// Sums the weights of a record's fields; numbers and enums weigh nothing.
macro_rules! weigh {
    ($($record:ty { $($field:ident),* })*) => {
        $(impl Weigh for $record {
            fn weight(&self) -> usize {
                0 $(+ self.$field.weight())*
            }
        })*
    };
}

weigh! {
    types::About { name, version, title, summary, attributes }
    types::Control { name, label, help, default, kind, attributes }
    types::Choice { value, label, group }
    types::Failure { message, control, attributes }
    chart::Note { code, message }
    chart::Offering { controls, notes }
    chart::Reading { value, rendered, at, label, notes, attributes }
    events::Event { user_id, anonymous_id, identity_key, group_id, name, traits, timestamp, extra }
    events::Rejection { reason }
    events::Batch { events, rejected }
    chart::Tile<'_> { body, query, context }
    events::Run<'_> { head, query, settings, context }
}

impl Weigh for types::ControlKind {
    fn weight(&self) -> usize {
        match self {
            Self::Choice(choices) | Self::Many(choices) => choices.weight(),
            Self::Other(word) => word.weight(),
            Self::Text | Self::Number | Self::Date | Self::Toggle => 0,
        }
    }
}

impl Weigh for events::Requirement {
    fn weight(&self) -> usize {
        match self {
            Self::AnyTag(tags) | Self::AllTags(tags) => tags.weight(),
        }
    }
}
