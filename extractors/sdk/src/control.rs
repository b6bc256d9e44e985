//! Controls, the parts of a form.

use crate::chart::{Choice, Control, ControlKind};

impl Control {
    /// A control of some kind: not required, without a default.
    pub fn new(name: &str, label: &str, help: &str, kind: ControlKind) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            help: help.to_owned(),
            required: false,
            default: None,
            kind,
            attributes: Vec::new(),
        }
    }

    /// One of several values.
    pub fn choice(name: &str, label: &str, help: &str, choices: Vec<Choice>) -> Self {
        Self::new(name, label, help, ControlKind::Choice(choices))
    }

    /// A line of text.
    pub fn text(name: &str, label: &str, help: &str) -> Self {
        Self::new(name, label, help, ControlKind::Text)
    }

    /// A switch, off unless a default says otherwise.
    pub fn toggle(name: &str, label: &str, help: &str) -> Self {
        Self::new(name, label, help, ControlKind::Toggle)
    }

    /// The same control, required or not.
    #[must_use]
    pub fn required(mut self, required: bool) -> Self {
        self.required = required;
        self
    }

    /// The same control with what is taken when the selection leaves it out.
    #[must_use]
    pub fn default_to(mut self, default: Option<String>) -> Self {
        self.default = default;
        self
    }
}

impl Choice {
    /// A choice under no heading.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
            group: None,
        }
    }

    /// The same choice under a heading.
    #[must_use]
    pub fn under(mut self, group: Option<&str>) -> Self {
        self.group = group.map(str::to_owned);
        self
    }
}
