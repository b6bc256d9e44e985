//! The swift reader, the strict one and serde_json read the same off the same documents.
//!
//! Documents are made from numbers: one number, one document, the same on every machine. A few ten
//! thousand are read each time the tests run; `LENSMOUNT_DOCUMENTS=10000000` reads ten million, half of
//! them spoilt somewhere, and `LENSMOUNT_FIRST_DOCUMENT` says with which number to begin.

#![allow(
    clippy::unwrap_used,
    reason = "the lint knows tests by their attribute, and these are helpers of tests"
)]

mod generate;
mod oracle;
mod pick;
mod summary;

use std::env;
use std::fmt::Debug;

use lensmount_sdk::chart::FailureCode;

use oracle::Said;
use summary::{Way, sound, table};

/// How many documents are read unless somebody wants more.
const DOCUMENTS: u64 = 40_000;

fn setting(name: &str, unless: u64) -> u64 {
    match env::var(name) {
        Ok(text) => text.parse().unwrap(),
        Err(_) => unless,
    }
}

#[track_caller]
fn differ(number: u64, document: &[u8], what: &str, ours: &dyn Debug, theirs: &dyn Debug) -> ! {
    panic!(
        "document {number}: {what}\nours: {ours:#?}\ntheirs: {theirs:#?}\n{}",
        String::from_utf8_lossy(document)
    )
}

#[test]
fn documents_are_read_as_serde_json_reads_them() {
    let first = setting("LENSMOUNT_FIRST_DOCUMENT", 0);
    let count = setting("LENSMOUNT_DOCUMENTS", DOCUMENTS);
    let (mut read, mut malformed, mut refused, mut read_all_the_same) = (0_u64, 0, 0, 0);
    for number in first..first + count {
        let document = generate::document(number);
        let swift = table(&document, Way::Swift);
        let strict = table(&document, Way::Strict);
        match oracle::read(&document) {
            // It is JSON, so that all three say the same.
            Said::Table(theirs) => {
                for (way, ours) in [("swift", &swift), ("strict", &strict)] {
                    if ours.as_ref() != Ok(&theirs) {
                        differ(number, &document, way, ours, &theirs);
                    }
                }
                read += 1;
            }
            Said::Malformed(why) => {
                for (way, ours) in [("swift", &swift), ("strict", &strict)] {
                    if *ours != Err(FailureCode::Malformed) {
                        differ(number, &document, way, ours, &why);
                    }
                }
                malformed += 1;
            }
            Said::NoText(why) => {
                if swift != strict {
                    differ(number, &document, &why, &swift, &strict);
                }
            }
            // It is not: what was read of it all the same must be sound, and what checks every byte
            // reads nothing.
            Said::Refused(why) => {
                if strict.is_ok() {
                    differ(number, &document, "strict", &strict, &why);
                }
                if let Ok(ours) = &swift {
                    if !sound(ours) {
                        differ(number, &document, "what was read is unsound", ours, &why);
                    }
                    read_all_the_same += 1;
                }
                refused += 1;
            }
        }
    }
    println!(
        "{count} documents: {read} read, {malformed} of another shape, {refused} no JSON, of which {read_all_the_same} were read where they are sound"
    );
    // Each kind is there, or nothing was tried.
    let least = count / 100;
    assert!(read > least && malformed > least && refused > least && read_all_the_same > least / 10);
}

#[test]
fn a_document_that_is_cut_anywhere_is_no_document() {
    // Each is read as often as it has bytes, so that long ones take long.
    const LONGEST: usize = 4_000;
    for number in (0..400).filter(|number| !generate::is_spoilt(*number)) {
        let document = generate::document(number);
        if document.len() > LONGEST {
            continue;
        }
        for length in 0..document.trim_ascii_end().len() {
            for way in [Way::Swift, Way::Strict] {
                let cut = table(&document[..length], way);
                assert_eq!(
                    cut,
                    Err(FailureCode::Malformed),
                    "document {number} cut to {length} bytes"
                );
            }
        }
    }
}
