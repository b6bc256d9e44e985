//! Rolling out and back under load: nobody's call fails, and nobody gets the answer of two versions.

use crate::cases::one;
use crate::harness::guests::{gauge, gauge_2};
use crate::harness::server::{Place, Server, TOKEN};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const CALLERS: usize = 200;
const CALLS: usize = 10_000;

/// What a reading says of the version that made it, and what it says itself.
fn versions(reading: &Value) -> (String, &'static str) {
    let said = if reading["label"] == "Gauge" { "1.0.0" } else { "2.0.0" };
    (reading["extractor"]["version"].as_str().unwrap_or_default().to_owned(), said)
}

#[test]
fn two_hundred_callers_never_notice_a_flip() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    client.upload(&gauge()).expect(201);
    client.upload(&gauge_2()).expect(201);
    client.post_empty("/v1/extractors/gauge/versions/1.0.0/activate").expect(200);
    let body = format!("{{\"result\":{}}}", one("42").text());
    let url = format!("{}/v1/extractors/gauge/read", server.url());

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().expect("a client");
    let done = Arc::new(AtomicUsize::new(0));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (http, url, body, done) = (http.clone(), url.clone(), body.clone(), Arc::clone(&done));
            runtime.spawn(async move {
                let mut seen = [0_usize; 2];
                while done.fetch_add(1, Ordering::Relaxed) < CALLS {
                    let request = http.post(&url).bearer_auth(TOKEN).header("content-type", "application/json").body(body.clone());
                    let answer = request.send().await.expect("an answer");
                    let status = answer.status();
                    let text = answer.text().await.expect("a whole answer");
                    assert_eq!(status, 200, "{text}");
                    let reading: Value = serde_json::from_str(&text).expect("JSON");
                    assert_eq!(reading["value"], "42", "{reading}");
                    let (by, said) = versions(&reading);
                    assert_eq!(by, said, "the answer of one version under the name of another: {reading}");
                    seen[usize::from(by == "2.0.0")] += 1;
                }
                seen
            })
        })
        .collect();

    let mut flips = Vec::new();
    while done.load(Ordering::Relaxed) < CALLS {
        for step in ["versions/2.0.0/activate", "rollback"] {
            let began = Instant::now();
            let flipped = client.post_empty(&format!("/v1/extractors/gauge/{step}")).expect(200);
            flips.push(began.elapsed());
            let active = if step == "rollback" { "1.0.0" } else { "2.0.0" };
            assert_eq!(flipped["active"]["version"], active);
            // Whoever asks after the answer is read by the version that it names.
            let request = client.post_text("/v1/extractors/gauge/read", &body).expect(200);
            assert_eq!(versions(&request), (active.to_owned(), active));
        }
    }
    let seen = callers.into_iter().map(|caller| runtime.block_on(caller).expect("no call fails"));
    let seen = seen.fold([0, 0], |all, one| [all[0] + one[0], all[1] + one[1]]);
    flips.sort_unstable();
    let at = |part: usize| flips[(flips.len() - 1) * part / 100];
    println!("{} flips under {CALLERS} callers: p50 {:?}, worst {:?}; calls by version {seen:?}", flips.len(), at(50), at(100));
    assert!(seen[0] + seen[1] >= CALLS && seen.iter().all(|calls| *calls > 0), "{seen:?}");
}
