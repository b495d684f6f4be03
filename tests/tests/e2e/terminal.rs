//! On a terminal: what is asked there, and what may be answered.

use payctl_tests::binary::{Ended, Payctl, Run, changing_calls};
use payctl_tests::emulator::{Emulator, Server};

/// Runs a command on a terminal of its own, types an answer once it is asked for, and ends as the
/// command does. What the terminal shows goes to stdout.
const TERMINAL: &str = r#"
import os, pty, signal, sys
prompt, answer, *words = sys.argv[1:]
child, terminal = pty.fork()
if child == 0:
    os.execvp(words[0], words)
shown, answered = b"", False
while True:
    try:
        some = os.read(terminal, 65536)
    except OSError:
        break
    if not some:
        break
    shown += some
    if not answered and prompt.encode() in shown:
        if answer == "SIGTERM":
            os.kill(child, signal.SIGTERM)
        else:
            os.write(terminal, answer.encode().decode("unicode_escape").encode())
        answered = True
sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"#;

pub(super) fn on_a_terminal(payctl: &Payctl, verb: &[&str], prompt: &str, answer: &str) -> Ended {
    let given = payctl.command(verb);
    let mut command = std::process::Command::new("python3");
    command.args(["-c", TERMINAL, prompt, answer]);
    command.arg(given.get_program()).args(given.get_args());
    command.current_dir(payctl.folder()).env_clear().env("TERM", "xterm");
    command.envs(given.get_envs().filter_map(|(key, value)| Some((key, value?))));
    Run::start(command).end()
}

#[test]
fn only_the_answer_that_is_asked_for_changes_anything() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let (up, ask_up) = (&["up"][..], "is accepted: ");
    for (answer, code, told) in [
        ("no\\n", 1, "not approved, and nothing was changed"),
        ("\\n", 1, "not approved, and nothing was changed"),
        // The end of what is typed, and Ctrl-C.
        ("\\x04", 1, "not approved, and nothing was changed"),
        ("\\x03", 130, "interrupted, and nothing was changed"),
        ("SIGTERM", 130, "interrupted, and nothing was changed"),
    ] {
        let ended = on_a_terminal(&payctl, up, ask_up, answer);
        ended.exits(code);
        ended.shows(told);
        let line = ended.stdout.lines().find(|line| line.contains(told)).unwrap();
        assert!(line.contains("error:") && !line.contains("is accepted"), "{ended}");
        assert_eq!(changing_calls(&server), [].into(), "{ended}");
    }

    on_a_terminal(&payctl, up, ask_up, "yes\\n").exits(0);
    payctl.is_as_declared();
    changing_calls(&server);

    // A deletion asks for the suffix.
    let (destroy, ask_destroy) = (&["destroy"][..], "Type the suffix");
    for (answer, code) in [("yes\\n", 1), ("\\x03", 130)] {
        on_a_terminal(&payctl, destroy, ask_destroy, answer).exits(code);
        assert_eq!(changing_calls(&server), [].into(), "{answer}");
    }
    let ended = on_a_terminal(&payctl, destroy, ask_destroy, "dev\\n");
    ended.exits(0);
    ended.shows("nothing is left of pci-core dev");
}
