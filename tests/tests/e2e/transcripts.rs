//! What one sees: the transcripts in `docs/transcripts`, made by the real binary on a terminal of
//! 80 and of 140 columns. What AWS or chance chooses is always the same in them.
//!
//! `PAYCTL_TRANSCRIPTS=write` writes them anew.

mod as_typical;
mod kept;
mod same;
mod system;

use std::fmt::Write as _;

use payctl_tests::binary::{Payctl, reset};
use payctl_tests::cloud::clients;
use payctl_tests::emulator::{Emulator, Server};
use payctl_tests::proxy::{Fate, Proxy, Refusal, Rule};
use payctl_tests::terminal::Terminal;

use kept::Transcripts;
use same::always_the_same;
pub(crate) use system::{Shown, shown};

async fn transcripts(columns: usize) {
    let server = Server::start(Emulator::Sandbox);
    let proxy = Proxy::start(&server.endpoint);
    let payctl = Payctl::at(&proxy.endpoint, "dev");
    let aws = clients(&server).await;
    let mut all = Transcripts::new(columns);

    let pci_core = Shown::system(&payctl, "pci-core", "--suffix dev");
    pci_core.before(&mut all);

    // Somebody has a bucket of that name.
    let bucket = "payment-files-dev-123456789012";
    aws.s3.create_bucket().bucket(bucket).send().await.unwrap();
    all.keep("refused", &payctl, &[("plan --suffix dev", 1), ("up --suffix dev", 1)]);
    aws.s3.delete_bucket().bucket(bucket).send().await.unwrap();

    // A call that is refused, and the same command once that is put right.
    const DENIED: Fate = Fate::Refuse(Refusal::Code("AccessDenied"));
    proxy.set(&Rule::Each(&[("POST /2015-03-31/functions", DENIED)]));
    all.keep("failed", &payctl, &[("up --suffix dev", 1)]);
    proxy.set(&Rule::Nothing);
    payctl.lose_state();
    reset(&server);

    pci_core.up(&mut all);
    pci_core.after(&mut all);
    all.keep("plan-unchanged", &payctl, &[("plan --suffix dev", 0), ("up --suffix dev", 0)]);

    // Somebody changes a setting and deletes an alarm; the configuration changes as well.
    let name = "payment-processor-dev";
    let change = aws.lambda.update_function_configuration().function_name(name);
    change.timeout(60).send().await.unwrap();
    let alarm = aws.cloudwatch.delete_alarms().alarm_names("payment-lambda-errors-dev");
    alarm.send().await.unwrap();
    payctl.configure("[pci-core]\nmemory_mb = 1024\n");
    all.keep("drift", &payctl, &[("plan --suffix dev", 0), ("up --suffix dev", 0)]);
    payctl.configure("");
    payctl.up();

    all.keep("destroy", &payctl, &[("destroy --suffix dev", 0), ("destroy --suffix dev", 0)]);
    errors(&mut all, &server);
    help(&mut all);
    all.end();
}

/// What is wrong with what was typed, or with the connection to AWS.
fn errors(all: &mut Transcripts, server: &Server) {
    let nobody = Payctl::at("http://127.0.0.1:1", "dev");
    let payctl = Payctl::new(server);
    payctl.configure("[pci-core]\nmemory_mb = 64\n");
    let mut text = String::new();
    let mut add = |payctl: &Payctl, command: &str, code: i32| {
        let words: Vec<&str> = command.split(' ').collect();
        let ended = Terminal::of(all.columns).run(payctl, &words);
        ended.exits(code);
        let _ = writeln!(text, "$ payctl {command}\n{}", always_the_same(&ended.stdout));
    };
    add(&payctl, "plan --suffix dev", 1);
    payctl.configure("");
    add(&payctl, "plan --suffix Dev", 1);
    add(&payctl, "plan --stack migartion", 1);
    add(&payctl, "output --suffix dev", 1);
    add(&payctl, "destroy --allow-data-loss s3.bucket:file", 1);
    add(&nobody, "plan --suffix dev", 1);
    let text = text.trim_end().to_owned();
    all.compare("error", &text);
}

/// The help of payctl and of each command.
fn help(all: &mut Transcripts) {
    let payctl = Payctl::at("http://127.0.0.1:1", "dev");
    let shown = Terminal::of(all.columns).run(&payctl, &["--help"]);
    shown.exits(0);
    let mut text = format!("$ payctl --help\n{}", shown.stdout);
    // Each command has a line in the groups of the first one.
    let line = |line: &str| -> Option<String> {
        let name = line.strip_prefix("  ")?.split(' ').next()?;
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase());
        (is_name && line.contains("   ")).then(|| name.to_owned())
    };
    let commands = shown.stdout.lines().filter(|line| !line.contains("payctl"));
    let commands: Vec<String> = commands.filter_map(line).collect();
    assert!(commands.len() > 10, "{commands:?}");
    for command in commands {
        let shown = Terminal::of(all.columns).run(&payctl, &[&command, "-h"]);
        shown.exits(0);
        let _ = write!(text, "\n$ payctl {command} -h\n{}", shown.stdout);
    }
    all.compare("help", text.trim_end());
}

/// What one sees while a run waits for AWS: the sandbox takes as long, ten times faster. The
/// instances take twice as long as all else, and only the rotation waits for them.
fn running(columns: usize) {
    let server = Server::start_slow(10);
    let payctl = Payctl::new(&server).of("migration");
    let mut all = Transcripts::new(columns);
    let command = "up --stack migration --suffix dev --yes";
    let words: Vec<&str> = command.split(' ').collect();
    let shown = Terminal::of(columns).until(&payctl, &words, r"\[117/122\] 3 running");
    let frame: Vec<String> =
        shown.lines().skip_while(|line| !line.starts_with('[')).map(same_frame).collect();
    all.compare("running", &format!("$ payctl {command}\n…\n{}", frame.join("\n")));
    all.end();
}

/// A line of what is redrawn, without how long it has been. How long it will be is left out: where
/// what is done took far longer than it should, nothing is said of that.
fn same_frame(line: &str) -> String {
    let clock = |word: &str| {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        word.split_once(':').is_some_and(|(minutes, rest)| digits(minutes) && digits(rest))
    };
    let words = line.split(' ').map(|word| if clock(word) { "0:03" } else { word });
    let line = words.collect::<Vec<_>>().join(" ");
    match line.split_once(" · about ") {
        Some((begin, _)) => begin.to_owned(),
        None => line,
    }
}

#[tokio::test]
async fn what_one_sees_of_a_run_in_80_columns() {
    running(80);
}

#[tokio::test]
async fn what_one_sees_of_a_run_in_140_columns() {
    running(140);
}

#[tokio::test]
async fn what_one_sees_in_80_columns() {
    transcripts(80).await;
}

#[tokio::test]
async fn what_one_sees_in_140_columns() {
    transcripts(140).await;
}
