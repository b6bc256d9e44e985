//! Where two interfaces differ, in words that an author can act on.
//!
//! `wit_component::targets` says whether a component fits a world; what it says when not is for those
//! who know the component model. Here the first function or type that differs is named with both of
//! its forms.

use wit_parser::{Function, InterfaceId, Resolve, Type, TypeDefKind};

/// An interface with all that its types are made of.
#[derive(Clone, Copy)]
pub(super) struct Interface<'a> {
    pub resolve: &'a Resolve,
    pub id: InterfaceId,
}

impl Interface<'_> {
    fn function(&self, name: &str) -> Option<&Function> {
        self.resolve.interfaces.get(self.id)?.functions.get(name)
    }

    fn functions(&self) -> impl Iterator<Item = (&String, &Function)> {
        let interface = self.resolve.interfaces.get(self.id);
        interface.into_iter().flat_map(|it| &it.functions)
    }
}

/// The first thing in which what a component offers is not `wanted`; none where the functions are
/// the same, or there are more of them.
pub(super) fn lacking(wanted: Interface<'_>, has: Interface<'_>) -> Option<String> {
    wanted.functions().find_map(|(name, function)| {
        let Some(other) = has.function(name) else {
            return Some(format!("it has no function `{name}`"));
        };
        Pair::of(wanted, has).told(name, function, other)
    })
}

/// The first thing in which what a component asks for is not as it is `given`; none where the
/// functions are the same, or fewer of them.
pub(super) fn beyond(given: Interface<'_>, asks: Interface<'_>) -> Option<String> {
    asks.functions().find_map(|(name, other)| {
        let Some(function) = given.function(name) else {
            return Some(format!("there is no function `{name}`"));
        };
        Pair::of(given, asks).told(name, function, other)
    })
}

struct Pair<'a> {
    wanted: &'a Resolve,
    has: &'a Resolve,
}

impl<'a> Pair<'a> {
    fn of(wanted: Interface<'a>, has: Interface<'a>) -> Self {
        Self {
            wanted: wanted.resolve,
            has: has.resolve,
        }
    }

    fn told(&self, name: &str, wanted: &Function, has: &Function) -> Option<String> {
        let difference = self.functions(wanted, has)?;
        Some(format!("in the function `{name}`, {difference}"))
    }

    fn functions(&self, wanted: &Function, has: &Function) -> Option<String> {
        let names = |of: &Function| {
            of.params
                .iter()
                .map(|it| it.name.clone())
                .collect::<Vec<_>>()
        };
        if names(wanted) != names(has) {
            return Some(format!(
                "the parameters are ({}) and should be ({})",
                names(has).join(", "),
                names(wanted).join(", ")
            ));
        }
        let params = wanted.params.iter().zip(&has.params);
        params
            .map(|(a, b)| {
                (
                    format!("the parameter `{}`", a.name),
                    Some(a.ty),
                    Some(b.ty),
                )
            })
            .chain([("the result".to_owned(), wanted.result, has.result)])
            .find_map(|(place, wanted, has)| self.maybe(&place, wanted, has))
    }

    fn maybe(&self, place: &str, wanted: Option<Type>, has: Option<Type>) -> Option<String> {
        match (wanted, has) {
            (None, None) => None,
            (Some(wanted), Some(has)) => self.types(place, wanted, has),
            (Some(wanted), None) => Some(format!(
                "{place} is missing and should be {}",
                shown(self.wanted, wanted)
            )),
            (None, Some(has)) => Some(format!(
                "{place} is {} and should not be there",
                shown(self.has, has)
            )),
        }
    }

    fn types(&self, place: &str, wanted: Type, has: Type) -> Option<String> {
        let (wanted, has) = (bare(self.wanted, wanted), bare(self.has, has));
        let differs = || {
            let (has, wanted) = (shown(self.has, has), shown(self.wanted, wanted));
            Some(format!("{place} is {has} and should be {wanted}"))
        };
        let (Type::Id(a), Type::Id(b)) = (wanted, has) else {
            return if wanted == has { None } else { differs() };
        };
        let kinds = (
            &self.wanted.types.get(a)?.kind,
            &self.has.types.get(b)?.kind,
        );
        match kinds {
            (TypeDefKind::Record(wanted), TypeDefKind::Record(has)) => {
                let names = |fields: &[wit_parser::Field]| {
                    fields.iter().map(|it| it.name.clone()).collect::<Vec<_>>()
                };
                let (wants, offers) = (names(&wanted.fields), names(&has.fields));
                let mut fields = wanted.fields.iter().zip(&has.fields);
                lists(&format!("the fields of {place}"), &wants, &offers).or_else(|| {
                    fields.find_map(|(a, b)| {
                        self.types(&format!("`{}` of {place}", a.name), a.ty, b.ty)
                    })
                })
            }
            (TypeDefKind::Variant(wanted), TypeDefKind::Variant(has)) => {
                let names = |cases: &[wit_parser::Case]| {
                    cases.iter().map(|it| it.name.clone()).collect::<Vec<_>>()
                };
                let (wants, offers) = (names(&wanted.cases), names(&has.cases));
                let mut cases = wanted.cases.iter().zip(&has.cases);
                lists(&format!("the cases of {place}"), &wants, &offers).or_else(|| {
                    cases.find_map(|(a, b)| {
                        self.maybe(&format!("what `{}` of {place} holds", a.name), a.ty, b.ty)
                    })
                })
            }
            (TypeDefKind::Enum(wanted), TypeDefKind::Enum(has)) => {
                let names = |cases: &[wit_parser::EnumCase]| {
                    cases.iter().map(|it| it.name.clone()).collect::<Vec<_>>()
                };
                let (wants, offers) = (names(&wanted.cases), names(&has.cases));
                lists(&format!("the cases of {place}"), &wants, &offers)
            }
            (TypeDefKind::Tuple(wanted), TypeDefKind::Tuple(has))
                if wanted.types.len() == has.types.len() =>
            {
                let parts = wanted.types.iter().zip(&has.types).zip(1..);
                let mut parts = parts.map(|((a, b), at)| (format!("part {at} of {place}"), *a, *b));
                parts.find_map(|(place, a, b)| self.types(&place, a, b))
            }
            (TypeDefKind::Option(wanted), TypeDefKind::Option(has)) => {
                self.types(&format!("what {place} may hold"), *wanted, *has)
            }
            (TypeDefKind::List(wanted), TypeDefKind::List(has)) => {
                self.types(&format!("each of {place}"), *wanted, *has)
            }
            (TypeDefKind::Result(wanted), TypeDefKind::Result(has)) => self
                .maybe(&format!("{place} when all is well"), wanted.ok, has.ok)
                .or_else(|| self.maybe(&format!("{place} of a failure"), wanted.err, has.err)),
            _ => differs(),
        }
    }
}

/// Names that stand in an order, of which the first that differs is told.
fn lists(place: &str, wanted: &[String], has: &[String]) -> Option<String> {
    if wanted == has {
        return None;
    }
    let lacks = wanted.iter().find(|name| !has.contains(name));
    let extra = has.iter().find(|name| !wanted.contains(name));
    Some(match (lacks, extra) {
        (Some(lacks), _) => format!("{place} lack `{lacks}`"),
        (None, Some(extra)) => format!("{place} have `{extra}`, which should not be there"),
        (None, None) => format!(
            "{place} stand in the order {} and should in {}",
            has.join(", "),
            wanted.join(", ")
        ),
    })
}

/// A type without the names that it goes by.
fn bare(resolve: &Resolve, mut ty: Type) -> Type {
    while let Type::Id(id) = ty
        && let Some(TypeDefKind::Type(inner)) = resolve.types.get(id).map(|it| &it.kind)
    {
        ty = *inner;
    }
    ty
}

/// A type as WIT writes it; one with a name by that.
fn shown(resolve: &Resolve, ty: Type) -> String {
    let Type::Id(id) = ty else {
        return match ty {
            Type::Bool => "bool",
            Type::U8 => "u8",
            Type::U16 => "u16",
            Type::U32 => "u32",
            Type::U64 => "u64",
            Type::S8 => "s8",
            Type::S16 => "s16",
            Type::S32 => "s32",
            Type::S64 => "s64",
            Type::F32 => "f32",
            Type::F64 => "f64",
            Type::Char => "char",
            Type::String => "string",
            Type::ErrorContext | Type::Id(_) => "error-context",
        }
        .into();
    };
    let Some(def) = resolve.types.get(id) else {
        return "unknown".into();
    };
    if let Some(name) = &def.name {
        return format!("`{name}`");
    }
    let inner = |ty: &Type| shown(resolve, *ty);
    let maybe = |ty: &Option<Type>| ty.as_ref().map_or("_".into(), inner);
    match &def.kind {
        TypeDefKind::Option(ty) => format!("option<{}>", inner(ty)),
        TypeDefKind::List(ty) => format!("list<{}>", inner(ty)),
        TypeDefKind::Result(result) => {
            format!("result<{}, {}>", maybe(&result.ok), maybe(&result.err))
        }
        TypeDefKind::Tuple(tuple) => {
            let parts: Vec<String> = tuple.types.iter().map(inner).collect();
            format!("tuple<{}>", parts.join(", "))
        }
        kind => kind.as_str().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wit_parser::WorldId;

    use crate::catalog::contract::{Release, exported, imported};
    use crate::sandbox::World;

    const WIT: &str = include_str!("../../../wit/1.0.0/extractor.wit");

    /// What is said of a chart extractor whose contract reads so, of what it offers or asks for.
    fn said(of: &str, by: &str) -> Option<String> {
        let changed = WIT.replacen(of, by, 1);
        assert_ne!(changed, WIT, "{of}");
        let mut resolve = Resolve::default();
        let package = resolve.push_str("extractor.wit", &changed).expect(by);
        let own = resolve.select_world(&[package], Some("chart-extractor"));
        let own = own.expect("a world");
        let release = Release::of("1.0.0").expect("a release");
        let world = release
            .world(World::ChartExtractor, false, false)
            .expect("a world");
        let pair = |find: fn(&Resolve, WorldId, &str) -> Option<InterfaceId>, name| {
            let interface = |resolve, world| Interface {
                resolve,
                id: find(resolve, world, name).expect(name),
            };
            (interface(&release.resolve, world), interface(&resolve, own))
        };
        let (wanted, has) = pair(exported, "chart");
        let (given, asks) = pair(imported, "log");
        lacking(wanted, has).or_else(|| beyond(given, asks))
    }

    #[test]
    fn the_first_thing_that_differs_is_named_with_both_forms() {
        let cases = [
            (
                "    chart-types: func() -> list<string>;",
                "",
                "it has no function `chart-types`",
            ),
            (
                "read: func(tile: tile, chosen: selection)",
                "read: func(tile: tile)",
                "in the function `read`, the parameters are (tile) and should be (tile, chosen)",
            ),
            (
                "summary: string,",
                "summary: option<string>,",
                "in the function `describe`, `summary` of the result is option<string> and should be string",
            ),
            (
                "body: list<u8>,",
                "body: string,",
                "in the function `outline`, `body` of the parameter `tile` is string and should be list<u8>",
            ),
            (
                "        looker-error,",
                "",
                "in the function `outline`, the cases of `code` of the result of a failure lack `looker-error`",
            ),
            (
                "        toggle,",
                "        toggle,\n        colour,",
                "in the function `outline`, the cases of `kind` of each of `controls` of the result when all is well have `colour`, which should not be there",
            ),
            (
                "chart-types: func() -> list<string>;",
                "chart-types: func() -> list<u32>;",
                "in the function `chart-types`, each of the result is u32 and should be string",
            ),
            (
                "chart-types: func() -> list<string>;",
                "chart-types: func();",
                "in the function `chart-types`, the result is missing and should be list<string>",
            ),
            (
                "code: string,\n        /// For a person, in one sentence.\n        message: string,",
                "message: string,\n        code: string,",
                "in the function `outline`, the fields of each of `notes` of the result when all is well stand in the order message, code and should in code, message",
            ),
            (
                "write: func(level: level, message: string);",
                "write: func(level: level, message: list<u8>);",
                "in the function `write`, the parameter `message` is list<u8> and should be string",
            ),
            (
                "write: func(level: level, message: string);",
                "write: func(level: level, message: string);\n    flush: func();",
                "there is no function `flush`",
            ),
        ];
        for (of, by, wanted) in cases {
            assert_eq!(said(of, by).as_deref(), Some(wanted), "{of} → {by}");
        }
    }

    #[test]
    fn other_names_and_a_function_more_to_offer_or_fewer_to_ask_for_differ_in_nothing() {
        for (of, by) in [
            (
                "chart-types: func() -> list<string>;",
                "type names = list<string>;\n    chart-types: func() -> names;\n    more: func();",
            ),
            ("write: func(level: level, message: string);", ""),
        ] {
            assert_eq!(said(of, by), None, "{of} → {by}");
        }
    }
}
