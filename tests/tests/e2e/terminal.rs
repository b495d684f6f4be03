//! On a terminal: what is asked there, what may be answered, and what is drawn. And where there is
//! none.

use std::time::Duration;

use payctl_tests::binary::{Payctl, changing_calls};
use payctl_tests::emulator::{Emulator, Server};
use payctl_tests::proxy::{Fate, Proxy, Refusal, Rule};
use payctl_tests::terminal::Terminal;

#[test]
fn only_the_answer_that_is_asked_for_changes_anything() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let run = |verb: &str, prompt: &str, answer: &str| {
        Terminal::of(80).answers(&[(prompt, answer)]).run(&payctl, &[verb])
    };
    let (up, ask_up) = ("up", "Only \"yes\" is accepted: ");
    for (answer, code, told) in [
        ("no\n", 1, "not approved, and nothing was changed"),
        ("\n", 1, "not approved, and nothing was changed"),
        // The end of what is typed, and Ctrl-C.
        ("\x04", 1, "not approved, and nothing was changed"),
        ("\x03", 130, "interrupted, and nothing was changed"),
        ("SIGTERM", 130, "interrupted, and nothing was changed"),
    ] {
        let ended = run(up, ask_up, answer);
        ended.exits(code);
        ended.shows(told);
        let line = ended.stdout.lines().find(|line| line.contains(told)).unwrap();
        assert!(line.contains("error:") && !line.contains("is accepted"), "{ended}");
        assert_eq!(changing_calls(&server), [].into(), "{ended}");
    }

    run(up, ask_up, "yes\n").exits(0);
    payctl.is_as_declared();
    changing_calls(&server);

    // A deletion asks for the suffix.
    let (destroy, ask_destroy) = ("destroy", " in account 123456789012, us-east-1 (dev): ");
    for (answer, code) in [("yes\n", 1), ("\x03", 130)] {
        run(destroy, ask_destroy, answer).exits(code);
        assert_eq!(changing_calls(&server), [].into(), "{answer}");
    }
    let ended = run(destroy, ask_destroy, "dev\n");
    ended.exits(0);
    ended.shows("nothing is left of pci-core dev");
}

const ESCAPE: char = '\x1b';

/// Colours, and what moves on the terminal.
fn has(raw: &str) -> (bool, bool) {
    let colours = raw.split("\x1b[").skip(1).any(|after| {
        let parameters = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        parameters.starts_with('m')
    });
    (colours, raw.contains("\x1b[2K") || raw.contains("\x1b[1A"))
}

#[test]
fn what_is_drawn_fits_where_it_is_drawn() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    for (environment, colours, moves) in [
        (&[][..], true, true),
        (&[("NO_COLOR", "1")], false, true),
        // In a log every line stays.
        (&[("CI", "true")], true, false),
        (&[("TERM", "dumb")], false, false),
    ] {
        let terminal = Terminal::of(80).with(environment);
        let up = terminal.raw(&payctl, &["up", "--yes"]);
        up.exits(0);
        assert_eq!(has(&up.stdout), (colours, moves), "{environment:?}\n{up}");
        assert!(up.stdout.contains("ec2.vpc:main"), "{up}");
        let never = terminal.raw(&payctl, &["destroy", "--yes", "--color", "never"]);
        never.exits(0);
        assert_eq!(has(&never.stdout), (false, moves), "{environment:?}\n{never}");
    }
}

#[test]
fn in_a_log_each_resource_has_a_line() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    for (verb, word) in [("up", "created   "), ("destroy", "deleted   ")] {
        let ended = payctl.run(&[verb, "--yes"]);
        ended.exits(0);
        assert!(!ended.stderr.contains([ESCAPE, '\r']), "{ended}");
        let lines = ended.stderr.lines().filter(|line| line.starts_with(word));
        assert_eq!(lines.count(), 43, "{ended}");
        assert!(!ended.stderr.contains("waiting for"), "{ended}");
        // Without a terminal there are 80 columns, or as many as are asked for.
        let plan = payctl.run(&["plan", "--stack", "migration", "--suffix", "tiers"]);
        let widest = |text: &str| text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!((70..=80).contains(&widest(&plan.stdout)), "{plan}");
        let mut command = payctl.command(&["plan", "--stack", "migration", "--suffix", "tiers"]);
        command.env("COLUMNS", "120");
        let plan = payctl_tests::binary::Run::start(command).end();
        assert!((100..=120).contains(&widest(&plan.stdout)), "{plan}");
    }
}

#[test]
fn who_is_told_little_is_told_how_it_ended() {
    let server = Server::start(Emulator::Sandbox);
    let proxy = Proxy::start(&server.endpoint);
    let payctl = Payctl::at(&proxy.endpoint, "dev");
    const DENIED: Fate = Fate::Refuse(Refusal::Code("AccessDenied"));
    proxy.set(&Rule::Each(&[("CreateTable", DENIED)]));
    let failed = payctl.run(&["up", "--yes", "--quiet"]);
    failed.exits(1);
    assert!(failed.stderr.trim_start().starts_with("failed: dynamodb.table:"), "{failed}");
    assert!(!failed.stderr.contains("created"), "{failed}");
    assert_eq!(failed.stderr.matches("AccessDenied").count(), 1, "{failed}");
    proxy.set(&Rule::Nothing);

    for (verb, word) in [("up", "done: up, "), ("destroy", "done: destroy, ")] {
        let ended = payctl.run(&[verb, "--yes", "-q"]);
        ended.exits(0);
        let lines: Vec<&str> = ended.stderr.lines().collect();
        assert!(lines.len() == 1 && lines[0].starts_with(word), "{ended}");
    }
    // What a command answers is not less.
    let plan = payctl.run(&["plan", "-q"]);
    assert!(
        plan.stdout.contains("Plan: 42 to create, 1 to adopt") && plan.stderr.is_empty(),
        "{plan}"
    );
    // And whoever is asked sees what about.
    let asked = Terminal::of(80).answers(&[("is accepted: ", "no\n")]).run(&payctl, &["up", "-q"]);
    asked.exits(1);
    asked.shows("Plan: 42 to create");
}

#[test]
fn what_takes_long_to_read_says_how_far_it_is() {
    let server = Server::start(Emulator::Sandbox);
    let proxy = Proxy::start(&server.endpoint);
    let payctl = Payctl::at(&proxy.endpoint, "dev");
    payctl.up();
    const LATE: Fate = Fate::Delay(Duration::from_secs(2));
    proxy.set(&Rule::Each(&[("ec2 DescribeVpcs", LATE)]));
    let plan = Terminal::of(80).raw(&payctl, &["plan"]);
    plan.exits(0);
    assert!(plan.stdout.contains("reading pci-core dev in us-east-1 · "), "{plan}");
    assert!(plan.stdout.contains(" of 43"), "{plan}");
    // Nothing of it stays.
    let plan = Terminal::of(80).run(&payctl, &["plan"]);
    assert!(!plan.stdout.contains("reading"), "{plan}");
    // A log is told of what takes really long only.
    let plan = payctl.run(&["plan"]);
    assert_eq!(plan.stderr, "", "{plan}");
}
