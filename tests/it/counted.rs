//! What calls of extractors use is counted by version, however they end, and told beside the limits.

use crate::harness::client::Client;
use crate::harness::guests::{Card, SOUND, hostile};
use crate::harness::server::{Place, Server};
use serde_json::{Value, json};

fn rolled_out(server: &Server) -> Client {
    let client = server.admin();
    client.upload(&hostile(SOUND)).expect(201);
    client.upload(&hostile(Card { version: "2.0.0", ..SOUND })).expect(201);
    client.post_empty("/v1/extractors/hostile/versions/1.0.0/activate").expect(200);
    client
}

fn tell(client: &Client, order: &str, result: &Value) {
    client.post("/v1/extractors/hostile/read", &json!({"result": result, "selection": {"do": order}}));
}

/// The number that `/metrics` has for the first version under a name, with more labels.
fn number(client: &Client, name: &str, labels: &str) -> Option<f64> {
    let text = client.get("/metrics").text();
    let start = format!("lensmount_extractor_{name}{{");
    let is_it = |line: &&str| {
        let (known, of) = (line.strip_prefix(&start), [r#"extractor="hostile",version="1.0.0""#, labels]);
        known.is_some_and(|known| of.iter().all(|label| known.contains(label)))
    };
    let line = text.lines().find(is_it)?.rsplit_once(' ')?.1;
    Some(line.parse().unwrap_or_else(|_| panic!("{name}: {line}")))
}

fn version(client: &Client) -> Value {
    let shown = client.get("/v1/extractors/hostile").expect(200);
    let versions = shown["versions"].as_array().expect("versions");
    versions.iter().find(|it| it["version"] == "1.0.0").expect("it").clone()
}

#[test]
fn calls_are_counted_by_version_and_end() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = rolled_out(&server);
    for order in ["", "", "internal", "trap", "", "bomb", "gulp"] {
        tell(&client, order, &json!({}));
    }
    for (name, labels, expected) in [
        ("calls_total", r#"outcome="answered""#, Some(3.0)),
        ("calls_total", r#"outcome="failed""#, Some(1.0)),
        ("calls_total", r#"outcome="stopped""#, Some(3.0)),
        ("stops_total", r#"code="trap""#, Some(1.0)),
        ("stops_total", r#"code="memory-limit""#, Some(2.0)),
        ("stops_total", r#"code="cpu-timeout""#, None),
        ("time_seconds_count", "", Some(7.0)),
        ("cpu_seconds_count", "", Some(7.0)),
        ("wait_seconds_count", "", Some(7.0)),
        ("time_seconds_bucket", r#"le="+Inf""#, Some(7.0)),
        // Both that asked for more than there is; one of them held nearly all of it before.
        ("memory_peak_bytes_bucket", r#"le="67108864.0""#, Some(6.0)),
        ("memory_peak_bytes_bucket", r#"le="268435456.0""#, Some(7.0)),
        ("nearest_limit_ratios_bucket", r#"le="+Inf""#, Some(7.0)),
        ("nearest_limit_ratios_bucket", r#"le="0.999""#, Some(5.0)),
        ("limit_used_ratios", r#"limit="memory""#, Some(1.0)),
        ("log_lines_dropped_total", "", Some(0.0)),
    ] {
        assert_eq!(number(&client, name, labels), expected, "{name} {labels}: {}", client.get("/metrics").text());
    }
    let seconds = number(&client, "cpu_seconds_sum", "").expect("processor time");
    assert!(seconds > 0.0 && seconds <= number(&client, "time_seconds_sum", "").expect("time"), "{seconds}");
    let shown = version(&client);
    assert_eq!((&shown["calls"], &shown["failures"], &shown["stopped"]), (&json!(7), &json!(1), &json!(3)), "{shown}");
    let used = &shown["use"];
    assert_eq!(used["percent_of_limit"]["memory"], 100.0, "{used}");
    let of = |name: &str| used[name].as_f64().unwrap_or_else(|| panic!("{name}: {used}"));
    assert!(of("mean_us") > 0.0 && of("worst_us") >= of("mean_us") && of("worst_us") >= of("worst_cpu_us"), "{used}");
    assert!(of("memory_peak_bytes") > f64::from(128 << 20) && of("memory_peak_bytes") <= f64::from(256 << 20), "{used}");
}

#[test]
fn bytes_in_and_out_and_lost_log_lines_are_counted() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = rolled_out(&server);
    let counted = || ["input_bytes_total", "output_bytes_total"].map(|name| number(&client, name, "").expect("a number"));
    assert_eq!(counted(), [0.0, 0.0]);
    tell(&client, "echo", &json!({}));
    let [given, gave] = counted();
    tell(&client, "echo", &json!({"more": "x".repeat(989)}));
    assert_eq!(counted(), [2.0 * given + 998.0, 2.0 * gave + 998.0], "the result is 998 bytes longer, and so is the answer");
    tell(&client, "chatter", &json!({}));
    assert_eq!(number(&client, "log_lines_dropped_total", ""), Some(900.0));
}

#[test]
fn only_versions_that_answer_or_were_called_are_told() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = rolled_out(&server);
    let told = |version: &str| client.get("/metrics").text().contains(&format!("extractor=\"hostile\",version=\"{version}\""));
    assert!(told("1.0.0") && !told("2.0.0"));
    client.post("/v1/extractors/hostile/read", &json!({"result": {}, "selection": {"do": ""}, "version": "2.0.0"})).expect(200);
    assert!(told("2.0.0"));
    client.delete("/v1/extractors/hostile/versions/2.0.0").expect(204);
    assert!(!told("2.0.0"), "what is gone is told no more");
}
