//! What the owner of a schedule chooses, and what that means to a mapper.

use crate::chart::{Choice, Control, Failure, Selection};
use crate::events::Kind;
use crate::events::names::Names;
use crate::events::value::Empties;
use crate::failure::shown;

/// The name of the event.
pub const EVENT: &str = "event";
/// What becomes of empty values and of pivots.
pub const EMPTY_VALUES: &str = "empty-values";
/// What properties are called.
pub const NAMES: &str = "names";
/// Whether a row without a user id is rejected.
pub const REQUIRE_USER_ID: &str = "require-user-id";

/// The choices, taken apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings<'a> {
    /// The event's name. Only `track` offers it; the others carry it where it is given.
    pub event: Option<&'a str>,
    /// What becomes of empty values and of pivots.
    pub empties: Empties,
    /// What properties are called.
    pub names: Names,
    /// Whether a row without a user id is rejected.
    pub require_user_id: bool,
}

/// The form of an action of this kind.
pub fn controls(kind: Kind) -> Vec<Control> {
    let mut controls = Vec::new();
    if kind == Kind::Track {
        let help = "The name of the event you’re tracking.";
        controls.push(Control::text(EVENT, "Event", help).required(true));
    }
    controls.push(
        Control::choice(
            EMPTY_VALUES,
            "Empty values",
            "Compatible sends 0, false, null and empty text as an empty list, and a pivoted field as a list of one-member objects, as RudderStack's own action does. As they are sends each value as Looker has it, and a pivoted field as one object.",
            vec![
                Choice::new("compatible", "Compatible"),
                Choice::new("as-they-are", "As they are"),
            ],
        )
        .default_to(Some("compatible".to_owned())),
    );
    controls.push(
        Control::choice(
            NAMES,
            "Names",
            "What traits and properties are called. Where two would be called the same, both get their full names.",
            vec![
                Choice::new("name", "Name, e.g. users.created_date"),
                Choice::new("label", "Label, e.g. Users Created Date"),
                Choice::new("label-short", "Short label, e.g. Created Date"),
                Choice::new("column", "Column only, e.g. created_date"),
            ],
        )
        .default_to(Some("name".to_owned())),
    );
    controls.push(
        Control::toggle(
            REQUIRE_USER_ID,
            "Require user id",
            "Rejects rows without a user id. Some destinations need one even where there is an email.",
        )
        .default_to(Some("false".to_owned())),
    );
    controls
}

impl<'a> Settings<'a> {
    /// Takes a selection apart; `bad-selection` with the control where it cannot be followed. What
    /// is left empty, as a form leaves it, is what is left out.
    pub fn read(selection: &'a Selection, kind: Kind) -> Result<Self, Failure> {
        let mut settings = Self::default();
        for (name, value) in selection {
            let value = value.as_str();
            match name.as_str() {
                EVENT => settings.event = (!value.is_empty()).then_some(value),
                EMPTY_VALUES => {
                    settings.empties = match value {
                        "" | "compatible" => Empties::Compatible,
                        "as-they-are" => Empties::AsTheyAre,
                        _ => return Err(no_choice(name, value, "compatible, as-they-are")),
                    }
                }
                NAMES => {
                    settings.names = match value {
                        "" | "name" => Names::Full,
                        "label" => Names::Label,
                        "label-short" => Names::LabelShort,
                        "column" => Names::Column,
                        _ => {
                            return Err(no_choice(name, value, "name, label, label-short, column"));
                        }
                    }
                }
                REQUIRE_USER_ID => {
                    settings.require_user_id = match value {
                        "" | "false" => false,
                        "true" => true,
                        _ => return Err(no_choice(name, value, "true, false")),
                    }
                }
                _ => return Err(unknown(name)),
            }
        }
        if kind == Kind::Track && settings.event.is_none() {
            return Err(Failure::bad_selection(
                EVENT,
                "You must pass an \"event\". Rows can't be tracked without the name of what happened; fill in Event.",
            ));
        }
        Ok(settings)
    }
}

fn no_choice(control: &str, value: &str, choices: &str) -> Failure {
    Failure::bad_selection(
        control,
        format!(
            "{} is no choice of {}. Choose one of {choices}.",
            shown(value),
            shown(control)
        ),
    )
}

fn unknown(control: &str) -> Failure {
    Failure::bad_selection(
        control,
        format!(
            "There is no control {} in this form. Leave it out; the controls are {EVENT}, {EMPTY_VALUES}, {NAMES}, {REQUIRE_USER_ID}.",
            shown(control)
        ),
    )
}
