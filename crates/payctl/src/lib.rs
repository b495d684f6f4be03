//! payctl: provisions PCI-DSS payment infrastructure on AWS, directly through the AWS SDK.
//!
//! [`run`] is the whole command line for the systems that it is given.

mod account;
mod aside;
mod ask;
mod check;
mod cli;
mod commands;
mod complete;
mod configuration;
mod connection;
mod cost;
mod declared;
mod document;
mod durations;
mod environment;
mod environments;
mod error;
mod evidence;
mod global;
mod handlers;
mod help;
mod history;
mod life;
mod local;
mod looked;
mod lookups;
mod minisign_key;
mod picture;
mod prediction;
mod preflight;
mod regions;
mod report;
mod sarif;
mod shift;
mod signals;
mod states;
mod timeline;
mod witness;
mod words;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap_complete::CompleteEnv;
use payctl_stack::Systems;

use crate::cli::Cli;
use crate::error::Exit;

/// Does what the process's arguments say, for `systems`, of which the first one is meant where none is
/// named.
pub fn run(systems: impl Into<Systems>) -> ExitCode {
    let systems = systems.into();
    if std::env::var_os(complete::VARIABLE).is_some() {
        // Answers and ends, unless the variable says no.
        let factory = || complete::attach(cli::command(systems), systems);
        let completions = CompleteEnv::with_factory(factory);
        completions.var(complete::VARIABLE).bin("payctl").shells(complete::SHELLS).complete();
    }
    let cli = match Cli::read(std::env::args_os(), systems) {
        Ok(cli) => cli,
        Err(error) => return misread(error, systems),
    };
    report::begin();
    report::set_color(cli.global.color);
    if cli.global.quiet {
        report::be_quiet();
    }
    report::log_to_stderr(cli.global.verbose);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = match signals::listen().and(runtime) {
        Ok(runtime) => runtime.block_on(commands::run(cli)),
        Err(source) => Err(error::CliError::failed("failed to start").because(&source)),
    };
    match ended {
        Ok(_) if report::lost_data() => Exit::Failed.into(),
        Ok(exit) => exit.into(),
        Err(error) => {
            report::error(&error);
            error.exit.into()
        }
    }
}

/// Answers a command line that asks for help, or that cannot be read.
fn misread(mut error: clap::Error, systems: Systems) -> ExitCode {
    let words: Vec<String> =
        std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    // Help is all there is to say where no command is named, be options set or not.
    if error.kind() == ErrorKind::MissingSubcommand {
        let words = std::env::args_os().chain(["-h".into()]);
        if let Err(help) = Cli::read(words, systems) {
            report::say(help.render().ansi().to_string().trim_end());
            return Exit::Failed.into();
        }
    }
    // Help and version are answers; a typing error is 1, so that 2 only ever means that a plan
    // has changes.
    if !error.use_stderr() {
        let _ = error.print();
        return Exit::Done.into();
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
        return Exit::Failed.into();
    }
    report::repeat_briefly(&mut error);
    let error = words::told(&error, &words, systems);
    report::error(&error);
    error.exit.into()
}
