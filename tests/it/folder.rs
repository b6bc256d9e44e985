//! Extractors that are dropped into a folder.

use crate::harness::client::Client;
use crate::harness::guests::{Card, SOUND, gauge, gauge_2, hostile};
use crate::harness::server::{Place, Server};
use crate::harness::until;
use crate::harness::world::PATIENCE;
use std::path::{Path, PathBuf};

fn folder(place: &Place) -> PathBuf {
    let folder = place.data().with_extension("extractors");
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn start(place: &Place, folder: &Path) -> Server {
    Server::start_with(&place.data(), &[("LENSMOUNT_EXTRACTORS", folder.to_str().expect("text"))])
}

fn active(client: &Client, name: &str) -> Option<String> {
    let shown = client.get(&format!("/v1/extractors/{name}"));
    let version = shown.json()["active"]["version"].as_str().map(str::to_owned);
    version.filter(|_| shown.status == 200)
}

fn until_active(client: &Client, name: &str, version: &str) {
    until("it answers", PATIENCE, || active(client, name).filter(|it| it == version));
}

#[test]
fn what_is_dropped_into_the_folder_answers() {
    let place = Place::new();
    let folder = folder(&place);
    std::fs::write(folder.join("gauge.wasm"), gauge()).expect("a file");
    std::fs::write(folder.join("notes.txt"), "no extractor").expect("a file");
    let server = start(&place, &folder);
    let client = server.admin();
    until_active(&client, "gauge", "1.0.0");
    // Another file in its place is another version.
    std::fs::write(folder.join("gauge.wasm"), gauge_2()).expect("a file");
    until_active(&client, "gauge", "2.0.0");
    let audit = client.items("/v1/audit");
    let of_folder = audit.iter().filter(|it| it["actor"] == "folder").map(|it| it["action"].as_str().unwrap_or_default());
    let mut of_folder: Vec<&str> = of_folder.collect();
    of_folder.sort_unstable();
    assert_eq!(of_folder, ["extractor.activate", "extractor.activate", "extractor.upload", "extractor.upload"]);
    // What was rolled back by hand stays so, although its file is there at the next start.
    client.post_empty("/v1/extractors/gauge/rollback").expect(200);
    assert_eq!(server.stop(), Some(0));
    let server = start(&place, &folder);
    // What comes second is seen by a look of its own, so that the first look at all files is over then.
    for version in ["1.0.0", "2.0.0"] {
        std::fs::write(folder.join("later.wasm"), hostile(Card { version, ..SOUND })).expect("a file");
        until_active(&server.admin(), "hostile", version);
    }
    assert_eq!(active(&server.admin(), "gauge").as_deref(), Some("1.0.0"));
}

#[test]
fn what_is_no_extractor_is_left_and_harms_no_other() {
    let place = Place::new();
    let folder = folder(&place);
    std::fs::write(folder.join("a.wasm"), b"\0asm garbage").expect("a file");
    std::fs::write(folder.join("b.wasm"), hostile(Card { describe: "trap", ..SOUND })).expect("a file");
    std::fs::create_dir(folder.join("c.wasm")).expect("a folder");
    std::fs::write(folder.join("d.WASM"), gauge()).expect("a file");
    let server = start(&place, &folder);
    until_active(&server.admin(), "gauge", "1.0.0");
    server.admin().get("/v1/extractors/hostile").problem(404, "not-found");
    // What was wrong is mended by a file in its place.
    std::fs::write(folder.join("b.wasm"), hostile(SOUND)).expect("a file");
    until_active(&server.admin(), "hostile", "1.0.0");
}
