//! payctl, for its own systems.

use std::process::ExitCode;

fn main() -> ExitCode {
    payctl::run(payctl_stack::ALL)
}
