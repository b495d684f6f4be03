//! On a terminal: what is asked there, and what may be answered.

use payctl_tests::binary::{Payctl, changing_calls};
use payctl_tests::emulator::{Emulator, Server};
use payctl_tests::terminal::on_a_terminal;

#[test]
fn only_the_answer_that_is_asked_for_changes_anything() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let run = |verb: &str, prompt: &str, answer: &str| {
        on_a_terminal(&payctl, 80, &[verb], &[(prompt, answer)])
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
