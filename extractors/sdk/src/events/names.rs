//! What properties are called.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::events::head::Listed;

/// Which of a field's names its property gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Names {
    /// `view.field`, as Looker has it.
    #[default]
    Full,
    /// The label with its view.
    Label,
    /// The label without its view.
    LabelShort,
    /// The name without its view.
    Column,
}

impl Names {
    /// What the properties of these fields are called, one by one.
    ///
    /// Where two would be called the same, or one as something in `taken`, they keep their full
    /// names: a value must not take another's place. Full names are left as they are.
    pub fn of<'a>(self, fields: &[&'a Listed<'a>], taken: &[&str]) -> Vec<Cow<'a, str>> {
        let mut names: Vec<Cow<'a, str>> = fields.iter().map(|field| self.one(field)).collect();
        // A full name may be what another field is labelled. Each round gives one more field its
        // full name, which no two have in common.
        loop {
            let mut uses: BTreeMap<&str, usize> = taken.iter().map(|name| (*name, 1)).collect();
            for name in &names {
                *uses.entry(name).or_default() += 1;
            }
            let shared: Vec<bool> = names
                .iter()
                .zip(fields)
                .map(|(name, field)| uses.get(&**name) > Some(&1) && *name != field.name)
                .collect();
            if !shared.contains(&true) {
                return names;
            }
            for ((name, field), shared) in names.iter_mut().zip(fields).zip(shared) {
                if shared {
                    *name = Cow::Borrowed(&field.name);
                }
            }
        }
    }

    fn one<'a>(self, field: &'a Listed<'a>) -> Cow<'a, str> {
        let label = || field.label.as_deref();
        let name: Option<&str> = match self {
            Self::Full => None,
            Self::Label => label(),
            Self::LabelShort => field.label_short.as_deref().or_else(label),
            Self::Column => field.name.rsplit_once('.').map(|(_, column)| column),
        };
        Cow::Borrowed(name.filter(|name| !name.is_empty()).unwrap_or(&field.name))
    }
}
