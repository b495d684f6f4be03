//! Ctrl-C and SIGTERM, at every moment before a run begins; `faults` has those during one.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use payctl_tests::binary::{Ended, Payctl, Run};

/// It said so and ended as an interrupted command does, at once.
#[track_caller]
fn is_interrupted(payctl: &Payctl, ended: &Ended) {
    ended.exits(130);
    ended.says("error: interrupted, and nothing was changed");
    assert!(ended.took < Duration::from_secs(10), "{ended}");
    let folder = payctl.folder().join(".payctl");
    assert!(!folder.join("pci-core/dev/state.json").exists(), "{ended}");
}

/// AWS is asked, and never answers.
#[test]
fn a_signal_while_everything_is_read_ends_the_command_with_a_word() {
    for signal in ["INT", "TERM"] {
        for verb in [&["plan"][..], &["up", "--yes"], &["destroy", "--yes"]] {
            let silent = TcpListener::bind("127.0.0.1:0").unwrap();
            let endpoint = format!("http://{}", silent.local_addr().unwrap());
            let payctl = Payctl::at(&endpoint, "dev");
            let run = payctl.start(verb);
            let (_asked, _) = silent.accept().unwrap();
            run.signal(signal);
            is_interrupted(&payctl, &run.end());
        }
    }
}

/// What blocks the command itself does not keep it from hearing.
#[test]
fn a_signal_while_a_pipe_is_read_ends_the_command_with_a_word() {
    let payctl = Payctl::at("http://127.0.0.1:9", "dev");
    let (nothing, _kept_open) = std::io::pipe().unwrap();
    let mut command = payctl.command(&["invoke", "payment-processor", "--payload", "@-"]);
    command.stdin(Stdio::from(nothing));
    let run = Run::start(command);
    // Until it reads: a signal before `main` ends it as the system does.
    std::thread::sleep(Duration::from_secs(1));
    run.signal("INT");
    is_interrupted(&payctl, &run.end());
}
