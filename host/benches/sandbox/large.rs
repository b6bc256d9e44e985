//! Results of megabytes.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::results::{Sample, dense, recorded};

/// A large result, and how many times as fast as serde_json it should be read.
pub struct Large {
    /// What is read.
    pub sample: Sample,
    /// The goal.
    pub times: f64,
}

/// Results of 1 to 20 MB.
pub fn results() -> (Vec<Large>, Option<&'static str>) {
    let mut all: Vec<Large> = [1, 5, 20]
        .map(|mb| Large {
            sample: Sample {
                name: format!("generated, dense, {mb} MB"),
                body: dense(mb * 1_000_000),
            },
            times: 2.0,
        })
        .into();
    let Some(body) = recorded() else {
        return (
            all,
            Some("LENSMOUNT_FIXTURES names no folder with a recorded result: its rows"),
        );
    };
    all.extend([5, 20].map(|mb| Large {
        sample: Sample {
            name: format!("recorded rows repeated, {mb} MB"),
            body: repeated(&body, mb * 1_000_000),
        },
        times: 1.0,
    }));
    (all, None)
}

/// The recorded rows over and over, each time two years earlier so that no x stands twice.
fn repeated(body: &[u8], size: usize) -> Vec<u8> {
    #[derive(Deserialize)]
    struct Rows<'a> {
        #[serde(borrow)]
        data: &'a RawValue,
    }
    let text = String::from_utf8_lossy(body);
    let Ok(Rows { data }) = serde_json::from_str::<Rows<'_>>(&text) else {
        return body.to_vec();
    };
    let rows = data.get().trim_start_matches('[').trim_end_matches(']');
    let Some((before, after)) = text.split_once(data.get()) else {
        return body.to_vec();
    };
    let mut repeated = format!("{before}[{rows}");
    let mut year = 2015_u32;
    while repeated.len() < size && year > 2 {
        let earlier = rows
            .replace("2017-", &format!("{year:04}-"))
            .replace("2016-", &format!("{:04}-", year - 1));
        repeated.push(',');
        repeated.push_str(&earlier);
        year -= 2;
    }
    repeated.push(']');
    repeated.push_str(after);
    repeated.into_bytes()
}
