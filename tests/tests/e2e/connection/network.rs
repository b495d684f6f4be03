//! Certificates, proxies, and AWS's other endpoints.

use std::fs;

use payctl_tests::binary::Payctl;
use payctl_tests::emulator::{Emulator, Server};
use payctl_tests::standin::{Secure, StandIn};

use super::{configure, run_with};

/// Asks who is asking, and nothing else.
const ASK: [&str; 1] = ["policy"];
/// Asks nothing.
const ASK_NOTHING: [&str; 5] = ["policy", "--account", "123456789012", "--region", "us-east-1"];
/// A machine without certificates.
const BARE: [(&str, &str); 2] = [("SSL_CERT_FILE", "/dev/null"), ("SSL_CERT_DIR", "/nonexistent")];

#[test]
fn a_bundle_takes_the_place_of_the_machines_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let server = Secure::start("127.0.0.1", folder.path());
    let other = Secure::start("localhost", folder.path());
    let payctl = Payctl::at(&server.endpoint, "dev");
    let own = server.certificate.as_str();
    run_with(&payctl, &ASK, &[("AWS_CA_BUNDLE", own)]).exits(0);

    // The variable wins over the profile.
    let profile = |file: &str| {
        configure(&payctl, &format!("[profile x]\nca_bundle = {file}\n[default]\n"), "");
        ("AWS_PROFILE", "x")
    };
    run_with(&payctl, &ASK, &[BARE[0], BARE[1], profile(own)]).exits(0);
    run_with(&payctl, &ASK, &[profile("/none"), ("AWS_CA_BUNDLE", own)]).exits(0);
    let ended = run_with(&payctl, &ASK, &[profile("/none")]);
    ended.exits(1);
    ended.says("ca_bundle of the profile x names /none, which cannot be read: No such file");

    // So do the machine's: whom they do not vouch for is not spoken to.
    let ended = run_with(&payctl, &ASK, &[("SSL_CERT_FILE", other.certificate.as_str())]);
    ended.exits(1);
    ended.says(&format!("no secure connection to {}: its certificate is signed", server.endpoint));
    ended.says("name its certificate with AWS_CA_BUNDLE");
    assert!(ended.took.as_secs() < 3, "that is not tried again\n{ended}");
    let elsewhere = Payctl::at(&other.endpoint, "dev");
    let ended = run_with(&elsewhere, &ASK, &[("AWS_CA_BUNDLE", &other.certificate)]);
    ended.exits(1);
    ended.says("its certificate is for another name");
}

#[test]
fn a_bundle_that_is_none_is_told_when_it_is_needed() {
    let server = Server::start(Emulator::Sandbox);
    let secure = Payctl::at("https://127.0.0.1:1", "dev");
    let empty = secure.folder().join("empty.pem");
    fs::write(&empty, "").unwrap();
    let empty = empty.display().to_string();
    for (file, told) in [
        ("/none.pem", "AWS_CA_BUNDLE names /none.pem, which cannot be read: No such file"),
        (empty.as_str(), "empty.pem, which has no certificate in PEM form"),
        (" ", "AWS_CA_BUNDLE is empty"),
    ] {
        let ended = run_with(&secure, &ASK, &[("AWS_CA_BUNDLE", file)]);
        ended.exits(1);
        ended.says(told);
        // Nothing else needs it.
        run_with(&secure, &ASK_NOTHING, &[("AWS_CA_BUNDLE", file)]).exits(0);
        run_with(&Payctl::new(&server), &ASK, &[("AWS_CA_BUNDLE", file)]).exits(0);
    }
}

#[test]
fn a_machine_without_certificates_can_do_what_needs_none() {
    let server = Server::start(Emulator::Sandbox);
    run_with(&Payctl::new(&server), &["plan"], &BARE).exits(0);
    let secure = Payctl::at("https://127.0.0.1:1", "dev");
    run_with(&secure, &ASK_NOTHING, &BARE).exits(0);
    let ended = run_with(&secure, &["plan"], &BARE);
    ended.exits(1);
    ended.says("https needs certificates to trust, and this machine has none");
    ended.says("or name a file of them with AWS_CA_BUNDLE");
}

/// Whom a proxy was asked to connect to, when AWS's own endpoints are meant.
fn asked_for(variables: &[(&str, &str)]) -> Vec<String> {
    let proxy = StandIn::saying("403 Forbidden", "text/plain", "");
    let payctl = Payctl::at("http://127.0.0.1:1", "dev");
    let place = format!("http://{}", proxy.place);
    let mut all = vec![("AWS_ENDPOINT_URL", ""), ("HTTPS_PROXY", place.as_str())];
    all.extend(variables);
    let ended = run_with(&payctl, &ASK, &all);
    ended.exits(1);
    let first = |head: String| head.lines().next().unwrap_or_default().to_owned();
    proxy.heads().into_iter().map(first).collect()
}

#[test]
fn aws_is_reached_through_the_proxy_and_by_its_other_endpoints() {
    let connect = |host: &str| vec![format!("CONNECT {host}:443 HTTP/1.1")];
    assert_eq!(asked_for(&[]), connect("sts.us-east-1.amazonaws.com"));
    let fips = ("AWS_USE_FIPS_ENDPOINT", "true");
    assert_eq!(asked_for(&[fips]), connect("sts-fips.us-east-1.amazonaws.com"));
    let dual_stack = ("AWS_USE_DUALSTACK_ENDPOINT", "true");
    assert_eq!(asked_for(&[dual_stack]), connect("sts.us-east-1.api.aws"));
    assert_eq!(asked_for(&[fips, dual_stack]), connect("sts-fips.us-east-1.api.aws"));
    // What NO_PROXY lists is not the proxy's business; there is no network here to reach it by.
    assert_eq!(asked_for(&[("no_proxy", "amazonaws.com")]), [""; 0]);
}

#[test]
fn a_profile_says_which_endpoints_are_meant() {
    let proxy = StandIn::saying("403 Forbidden", "text/plain", "");
    let payctl = Payctl::at("http://127.0.0.1:1", "dev");
    let place = format!("http://{}", proxy.place);
    let variables = [("AWS_ENDPOINT_URL", ""), ("HTTPS_PROXY", place.as_str())];
    let asked = |profile: &str| {
        configure(&payctl, &format!("[default]\n{profile}\n"), "");
        run_with(&payctl, &ASK, &variables).exits(1);
        proxy.heads().pop().unwrap_or_default()
    };
    assert!(asked("use_fips_endpoint = true").starts_with("CONNECT sts-fips.us-east-1.amazonaws"));
    assert!(asked("use_dualstack_endpoint = true").starts_with("CONNECT sts.us-east-1.api.aws"));
    let server = Server::start(Emulator::Sandbox);
    let endpoint = server.endpoint.as_str();
    configure(
        &payctl,
        &format!("[default]\nendpoint_url = {endpoint}\nuse_fips_endpoint = true\n"),
        "",
    );
    run_with(&payctl, &ASK, &variables).exits(0);
}

#[test]
fn an_endpoint_that_is_named_wins_over_all_of_it() {
    let server = Server::start(Emulator::Sandbox);
    let proxy = StandIn::saying("403 Forbidden", "text/plain", "");
    let place = format!("http://{}", proxy.place);
    let variables = [
        ("HTTP_PROXY", place.as_str()),
        ("HTTPS_PROXY", &place),
        ("http_proxy", &place),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
    ];
    let payctl = Payctl::new(&server);
    for verb in [&["plan"][..], &["up", "--yes"], &["destroy", "--yes"]] {
        run_with(&payctl, verb, &variables).exits(0);
    }
    let port = server.endpoint.rsplit(':').next().unwrap();
    for host in ["localhost", "127.0.0.1"] {
        let endpoint = format!("http://{host}:{port}");
        let args = ["plan", "--endpoint-url", &endpoint];
        run_with(&payctl, &args, &variables).exits(0);
    }
    assert_eq!(proxy.heads(), [""; 0], "loopback is never proxied");
    // An endpoint elsewhere is, as plain as it is.
    let elsewhere = ["policy", "--endpoint-url", "http://localstack.example:4566"];
    run_with(&payctl, &elsewhere, &variables).exits(1);
    assert!(proxy.heads()[0].starts_with("POST http://localstack.example:4566/ HTTP/1.1"));
}

#[test]
fn what_a_proxy_says_is_told() {
    let payctl = Payctl::at("http://127.0.0.1:1", "dev");
    let told = |proxy: &str, words: &[&str]| {
        let ended = run_with(&payctl, &ASK, &[("AWS_ENDPOINT_URL", ""), ("HTTPS_PROXY", proxy)]);
        ended.exits(1);
        for words in words {
            ended.says(words);
        }
        assert!(!ended.stderr.contains("hidden"), "{ended}");
        ended
    };
    let closed = StandIn::saying("403 Forbidden", "text/plain", "");
    let place = format!("http://{}", closed.place);
    let refuses = format!("the proxy {place} refuses to connect to");
    let ended = told(&place, &[&refuses, "https://sts.us-east-1.amazonaws.com: HTTP status 403"]);
    assert!(ended.took.as_secs() < 3, "that is not tried again\n{ended}");

    let asking = StandIn::saying("407 Proxy Authentication Required", "text/plain", "");
    told(&format!("http://{}", asking.place), &["write HTTPS_PROXY as http://USER:PASSWORD@HOST"]);
    let signed = format!("http://jane:hidden@{}", asking.place);
    told(&signed, &["it does not take the user and password (HTTP status 407)"]);
    let sent = asking.heads().pop().unwrap();
    assert!(sent.contains("Proxy-Authorization: Basic amFuZTpoaWRkZW4="), "{sent}");

    told(
        "http://127.0.0.1:1",
        &["cannot connect to the proxy http://127.0.0.1:1, which HTTPS_PROXY"],
    );
    told("socks5://jane:hidden@127.0.0.1:1", &["HTTPS_PROXY names a socks5 proxy"]);
}
