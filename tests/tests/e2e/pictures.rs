//! Pictures and pages of environments, as Chromium shows them.
//!
//! `PAYCTL_PICTURES=write` writes those in `docs/pictures` anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use payctl_stack::SYSTEMS;
use payctl_tests::binary::{Payctl, changing_calls};
use payctl_tests::emulator::{Emulator, Server, root};
use serde_json::Value;

/// Whether those of the documentation are to be written.
fn writes() -> bool {
    std::env::var_os("PAYCTL_PICTURES").is_some_and(|set| set == "write")
}

fn kept(name: &str) -> PathBuf {
    root().join("docs/pictures").join(name)
}

/// Each of the systems and one document with its name, at an endpoint.
fn all(endpoint: &str) -> impl Iterator<Item = (&'static str, Payctl)> {
    let systems = SYSTEMS.iter().map(|system| system.name);
    let systems = systems.map(move |name| (name, Payctl::at(endpoint, "dev").of(name)));
    let document = Payctl::at(endpoint, "dev").of_document("shop", None);
    systems.chain([("shop", document)])
}

/// Of what is declared, without AWS.
#[test]
fn each_system_is_drawn_as_the_pages_show_it() {
    let mut different = Vec::new();
    for (name, payctl) in all("http://127.0.0.1:1") {
        let ended = payctl.run(&["graph", "--colour", "cost"]);
        ended.exits(0);
        let path = kept(&format!("{name}.svg"));
        if writes() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &ended.stdout).unwrap();
        }
        if fs::read_to_string(&path).unwrap_or_default() != ended.stdout {
            different.push(path);
        }
    }
    assert!(different.is_empty(), "PAYCTL_PICTURES=write writes anew: {different:?}");
}

#[test]
fn a_picture_is_written_in_the_format_that_its_name_says() {
    let payctl = Payctl::at("http://127.0.0.1:1", "dev");
    for (file, begins) in [
        ("dev.svg", "<?xml"),
        ("dev.dot", "digraph payctl {"),
        ("dev.mmd", "---\ntitle: 'pci-core dev'\n---\nflowchart LR"),
    ] {
        payctl.run(&["graph", "--out", file]).exits(0);
        let text = fs::read_to_string(payctl.folder().join(file)).unwrap();
        assert!(text.starts_with(begins), "{file}: {text}");
        assert!(text.contains("payment-processor"), "{file}");
    }
    let ended = payctl.run(&["graph", "--format", "dot", "--out", "dev.txt"]);
    ended.exits(0);
    let ended = payctl.run(&["graph", "--out", "dev.txt"]);
    ended.exits(1);
    ended.says(".svg, .dot or .mmd");
    payctl.run(&["graph", "--out", "nowhere/dev.svg"]).exits(1);
}

/// A page of the largest system, before anything of it is there.
#[test]
fn a_report_is_legible_everywhere_and_fetches_nothing() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server).of("migration");
    payctl.run(&["report", "--html", "report.html"]).exits(0);
    for (colour, says) in [("action", "(create)"), ("health", "(not deployed)")] {
        let ended = payctl.run(&["graph", "--colour", colour, "--format", "dot"]);
        ended.exits(0);
        assert_eq!(ended.stdout.matches(says).count(), 122, "{ended}");
    }
    assert!(changing_calls(&server).is_empty());
    let page = fs::read_to_string(payctl.folder().join("report.html")).unwrap();
    assert!(page.contains("122 to create") && page.contains("1274.24"), "its figures");

    let judge = include_str!("pictures/judge.html");
    fs::write(payctl.folder().join("judge.html"), judge).unwrap();
    let mut grounds = Vec::new();
    for dark in [false, true] {
        let found = shown(payctl.folder(), dark);
        assert_eq!(found["problems"], Value::Array(Vec::new()), "dark: {dark}");
        assert!(found["texts"].as_u64().unwrap() > 1000, "{found}");
        grounds.push(found["grounds"][0].clone());
    }
    assert_eq!(grounds, ["rgb(255, 255, 255)", "rgb(15, 19, 25)"]);

    let pdf = payctl.folder().join("report.pdf");
    let print = format!("--print-to-pdf={}", pdf.display());
    browse(payctl.folder(), "report.html", &["--no-pdf-header-footer", &print]);
    let printed = fs::read(&pdf).unwrap();
    assert!(printed.starts_with(b"%PDF-") && printed.len() > 50_000, "{} bytes", printed.len());

    photograph(payctl.folder(), "report-dark.png", "1280,1000", true);
    photograph(payctl.folder(), "report-phone.png", "390,1000", false);
}

/// Before anything of it is there: what `up` would do, and what that costs.
#[test]
fn each_has_a_report() {
    let server = Server::start(Emulator::Sandbox);
    for (name, payctl) in all(&server.endpoint) {
        payctl.run(&["report", "--html", "report.html"]).exits(0);
        let page = fs::read_to_string(payctl.folder().join("report.html")).unwrap();
        for section in ["picture", "changes", "timeline", "cost", "compliance", "outputs"] {
            let title = format!("<h2 id=\"{section}\">");
            assert!(page.contains(&title), "{name}: {section} is missing");
        }
        photograph(payctl.folder(), &format!("report-{name}.png"), "1280,1000", false);
    }
}

/// The first screen of a page for the documentation, where that is to be written.
fn photograph(folder: &Path, name: &str, size: &str, dark: bool) {
    if !writes() {
        return;
    }
    fs::create_dir_all(kept("")).unwrap();
    let shot = format!("--screenshot={}", kept(name).display());
    let (size, theme) = (format!("--window-size={size}"), theme(dark));
    browse(folder, "report.html", &["--hide-scrollbars", &size, &theme, &shot]);
}

/// What the judge found of the page.
fn shown(folder: &Path, dark: bool) -> Value {
    let theme = theme(dark);
    let arguments =
        ["--allow-file-access-from-files", "--virtual-time-budget=20000", "--dump-dom", &theme];
    let dom = browse(folder, "judge.html", &arguments);
    let found = dom.split("<pre id=\"found\">").nth(1).and_then(|rest| rest.split("</pre>").next());
    let found = found.unwrap_or_else(|| panic!("the judge did not end:\n{dom}"));
    let found = found.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&found).unwrap_or_else(|error| panic!("{error}: {found}"))
}

/// What the reader of a page prefers.
fn theme(dark: bool) -> String {
    // 0 is dark, 1 is light: blink's `PreferredColorScheme`.
    format!("--blink-settings=preferredColorScheme={}", u8::from(!dark))
}

/// Has Chromium open a file without any network; what it prints.
fn browse(folder: &Path, file: &str, arguments: &[&str]) -> String {
    let script = root().join("scripts/tools.sh");
    let found = Command::new("sh").arg(script).arg("--chromium").output().unwrap();
    assert!(found.status.success(), "no Chromium: `make tools` fetches it");
    let program = String::from_utf8(found.stdout).unwrap();
    let profile = tempfile::tempdir().unwrap();
    let ended = Command::new(program.trim())
        .args(["--headless=new", "--disable-gpu", "--no-first-run", "--disable-sync"])
        .args(["--disable-background-networking", "--disable-component-update"])
        // No name has an address, and what the page itself asks for is counted by the judge.
        .args(["--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr"])
        // Its own sandbox needs privileges that containers lack, and the page is ours.
        .args(["--no-sandbox", "--disable-dev-shm-usage"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(arguments)
        .arg(format!("file://{}", folder.join(file).display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
    let console: Vec<&str> = said.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(console.is_empty(), "{console:?}");
    String::from_utf8_lossy(&ended.stdout).into_owned()
}
