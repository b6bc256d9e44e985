//! An author's samples, carried by the component itself.
//!
//! They lie in a custom section of the component, as a JSON array of what `samples/` holds file by
//! file. So they come with every upload, whichever way it goes, they are part of the digest, and
//! there is no second file to lose.

use wasmparser::{Parser, Payload};

use super::document::{Document, Sample, SampleError};

/// The section's name.
pub const SECTION: &str = "lensmount-samples";
/// The most bytes of all samples together.
pub const MOST_BYTES: usize = 1 << 20;
/// The most samples that are run at an upload, of the component's own and of those sent along each.
pub const MOST: usize = 64;

/// The samples in a component are not what they should be.
#[derive(Debug, thiserror::Error)]
pub enum OwnError {
    /// The section is there more than once.
    #[error("the component has more than one section {SECTION}; build it anew")]
    Twice,
    /// They are too large.
    #[error("its samples have {bytes} bytes, and {MOST_BYTES} are the most; carry fewer of them")]
    TooLarge {
        /// How large.
        bytes: usize,
    },
    /// There are too many.
    #[error("it has {samples} samples, and {MOST} are the most; carry fewer of them")]
    TooMany {
        /// How many.
        samples: usize,
    },
    /// The section is no list of samples.
    #[error("its section {SECTION} is no list of samples: {0}")]
    NoList(#[from] serde_json::Error),
    /// One of them cannot be asked.
    #[error("its sample {sample} cannot be asked: {reason}")]
    Unsound {
        /// Which.
        sample: usize,
        /// Why.
        reason: SampleError,
    },
}

/// The samples that a component carries. `wasm` is a valid component.
///
/// # Errors
///
/// When there is a section of that name that holds something else.
pub fn read(wasm: &[u8]) -> Result<Vec<Sample>, OwnError> {
    match section(wasm)? {
        Some(text) => parse(text),
        None => Ok(Vec::new()),
    }
}

/// The component with these samples: a JSON array.
///
/// # Errors
///
/// When it carries some already, or these are not what it may carry.
pub fn with(wasm: &[u8], samples: &str) -> Result<Vec<u8>, OwnError> {
    if section(wasm)?.is_some() {
        return Err(OwnError::Twice);
    }
    parse(samples.as_bytes())?;
    let mut content = Vec::with_capacity(samples.len() + SECTION.len() + 8);
    number(SECTION.len(), &mut content);
    content.extend(SECTION.as_bytes());
    content.extend(samples.as_bytes());
    // A custom section is the byte 0, its length, and its content (WebAssembly, "Binary format").
    let mut whole = wasm.to_vec();
    whole.push(0);
    number(content.len(), &mut whole);
    whole.extend(content);
    Ok(whole)
}

fn section(wasm: &[u8]) -> Result<Option<&[u8]>, OwnError> {
    let (mut found, mut depth) = (Vec::new(), 0_usize);
    for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) if depth == 0 && section.name() == SECTION => {
                found.push(section.data());
            }
            _ => {}
        }
    }
    match found[..] {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(OwnError::Twice),
    }
}

fn parse(text: &[u8]) -> Result<Vec<Sample>, OwnError> {
    if text.len() > MOST_BYTES {
        return Err(OwnError::TooLarge { bytes: text.len() });
    }
    let documents: Vec<Document<'_>> = serde_json::from_slice(text)?;
    if documents.len() > MOST {
        let samples = documents.len();
        return Err(OwnError::TooMany { samples });
    }
    let numbered = documents.iter().zip(1..);
    numbered
        .map(|(document, sample)| {
            let named = document.whole(&sample.to_string());
            named.map_err(|reason| OwnError::Unsound { sample, reason })
        })
        .collect()
}

/// A number as wasm writes it: LEB128, seven bits a byte, the lowest first.
fn number(mut number: usize, out: &mut Vec<u8>) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or(0x7f);
        number >>= 7;
        if number == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLES: &str = r#"[
        {"name": "share", "operation": "read", "result": {"data": [1.10]}, "expected": {"output": {}}},
        {"operation": "series", "result": "{\"data\": []}"}
    ]"#;

    fn component() -> Vec<u8> {
        wat::parse_str("(component (core module))").expect("wat")
    }

    #[test]
    fn what_a_component_carries_is_found_and_leaves_it_valid() {
        // Long enough that its length takes three bytes.
        let samples = SAMPLES.replace("1.10", &"1".repeat(20_000));
        let with = with(&component(), &samples).expect("taken");
        wasmparser::Validator::new()
            .validate_all(&with)
            .expect("valid");
        let read = read(&with).expect("samples");
        let names: Vec<_> = read.iter().map(|sample| sample.name.as_str()).collect();
        assert_eq!(names, ["share", "2"]);
        assert_eq!(read[1].result, r#"{"data": []}"#);
        assert!(super::read(&component()).expect("none").is_empty());
    }

    #[test]
    fn what_is_no_list_of_samples_is_told() {
        let many = format!(
            "[{}]",
            vec![r#"{"operation":"read","result":1}"#; MOST + 1].join(",")
        );
        let large = format!(
            r#"[{{"operation":"read","result":"{}"}}]"#,
            "x".repeat(MOST_BYTES)
        );
        let cases = [
            ("{}", "no list"),
            (r#"[{"operation":"guess","result":1}]"#, "guess"),
            (
                r#"[{"operation":"read","result":1,"settings":{"a":"b"}}]"#,
                "called `selection`",
            ),
            (
                r#"[{"operation":"read","result":1,"context":{"now":"soon"}}]"#,
                "RFC 3339",
            ),
            (&many, "65 samples"),
            (&large, "1048576 are the most"),
        ];
        for (samples, told) in cases {
            let refused = with(&component(), samples).expect_err(told).to_string();
            assert!(refused.contains(told), "{refused}");
        }
        let once = with(&component(), SAMPLES).expect("taken");
        assert!(matches!(with(&once, SAMPLES), Err(OwnError::Twice)));
    }
}
