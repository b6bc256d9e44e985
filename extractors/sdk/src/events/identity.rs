//! Who a row is about.

use std::borrow::Cow;

use crate::chart::Failure;
use crate::decimal::Decimal;
use crate::events::Kind;
use crate::events::head::{Head, Listed};
use crate::events::row::Cell;
use crate::events::tags::{TagNames, Tags};
use crate::failure::shown;
use crate::json::{self, Kind as Json, Token};

/// The ids of one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who {
    /// The id that the person is known by.
    pub user_id: Option<String>,
    /// The id that the person had before.
    pub anonymous_id: Option<String>,
    /// What makes an otherwise unknown person the same next time; only without the other two.
    pub identity_key: Option<String>,
    /// The id of the group.
    pub group_id: Option<String>,
}

/// Which fields say who a row is about: of each tag, the first field in the head's order.
#[derive(Clone, Debug)]
pub struct Identity<'h> {
    fields: &'h [Listed<'h>],
    kind: Kind,
    require_user_id: bool,
    user_id: Option<Id<'h>>,
    anonymous_id: Option<Id<'h>>,
    /// The field whose value is the email.
    pub(super) email: Option<usize>,
    group_id: Option<Id<'h>>,
}

/// A field that holds an id.
#[derive(Clone, Copy, Debug)]
struct Id<'h> {
    place: usize,
    field: &'h str,
    tag: &'static str,
}

impl<'h> Identity<'h> {
    /// Finds the fields; `unsupported` where the query says nothing of who its rows are about.
    pub fn new(
        head: &'h Head<'h>,
        names: &TagNames,
        kind: Kind,
        require_user_id: bool,
    ) -> Result<Self, Failure> {
        let first = |has: fn(Tags) -> bool, tag: &'static str| {
            let mut fields = head.fields.iter().enumerate();
            let (place, field) = fields.find(|(_, field)| has(field.tags))?;
            let field = &*field.name;
            Some(Id { place, field, tag })
        };
        let identity = Self {
            fields: &head.fields,
            kind,
            require_user_id,
            user_id: first(|tags| tags.user_id, names.user_id),
            anonymous_id: first(|tags| tags.anonymous_id, names.anonymous_id),
            email: first(|tags| tags.email, names.email).map(|id| id.place),
            group_id: first(|tags| tags.group_id, names.group_id),
        };
        if !head.fields.iter().any(|field| field.tags.any()) {
            return Err(untagged(&[names.email, names.user_id, names.anonymous_id]));
        }
        if kind == Kind::Group && identity.group_id.is_none() {
            return Err(untagged(&[names.group_id]));
        }
        if require_user_id && identity.user_id.is_none() {
            return Err(untagged(&[names.user_id]));
        }
        Ok(identity)
    }

    /// The ids of a row, or why there are none, for a person.
    pub fn of(&self, cells: &[Cell<'_>]) -> Result<Who, String> {
        let mut who = Who {
            user_id: self.user_id.map_or(Ok(None), |id| id.read(cells))?,
            anonymous_id: self.anonymous_id.map_or(Ok(None), |id| id.read(cells))?,
            identity_key: None,
            group_id: self.group_id.map_or(Ok(None), |id| id.read(cells))?,
        };
        if let (Kind::Group, None, Some(id)) = (self.kind, &who.group_id, self.group_id) {
            return Err(id.without("You must pass a \"groupId\": "));
        }
        if let (true, None, Some(id)) = (self.require_user_id, &who.user_id, self.user_id) {
            return Err(id.without("The form requires a user id: "));
        }
        if who.user_id.is_none() && who.anonymous_id.is_none() {
            who.identity_key = Some(self.key(cells, who.group_id.as_deref())?);
        }
        Ok(who)
    }

    /// What makes a person without an id the same next time: their email. Where there is none, a
    /// group stands for its unknown member, and any other row for itself: its dimensions are what
    /// tells it from the other rows of its query, and are the same when it is run again.
    fn key(&self, cells: &[Cell<'_>], group: Option<&str>) -> Result<String, String> {
        let email = self.email.and_then(|place| cells.get(place)?.value());
        if let Some(email) = email.and_then(Token::text).filter(|email| !blank(email)) {
            return Ok(email.into_owned());
        }
        if let Some(id) = self.anonymous_id {
            return Err(id.without("You must pass either an \"anonymousId\" or a \"userId\": "));
        }
        if let Some(id) = self.user_id.filter(|id| id.cell(cells) == Cell::Missing) {
            return Err(id.without("Nothing says who this is: "));
        }
        if let (Kind::Group, Some(group)) = (self.kind, group) {
            return Ok(format!("{{\"group\":{}}}", json::quoted(group)));
        }
        let told = self.fields.iter().zip(cells).filter_map(|(field, cell)| {
            let wanted = field.dimension || field.tags.any();
            let value = cell.value().filter(|_| wanted)?;
            let said = value.text().is_none_or(|text| !blank(&text));
            (said && !value.is_null()).then_some((&*field.name, value))
        });
        let key = json::object_text(told);
        if key == "{}" {
            return Err(
                "Nothing says who this is: the fields that are tagged, and all dimensions, are empty here"
                    .to_owned(),
            );
        }
        Ok(key)
    }
}

impl Id<'_> {
    fn cell<'a>(&self, cells: &[Cell<'a>]) -> Cell<'a> {
        cells.get(self.place).copied().unwrap_or(Cell::Missing)
    }

    /// The id in a row: a text, or a number as a text. One that is blank is none, for destinations
    /// trim ids and refuse what is left.
    fn read(&self, cells: &[Cell<'_>]) -> Result<Option<String>, String> {
        let value = match self.cell(cells) {
            Cell::Missing => return Ok(None),
            Cell::Flat { value, .. } => value,
            Cell::Pivoted(_) => return Err(self.is("pivoted, so it holds many values")),
            Cell::Unlike(_) => return Err(self.is("no cell of `json_detail`")),
        };
        match value.kind() {
            Json::Null => Ok(None),
            Json::Number => Ok(Some(number(value.raw()).into_owned())),
            Json::Text => match value.string() {
                Some(text) => Ok(Some(text.into_owned()).filter(|text| !blank(text))),
                None => Err(self.is("text that is no Unicode")),
            },
            Json::Bool => Err(self.is("true or false")),
            Json::Array | Json::Object => Err(self.is("a list or an object")),
        }
    }

    fn is(&self, what: &str) -> String {
        format!(
            "{}, tagged {}, is {what} here; an id must be a text or a number",
            shown(self.field),
            self.tag
        )
    }

    fn without(&self, why: &str) -> String {
        format!(
            "{why}{}, tagged {}, is empty here",
            shown(self.field),
            self.tag
        )
    }
}

/// A number as an id, the same however it is written: 7.0 and 7 are one person.
fn number(raw: &str) -> Cow<'_, str> {
    if raw.bytes().all(|byte| byte.is_ascii_digit()) {
        return Cow::Borrowed(raw);
    }
    let Ok(plain) = Decimal::parse(raw) else {
        return Cow::Borrowed(raw);
    };
    let plain = plain.to_string();
    Cow::Owned(match plain.split_once('.') {
        Some((whole, fraction)) => match fraction.trim_end_matches('0') {
            "" => whole.to_owned(),
            fraction => format!("{whole}.{fraction}"),
        },
        None => plain,
    })
}

fn blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn untagged(tags: &[&str]) -> Failure {
    Failure::unsupported(format!(
        "Query requires a field tagged {}. Its fields carry no such tag, so nothing says who its rows are about; add the tag to the field in LookML, or the field to the query.",
        tags.join(" or ")
    ))
}
