//! What may be called: no private address in any spelling, behind any name or redirect, and no way
//! round through a proxy.

use crate::harness::looker::{CLIENT_ID, CLIENT_SECRET, Looker};
use crate::harness::server::{Place, Server};
use crate::harness::world::{LOCAL, connect, text, with_number};
use looker_sim::Config;
use serde_json::json;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn private_addresses_are_not_called_in_any_spelling() {
    let looker = Looker::start();
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    let port = looker.address().port();
    looker.forget();
    let hosts = [
        "127.0.0.1",
        "127.1",
        "127.0.0.1.",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "%31%32%37.0.0.1",
        "①②⑦.⓪.⓪.①",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:7f00:0001]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "10.0.0.1",
        "169.254.169.254",
        "2852039166",
        // Names: what they stand for is found out when they are called.
        "localhost",
        "LOCALHOST",
    ];
    for (number, host) in hosts.iter().enumerate() {
        let id = connect(&client, &looker, &format!("Private {number}"), json!({"server_url": format!("http://{host}:{port}")}));
        let problem = client.post_empty(&format!("/v1/connections/{id}/test")).problem(422, "target-refused");
        assert!(text(&problem["detail"]).contains("LENSMOUNT_ALLOW_PRIVATE_TARGETS"), "{host}: {problem}");
    }
    assert_eq!(looker.log()["requests"], json!([]), "nothing was called");
}

#[test]
fn a_redirect_leads_nowhere_whatever_it_names() {
    let at = |host: &str| Looker::at(SocketAddr::new(host.parse().expect("an address"), 0), Config::new(CLIENT_ID, CLIENT_SECRET));
    // One address of this machine is allowed, the other is not.
    let (allowed, also_allowed, private) = (at("127.0.0.2"), at("127.0.0.2"), at("127.0.0.1"));
    let place = Place::new();
    let server = Server::start_with(&place.data(), &[("LENSMOUNT_ALLOW_PRIVATE_TARGETS", "127.0.0.2")]);
    let client = server.admin();
    let port = private.address().port();
    let places = [
        private.url(),
        format!("http://2130706433:{port}"),
        format!("http://localhost:{port}"),
        format!("http://[::ffff:127.0.0.1]:{port}"),
        "http://169.254.169.254".to_string(),
        // Not even to where it might have been sent in the first place.
        also_allowed.url(),
    ];
    let mut number = 0;
    for call in ["/api/4.0/versions", "/api/4.0/login", "/api/4.0/user"] {
        for place in &places {
            allowed.faults(&json!({ "match": call, "redirect_to": place }));
            number += 1;
            let id = connect(&client, &allowed, &format!("Redirected {number}"), json!({}));
            let problem = client.post_empty(&format!("/v1/connections/{id}/test")).problem(502, "looker-unreachable");
            assert!(text(&problem["detail"]).contains("redirect"), "{call} to {place}: {problem}");
        }
    }
    allowed.heal();
    let id = connect(&client, &allowed, "Not redirected", json!({}));
    client.post_empty(&format!("/v1/connections/{id}/test")).expect(200);
    for other in [&private, &also_allowed] {
        assert_eq!(other.log()["requests"], json!([]), "nothing was called");
    }
}

#[test]
fn a_proxy_of_the_environment_is_not_used() {
    let looker = Looker::start();
    let (address, callers) = listening();
    let proxy = format!("http://{address}");
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let mut environment: Vec<(&str, &str)> = names.iter().map(|name| (*name, proxy.as_str())).collect();
    // Nothing is excepted from it.
    environment.extend([("NO_PROXY", ""), ("no_proxy", "")]);
    environment.extend(LOCAL);
    let place = Place::new();
    let server = Server::start_with(&place.data(), &environment);
    let connection = connect(&server.admin(), &looker, "Looker", json!({}));
    server.admin().post_empty(&format!("/v1/connections/{connection}/test")).expect(200);
    let chart = with_number(&server.admin(), &connection);
    server.admin().post("/v1/charts/read", &chart).expect(200);
    assert_eq!(callers.load(Ordering::SeqCst), 0, "the proxy was called");
    // Had it been called, it would have been seen.
    drop(std::net::TcpStream::connect(address).expect("it listens"));
    crate::harness::until("a caller is counted", crate::harness::world::PATIENCE, || (callers.load(Ordering::SeqCst) == 1).then_some(()));
}

/// Something that listens, and counts who comes.
fn listening() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let callers = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&callers);
    // It ends with the process.
    std::thread::spawn(move || {
        while listener.accept().is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (address, callers)
}
