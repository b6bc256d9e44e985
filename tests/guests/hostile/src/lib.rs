//! A chart extractor that does what it is told, for the tests of what the sandbox withstands.
//!
//! What it does in a call is the selection's control `do`. How it introduces itself stands on a
//! card, a block of bytes in the component that a test writes over: one build serves for every
//! name, version, chart type and fault of `describe`.

use lensmount_sdk::chart::{
    About, Failure, FailureCode, Guest, Offering, Reading, Selection, Tile,
};
use lensmount_sdk::log;
use std::hint::black_box;
use std::sync::atomic::{AtomicU8, Ordering};

/// `name|version|title|chart types, by commas|what describe does|`, then padding. Tests find it by
/// its first word.
static CARD: &str = concat!(
    "hostile-card|hostile|1.0.0|Hostile|house_hostile|describe|",
    "................................................................................",
    "................................................................................",
);

/// The part of the card at a place. The card is read as it stands when the call is made: what the
/// compiler knows of it must not be compiled in.
fn card(place: usize) -> &'static str {
    black_box(CARD)
        .split('|')
        .nth(place + 1)
        .unwrap_or_default()
}

/// The extractor.
pub struct Hostile;

lensmount_sdk::export_chart!(Hostile);

impl Guest for Hostile {
    fn describe() -> About {
        act(card(4));
        About {
            name: card(0).into(),
            version: card(1).into(),
            title: card(2).into(),
            summary: "Does what it is told.".into(),
            attributes: Vec::new(),
        }
    }

    fn chart_types() -> Vec<String> {
        card(3)
            .split(',')
            .filter(|kind| !kind.is_empty())
            .map(String::from)
            .collect()
    }

    fn outline(_: Tile, chosen: Selection) -> Result<Offering, Failure> {
        act(told(&chosen));
        Ok(Offering {
            controls: Vec::new(),
            notes: Vec::new(),
        })
    }

    fn read(tile: Tile, chosen: Selection) -> Result<Reading, Failure> {
        let order = told(&chosen);
        match order {
            "internal" => return Err(failure(FailureCode::Internal, "the author is to blame")),
            "other" => return Err(failure(FailureCode::Other, "something else")),
            "echo" => return Ok(reading(String::from_utf8_lossy(&tile.body).into_owned())),
            "huge" => return Ok(reading("x".repeat(64 << 20))),
            "leave" => return Ok(reading(traces().to_string())),
            "shout" => return Err(failure(FailureCode::Other, &"x".repeat(64 << 20))),
            "banana" => {
                return Ok(Reading {
                    value: "banana".into(),
                    ..reading("a fruit".into())
                });
            }
            _ => act(order),
        }
        Ok(reading("done".into()))
    }

    fn series(_: Tile, chosen: Selection) -> Result<Vec<Reading>, Failure> {
        match told(&chosen) {
            "huge" => Ok((0..100_000).map(|_| reading("x".repeat(1000))).collect()),
            order => {
                act(order);
                Ok(vec![reading("done".into())])
            }
        }
    }
}

/// Memory that is there from the start and that nothing else writes to.
static TRACES: [AtomicU8; 1 << 20] = [const { AtomicU8::new(0) }; 1 << 20];

/// Writes all over it, and counts how much of it was written already.
fn traces() -> usize {
    let found = TRACES
        .iter()
        .map(|trace| usize::from(trace.swap(1, Ordering::Relaxed)));
    found.sum()
}

fn told(chosen: &Selection) -> &str {
    chosen
        .iter()
        .find(|(name, _)| name == "do")
        .map_or("", |(_, order)| order)
}

fn reading(label: String) -> Reading {
    let attributes = vec![("field".into(), "none".into()), ("raw".into(), "1".into())];
    Reading {
        value: "1".into(),
        rendered: None,
        at: None,
        label,
        notes: Vec::new(),
        attributes,
    }
}

fn failure(code: FailureCode, message: &str) -> Failure {
    let attributes = vec![("code".into(), "house-rule".into())];
    Failure {
        code,
        message: message.into(),
        control: None,
        attributes,
    }
}

fn act(order: &str) {
    match order {
        "loop" => endless(),
        "bomb" => bomb(),
        "gulp" => {
            black_box(vec![1_u8; black_box(1 << 30)]);
        }
        "recurse" => {
            black_box(recurse(black_box(1)));
        }
        "trap" => std::process::abort(),
        "panic" => panic!("told to panic"),
        "flood" => flood(),
        "unended" => unended(b'x'),
        "unended-nothing" => unended(0),
        "chatter" => chatter(),
        "chatter-and-panic" => {
            chatter();
            panic!("told to panic after all")
        }
        "deep" => {
            black_box(descend(black_box(4_000)));
        }
        _ => {}
    }
}

fn endless() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

fn bomb() -> ! {
    let mut hoard = Vec::new();
    loop {
        hoard.push(vec![1_u8; 1 << 20]);
        black_box(&hoard);
    }
}

/// Uses the engine's stack and none of the guest's own memory, so that it is the engine's limit
/// that is met. The argument is odd and stays odd; zero, which ends it, never comes.
fn recurse(odd: u64) -> u64 {
    if odd == 0 {
        return 0;
    }
    let deeper = recurse(odd.wrapping_add(2));
    deeper.wrapping_mul(31) ^ recurse(deeper ^ odd)
}

/// As deep as it is told: more stack than the least that an operator may give, less than the usual.
#[inline(never)]
fn descend(left: u64) -> u64 {
    if left == 0 {
        return 0;
    }
    black_box(descend(left - 1)).wrapping_mul(31) ^ left
}

/// A line without an end, in pieces of one byte each.
fn unended(byte: u8) -> ! {
    loop {
        let word = u64::from(black_box(byte));
        #[cfg(target_arch = "wasm32")]
        lensmount_sdk::bindings::chart_extractor::lensmount::extractor::lines::put(word, 0, 0, 0);
        black_box(word);
    }
}

fn flood() -> ! {
    loop {
        log::info("all work and no play");
    }
}

/// More lines than are kept, and fewer than make a flood.
fn chatter() {
    for line in 0..1000 {
        log::info(&format!("line {line}"));
    }
}
