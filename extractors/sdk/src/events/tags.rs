//! The tags by which a model says which of its fields hold ids.

use crate::events::{Kind, Requirement};

/// What a destination's tags are called. They match exactly, upper and lower case told apart, on
/// dimensions, measures and calculations alike.
#[derive(Clone, Copy, Debug)]
pub struct TagNames {
    /// The id that a person is known by.
    pub user_id: &'static str,
    /// The id that a person had before they were known.
    pub anonymous_id: &'static str,
    /// A person's email.
    pub email: &'static str,
    /// The id of a group.
    pub group_id: &'static str,
}

/// What RudderStack's actions call them.
pub const RUDDER: TagNames = TagNames {
    user_id: "user_id",
    anonymous_id: "rudder_anonymous_id",
    email: "email",
    group_id: "rudder_group_id",
};

/// Which of the tags a field carries. It may carry several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    /// [`TagNames::user_id`]
    pub user_id: bool,
    /// [`TagNames::anonymous_id`]
    pub anonymous_id: bool,
    /// [`TagNames::email`]
    pub email: bool,
    /// [`TagNames::group_id`]
    pub group_id: bool,
}

impl Tags {
    /// Whether it carries any, so that it holds an id and is no property.
    pub fn any(self) -> bool {
        self != Self::default()
    }

    /// Those of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            user_id: self.user_id | other.user_id,
            anonymous_id: self.anonymous_id | other.anonymous_id,
            email: self.email | other.email,
            group_id: self.group_id | other.group_id,
        }
    }
}

impl TagNames {
    /// The one tag that a text is; none of them where it is another.
    pub fn read(&self, tag: &str) -> Tags {
        Tags {
            user_id: tag == self.user_id,
            anonymous_id: tag == self.anonymous_id,
            email: tag == self.email,
            group_id: tag == self.group_id,
        }
    }

    /// What a query must carry before Looker offers an action of this kind.
    pub fn requirements(&self, kind: Kind) -> Vec<Requirement> {
        let mut requirements = Vec::new();
        if kind == Kind::Group {
            requirements.push(Requirement::AllTags(vec![self.group_id.to_owned()]));
        }
        let person = [self.email, self.user_id, self.anonymous_id];
        requirements.push(Requirement::AnyTag(person.map(str::to_owned).to_vec()));
        requirements
    }
}
