//! Whose extractors a server takes: signatures over digests, by publishers that it knows.

use crate::author::file;
use crate::cli::{lensmount, run};
use crate::harness::client::{Answer, Client};
use crate::harness::guests::{gauge, gauge_2};
use crate::harness::server::{Place, Server, TOKEN};
use crate::harness::until;
use crate::harness::world::PATIENCE;
use serde_json::Value;

/// Runs an author's command that must succeed; what it printed.
fn said(words: &[&str]) -> String {
    let output = run(lensmount(words));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{words:?}: {out}{err}");
    out.trim().to_owned()
}

/// A publisher's key in a file, and its public half.
fn key(place: &Place, name: &str) -> (String, String) {
    let path = place.file(name).to_str().expect("text").to_owned();
    let public = said(&["extractor", "keygen", &path]);
    (path, public)
}

/// The signature of a component, as it is sent.
fn signed(component: &str, publisher: &str, key: &str) -> String {
    let path = said(&["extractor", "sign", component, "--publisher", publisher, "--key", key]);
    assert_eq!(path, format!("{component}.sig"));
    std::fs::read_to_string(path).expect("a signature").trim().to_owned()
}

fn upload(client: &Client, component: &[u8], signature: &str) -> Answer {
    client.clone().with("Lensmount-Signature", signature).upload(component)
}

fn start(place: &Place, policy: &str, publishers: &str) -> Server {
    let folder = place.file("extractors");
    std::fs::create_dir_all(&folder).expect("a folder");
    let environment =
        [("LENSMOUNT_SIGNATURES", policy), ("LENSMOUNT_PUBLISHERS", publishers), ("LENSMOUNT_EXTRACTORS", folder.to_str().expect("text"))];
    Server::start_with(&place.data(), &environment)
}

#[test]
fn a_server_that_requires_signatures_takes_what_a_known_publisher_has_signed_and_nothing_else() {
    let place = Place::new();
    let ((acme, public), (mallory, _)) = (key(&place, "acme.key"), key(&place, "mallory.key"));
    let server = start(&place, "required", &format!("acme={public}"));
    let client = server.admin();
    let (one, two) = (file(&place, "one.wasm", &gauge()), file(&place, "two.wasm", &gauge_2()));
    let right = signed(&one, "acme", &acme);
    let unsigned = client.upload(&gauge()).problem(422, "unsigned");
    let stages = unsigned["stages"].as_array().expect("stages");
    assert_eq!(stages.last().expect("a stage")["stage"], "signature", "nothing is compiled of what nobody vouches for: {unsigned}");
    for wrong in [signed(&one, "acme", &mallory), signed(&one, "mallory", &mallory), signed(&two, "acme", &acme)] {
        upload(&client, &gauge(), &wrong).problem(422, "bad-signature");
    }
    for nonsense in ["acme", "acme:AAAA", "ACME:====", ""] {
        upload(&client, &gauge(), nonsense).problem(400, "invalid-input");
    }
    client.get("/v1/extractors/gauge").problem(404, "not-found");
    let taken = upload(&client, &gauge(), &right).expect(201);
    assert_eq!(taken["version"]["signed_by"], "acme", "{taken}");
    // What is signed has to be right also where the bytes are known.
    upload(&client, &gauge(), &signed(&one, "acme", &mallory)).problem(422, "bad-signature");
    upload(&client, &gauge(), &right).expect(200);
    // The command finds the signature beside the component.
    signed(&two, "acme", &acme);
    said(&["extractor", "push", &two, "--url", &server.url(), "--token", TOKEN]);
    let shown = client.get("/v1/extractors/gauge").expect(200);
    assert!(shown["versions"].as_array().expect("versions").iter().all(|it| it["signed_by"] == "acme"), "{shown}");
    // What the server brings is its own.
    assert_eq!(client.get("/v1/extractors/timeseries").expect(200)["versions"][0]["signed_by"], Value::Null);
}

#[test]
fn a_folder_is_held_to_the_same_policy() {
    let place = Place::new();
    let (acme, public) = key(&place, "acme.key");
    let server = start(&place, "required", &format!("acme={public}"));
    let client = server.admin();
    let folder = place.file("extractors");
    std::fs::write(folder.join("gauge.wasm"), gauge()).expect("a file");
    until("the log says that it is not taken", PATIENCE, || server.log().contains("came without a signature").then_some(()));
    client.get("/v1/extractors/gauge").problem(404, "not-found");
    let two = file(&place, "two.wasm", &gauge_2());
    signed(&two, "acme", &acme);
    // The signature may come after the component.
    std::fs::write(folder.join("two.wasm"), gauge_2()).expect("a file");
    until("it is refused", PATIENCE, || (server.log().matches("came without a signature").count() >= 2).then_some(()));
    std::fs::copy(format!("{two}.sig"), folder.join("two.wasm.sig")).expect("a file");
    until("it answers", PATIENCE, || (client.get("/v1/extractors/gauge").status == 200).then_some(()));
    assert_eq!(client.get("/v1/extractors/gauge").expect(200)["versions"][0]["signed_by"], "acme");
}

#[test]
fn an_optional_signature_has_to_be_right_and_one_that_is_off_is_not_looked_at() {
    let place = Place::new();
    let ((_, public), (mallory, _)) = (key(&place, "acme.key"), key(&place, "mallory.key"));
    let one = file(&place, "one.wasm", &gauge());
    let wrong = signed(&one, "acme", &mallory);
    let server = start(&place, "optional", &format!("acme={public}"));
    upload(&server.admin(), &gauge(), &wrong).problem(422, "bad-signature");
    let taken = server.admin().upload(&gauge()).expect(201);
    assert_eq!(taken["version"]["signed_by"], Value::Null, "{taken}");
    assert_eq!(server.stop(), Some(0));
    let server = start(&place, "off", "");
    let taken = upload(&server.admin(), &gauge_2(), &wrong).expect(201);
    assert_eq!(taken["version"]["signed_by"], Value::Null, "{taken}");
}

#[test]
fn keys_are_the_owner_s_alone_and_never_written_over() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let (path, public) = key(&place, "acme.key");
    assert!(public.len() == 64 && public.chars().all(|digit| digit.is_ascii_hexdigit()), "{public}");
    assert_eq!(std::fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
    let before = std::fs::read(&path).expect("a file");
    assert!(!run(lensmount(&["extractor", "keygen", &path])).status.success());
    assert_eq!(std::fs::read(&path).expect("a file"), before);
    let one = file(&place, "one.wasm", &gauge());
    for (publisher, key, word) in [("Acme Inc", &path, "no name for a publisher"), ("acme", &one, "is no key")] {
        let output = run(lensmount(&["extractor", "sign", &one, "--publisher", publisher, "--key", key]));
        assert!(String::from_utf8_lossy(&output.stderr).contains(word), "{output:?}");
    }
    for (flags, word) in [
        (&["--signatures", "required"][..], "none is known"),
        (&["--publishers", "acme=ab"], "64 hex digits"),
        (&["--publishers", "acme"], "acme=HEX"),
        (&["--publishers", &format!("acme={public},acme={public}")], "named twice"),
        (&["--publishers", &format!("Acme Inc={public}")], "no name for a publisher"),
    ] {
        let data = place.data().to_str().expect("text").to_owned();
        let output = run(lensmount(&[&["serve", "--listen", "127.0.0.1:0", "--data", &data], flags].concat()));
        assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains(word), "{output:?}");
    }
}
