//! What came from Looker reaches the extractor byte for byte, never through a float.

use crate::cases::{one, sales};
use crate::harness::guests::{SOUND, hostile};
use crate::harness::server::{Place, Server, shared};
use crate::table::{SINGLE, TIMESERIES, call, read};
use serde_json::{Value, json};

#[test]
fn a_number_beyond_a_double_stays_what_it_is() {
    let client = shared().admin();
    for token in ["9007199254740993", "0.1000000000000000055511151231257827", "-123456789012345678901234567890", "10.50"] {
        let as_json = read(SINGLE, format!("{token} as JSON"), &one(token)).gives(token).is("/why/raw", token);
        let as_text =
            call("read", SINGLE, format!("{token} as text"), json!(one(token).text()).to_string()).gives(token).is("/why/raw", token);
        for case in [as_json, as_text] {
            let answer = case.send(&client);
            assert!(case.faults(&answer).is_empty(), "{}: {answer}", case.name);
        }
    }
}

#[test]
fn a_result_reaches_the_guest_byte_for_byte() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    client.upload(&hostile(SOUND)).expect(201);
    let path = "/v1/extractors/hostile/read";
    // Blanks, escapes, the order of members, digits and repeated names: all as they came.
    let result = "{ \"b\" : 1.0e+2,\n\t\"a\":\"\\u00e9\\/\", \"n\": 9007199254740993, \"n\":10.50 , \"e\": 1E400 }";
    let body = format!(r#"{{"selection":{{"do":"echo"}},"version":"1.0.0","result":{result}}}"#);
    assert_eq!(client.post_text(path, &body).expect(200)["label"], result);

    let text = "  not { JSON \u{1F600}\n";
    let body = json!({"selection": {"do": "echo"}, "version": "1.0.0", "result": text});
    assert_eq!(client.post(path, &body).expect(200)["label"], text);
}

#[test]
fn a_reading_says_when_looker_computed_it() {
    let client = shared().admin();
    let dated = sales().top("from_cache", true);
    let answer = read(TIMESERIES, "dated", &dated).send(&client).expect(200);
    assert_eq!(answer["from_cache"], true);
    let ran_at = answer["ran_at"].as_str().unwrap_or_default();
    assert!(ran_at.starts_with("2024-04-15T10:00:00"), "{answer}");

    let undated = sales().without(&["ran_at"]);
    let answer = read(TIMESERIES, "undated", &undated).send(&client).expect(200);
    assert_eq!((&answer["ran_at"], &answer["from_cache"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_large_document_is_read() {
    let doc = sales().top("sql", "x".repeat(8 << 20));
    let answer = read(TIMESERIES, "large", &doc).choose("at", "2024-02").send(&shared().admin());
    assert_eq!(answer.expect(200)["value"], "20");
}
