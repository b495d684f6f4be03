//! Bad input: told clearly, before anything is changed and before anything is written.

use std::fs;

use payctl_tests::binary::{AARCH64, Ended, Payctl, calls, changing_calls, put_handler};
use payctl_tests::emulator::{Emulator, Server};

/// It failed for the reason given, changed nothing and wrote nothing.
#[track_caller]
fn refused(payctl: &Payctl, ended: &Ended, why: &str) {
    ended.exits(1);
    ended.says(why);
    assert_eq!(ended.stdout, "", "{ended}");
    assert!(!payctl.folder().join(".payctl").exists(), "a folder is left\n{ended}");
}

/// Where nobody listens: what is refused here is refused before the first call.
fn nowhere() -> Payctl {
    Payctl::at("http://127.0.0.1:9", "dev")
}

const VERBS: [&[&str]; 3] = [&["plan"], &["up", "--yes"], &["destroy", "--yes"]];

#[test]
fn a_suffix_that_is_none_is_refused_before_any_call() {
    let payctl = nowhere();
    let long = "x".repeat(10_000);
    for (suffix, why) in [
        ("../../x", "lower-case letters, digits and single dashes"),
        ("", "at least one character"),
        (long.as_str(), "at most 18 characters"),
        ("Dev", "lower-case letters"),
        ("dev\n", "lower-case letters"),
        ("$(id)", "lower-case letters"),
        ("dév", "lower-case letters"),
        ("-dev", "lower-case letters"),
        ("a--b", "lower-case letters"),
        ("nineteen-characters", "at most 18 characters"),
    ] {
        for verb in VERBS {
            let equals = format!("--suffix={suffix}");
            let ended = payctl.run(&[verb, &[equals.as_str()]].concat());
            refused(&payctl, &ended, why);
            assert!(ended.stderr.len() < 2000, "it repeats what it was given\n{ended}");
            let mut by_environment = payctl.command(verb);
            by_environment.env("PAYCTL_SUFFIX", suffix);
            refused(&payctl, &payctl_tests::binary::Run::start(by_environment).end(), why);
        }
    }
}

#[test]
fn words_that_are_none_are_refused_before_any_call() {
    let payctl = nowhere();
    for (args, why) in [
        (&["plan", "--stack", "pci"][..], "available: pci-core"),
        (&["plan", "--region", "useast"], "us-east-1"),
        (&["plan", "--region", "us-east-1\n"], "us-east-1"),
        (&["plan", "--endpoint-url", "localhost"], "http://127.0.0.1:5000"),
        (&["plan", "--endpoint-url", "ftp://x"], "http://127.0.0.1:5000"),
        (&["plan", "--parallelism", "0"], "1..=256"),
        (&["plan", "--config", "no.toml"], "no.toml"),
        (&["up", "--yes", "--allow-data-loss", "x"], "--allow-data-loss"),
        (&["up", "no.json"], "failed to read the plan no.json"),
        (&["destory"], "destroy"),
        (&["plan", "--detailed-exit-code"], "--detailed-exitcode"),
        (&["output", "--raw", "vpc_id"], "has no outputs"),
        (&["state", "show", "ec2.vpc:main"], "is not in the state"),
        (&["invoke", "payment-processor", "--payload", "{"], "not valid JSON"),
        (&["up", "--yes", "--handlers", "nowhere"], "build it with"),
    ] {
        refused(&payctl, &payctl.run(args), why);
    }
    let mut none = payctl.command(&["destroy", "--yes"]);
    none.env_remove("PAYCTL_SUFFIX");
    refused(&payctl, &payctl_tests::binary::Run::start(none).end(), "no environment is named");
}

#[test]
fn a_configuration_that_is_none_is_refused_before_any_call() {
    let payctl = nowhere();
    for (text, why) in [
        ("[pci-core", "payctl.toml"),
        ("[pci-core]\nmemory_mib = 512\n", "did you mean `memory_mb`?"),
        ("[pci-cor]\n", "did you mean `pci-core`?"),
        ("[pci-core]\nnat = \"two\"\n", "nat"),
        ("[pci-core]\nmemory_mb = 64\n", "pci-core.memory_mb must be 128 to 10240 (found 64)"),
        ("[pci-core]\nmemory_mb = -1\n", "memory_mb"),
        (
            "[pci-core]\nlog_retention_days = 31\n",
            "1096, 1827 …, as CloudWatch Logs knows no other (found 31)",
        ),
        ("[pci-core]\nnetwork = \"10.0.0.0/8\"\n", "a network of /16 to /28"),
        ("[pci-core]\nnetwork = \"10.0.0.300/16\"\n", "network"),
        ("[pci-core]\nnetwork = \"169.254.0.0/16\"\n", "outside 169.254.0.0/16"),
        ("[pci-core]\nprivate_subnets = [\"10.0.1.0/24\"]\n", "three, one per zone"),
        ("[tags]\n\"payctl:id\" = \"x\"\n", "reserved"),
        ("[tags]\nName = \"x\"\n", "has a name of its own"),
        ("stack = \"pci\"\n", "there is no stack \"pci\""),
    ] {
        payctl.configure(text);
        for verb in VERBS {
            refused(&payctl, &payctl.run(verb), why);
        }
    }
}

/// What only the region shows to be wrong. A deletion does without.
#[test]
fn a_configuration_for_another_region_is_refused_before_any_call() {
    let payctl = nowhere();
    for (stack, text, why) in [
        (
            "pci-core",
            "[pci-core]\nalert_topic_arn = \"arn:aws:sns:eu-west-1:123456789012:alerts\"\n",
            "pci-core.alert_topic_arn must be of the region us-east-1",
        ),
        (
            "migration",
            "[migration]\ncertificate_arn = \"arn:aws:acm:eu-west-1:123456789012:certificate/x\"\n",
            "migration.certificate_arn must be of the region us-east-1",
        ),
        (
            "pci-core",
            "permissions_boundary = \"arn:aws-us-gov:iam::123456789012:policy/x\"\n",
            "permissions_boundary must be of the partition aws, which us-east-1 is in",
        ),
    ] {
        payctl.configure(text);
        for verb in &VERBS[..2] {
            let ended = payctl.run(&[*verb, &["--stack", stack]].concat());
            refused(&payctl, &ended, why);
            ended.says("name the region it is made for with --region");
        }
        let ended = payctl.run(&[VERBS[2], &["--stack", stack]].concat());
        assert!(!ended.stderr.contains(why), "{ended}");
    }
}

#[test]
fn a_handler_for_other_processors_is_refused_before_any_call() {
    let payctl = nowhere();
    let handlers = payctl.folder().join("handlers");
    put_handler(&handlers, "payment-processor", AARCH64);
    for verb in &VERBS[..2] {
        refused(&payctl, &payctl.run(verb), "the function runs on x86_64");
    }
    let bootstrap = handlers.join("payment-processor/bootstrap");
    fs::write(&bootstrap, "#!/bin/sh\n").unwrap();
    refused(&payctl, &payctl.run(VERBS[1]), "not an ELF binary");
    fs::write(&bootstrap, "").unwrap();
    refused(&payctl, &payctl.run(VERBS[1]), "not an ELF binary");
    fs::remove_file(&bootstrap).unwrap();
    refused(&payctl, &payctl.run(VERBS[1]), "lambda-src/build.sh");
}

#[test]
fn without_credentials_or_an_endpoint_nothing_is_begun() {
    let payctl = nowhere();
    for verb in VERBS {
        let mut command = payctl.command(verb);
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
        let ended = payctl_tests::binary::Run::start(command).end();
        refused(&payctl, &ended, "no credentials were found");

        let mut command = payctl.command(verb);
        command.env_remove("AWS_REGION");
        let ended = payctl_tests::binary::Run::start(command).end();
        refused(&payctl, &ended, "name one with --region or AWS_REGION");
    }
    let ended = payctl.run(VERBS[1]);
    refused(&payctl, &ended, "check the network, the region and the endpoint");
    assert!(ended.took.as_secs() < 30, "{ended}");
}

#[test]
fn a_state_that_does_not_fit_is_refused() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    payctl.up();
    let (folder, file) = (payctl.state(), payctl.state().join("state.json"));
    let sound = fs::read_to_string(&file).unwrap();
    calls(&server);
    let refused = |code: i32, verb: &[&str], why: &[&str]| {
        let ended = payctl.run(verb);
        ended.exits(code);
        why.iter().for_each(|why| ended.says(why));
    };

    // Damaged anywhere.
    let half = &sound[..sound.len() / 2];
    for damaged in
        [half, "", "{}", "\0\0\0\0", "null", &sound.replace("10.0.0.0/16", "10.9.0.0/16")]
    {
        fs::write(&file, damaged).unwrap();
        for verb in VERBS {
            refused(4, verb, &["state.json is damaged", "payctl state recover"]);
        }
    }
    fs::write(&file, &sound).unwrap();
    fs::write(folder.join("journal.jsonl"), "nonsense\nmore nonsense\n").unwrap();
    for verb in VERBS {
        refused(4, verb, &["journal.jsonl is damaged"]);
    }
    fs::remove_file(folder.join("journal.jsonl")).unwrap();

    // Another suffix's.
    let other = folder.with_file_name("other");
    fs::create_dir(&other).unwrap();
    fs::copy(&file, other.join("state.json")).unwrap();
    for verb in VERBS {
        let verb = [verb, &["--suffix", "other"]].concat();
        refused(1, &verb, &["is of stack pci-core, suffix dev", "copied or renamed"]);
    }
    fs::remove_dir_all(&other).unwrap();

    // Another region's.
    for verb in VERBS {
        let verb = [verb, &["--region", "eu-west-1"]].concat();
        refused(1, &verb, &["is of region us-east-1, and this is region eu-west-1"]);
    }

    // A link is not followed.
    fs::rename(&file, folder.join("elsewhere")).unwrap();
    std::os::unix::fs::symlink("elsewhere", &file).unwrap();
    for verb in VERBS {
        refused(4, verb, &["follows no links"]);
    }
    fs::remove_file(&file).unwrap();
    fs::rename(folder.join("elsewhere"), &file).unwrap();

    // Nor is one to the folder.
    let elsewhere = folder.with_file_name("elsewhere");
    fs::rename(&folder, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &folder).unwrap();
    for verb in VERBS {
        refused(4, verb, &["dev is not a folder", "follows no links"]);
    }
    fs::remove_file(&folder).unwrap();
    fs::rename(&elsewhere, &folder).unwrap();

    assert_eq!(changing_calls(&server), [].into());
    assert_eq!(fs::read_to_string(&file).unwrap(), sound);
    payctl.is_as_declared();
}

#[test]
fn a_state_of_another_account_is_refused() {
    // Here the key id is the account.
    let server = Server::start(Emulator::Ministack);
    let payctl = Payctl::new(&server);
    payctl.up();
    for verb in VERBS {
        let mut command = payctl.command(verb);
        command.env("AWS_ACCESS_KEY_ID", "111122223333");
        let ended = payctl_tests::binary::Run::start(command).end();
        ended.exits(1);
        ended.says("is of account 000000000000, and this is account 111122223333");
    }
}

#[test]
fn where_no_state_can_be_written_nothing_is_changed() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    fs::write(payctl.folder().join("file"), "").unwrap();
    for folder in ["file/state", "/proc/payctl"] {
        let ended = payctl.run(&["up", "--yes", "--state-dir", folder]);
        ended.exits(4);
        ended.says("see to the folder and the space on its disk, or name another with --state-dir");
        assert_eq!(ended.stdout, "", "{ended}");
    }
    assert_eq!(changing_calls(&server), [].into());
}

#[test]
fn without_a_terminal_it_asks_for_yes() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let ended = payctl.run(&["up"]);
    ended.exits(1);
    ended.says("there is no terminal to ask on, and nothing was changed");
    ended.says("--yes");
    assert_eq!(changing_calls(&server), [].into());
    payctl.up();
    changing_calls(&server);
    let ended = payctl.run(&["destroy"]);
    ended.exits(1);
    ended.says("there is no terminal to ask on");

    // What allows a loss names something, or nothing is done.
    let ended = payctl.run(&["up", "--yes", "--allow-data-loss", "s3.bucket:file"]);
    ended.exits(1);
    ended.says("s3.bucket:file is neither declared nor recorded");
    ended.says("did you mean s3.bucket:files?");

    // A protected suffix stays, whatever is said.
    payctl.configure("protected = [\"dev\", \"prod\"]\n");
    let ended = payctl.run(&["plan", "--destroy"]);
    ended.exits(0);
    ended.says("the suffix dev is protected: `payctl destroy` refuses it");
    let ended = payctl.run(&["destroy", "--yes"]);
    ended.exits(1);
    ended.says("the suffix dev is protected");
    let ended = payctl.run(&["output", "--raw", "vpc"]);
    ended.exits(1);
    ended.says("there is no output \"vpc\"");
    ended.says("vpc_id");
    let ended = payctl.run(&["invoke", "processor"]);
    ended.exits(1);
    ended.says("available: payment-processor");
    assert_eq!(changing_calls(&server), [].into());
}

#[test]
fn help_and_version_are_answers() {
    let payctl = nowhere();
    for args in [&["--help"][..], &["-h"], &["--version"], &["up", "--help"], &["stacks"]] {
        let ended = payctl.run(args);
        ended.exits(0);
        assert!(!ended.stdout.is_empty() && ended.stderr.is_empty(), "{ended}");
    }
    let ended = payctl.run(&["completions", "bash"]);
    ended.exits(0);
    assert!(ended.stdout.contains("payctl"), "{ended}");
    assert!(!payctl.folder().join(".payctl").exists());
}

#[test]
fn help_fits_a_screen_and_says_no_variable() {
    let payctl = Payctl::at("http://very.secret:1", "s3cret");
    let alone = payctl.run(&[] as &[&str]);
    alone.exits(1);
    assert_eq!((alone.stdout.as_str(), alone.stderr), ("", payctl.run(&["-h"]).stdout));
    for (command, most) in
        [("", 40), ("up", 47), ("plan", 45), ("destroy", 45), ("sweep", 45), ("shift", 45)]
    {
        for help in ["-h", "--help"] {
            let words: Vec<&str> = [command, help].into_iter().filter(|w| !w.is_empty()).collect();
            let ended = payctl.run(&words);
            ended.exits(0);
            for value in ["very.secret", "s3cret", "handlers\"", "/handlers"] {
                assert!(!ended.stdout.contains(value), "{ended}");
            }
            let lines = ended.stdout.lines().count();
            assert!(help == "--help" || lines <= most, "{lines} lines: {ended}");
        }
    }
}

/// Lines wider than 80 columns, but for an identifier that cannot be broken.
fn too_wide(text: &str) -> Vec<&str> {
    let wide = |line: &&str| {
        let longest = line.split_whitespace().map(|word| word.chars().count()).max();
        let width = line.chars().count();
        width > 80 && width - longest.unwrap_or_default() > 30
    };
    text.lines().filter(wide).collect()
}

#[test]
fn eighty_columns_are_enough() {
    let server = Server::start_slow(1000);
    let payctl = Payctl::new(&server);
    let none: [&str; 0] = [];
    let check = |args: &[&str]| {
        let ended = payctl.run(args);
        assert!(!ended.stdout.contains('\x1b') && !ended.stderr.contains('\x1b'), "{ended}");
        assert_eq!(too_wide(&ended.stdout), none, "{ended}");
        assert_eq!(too_wide(&ended.stderr), none, "{ended}");
    };
    check(&["plan"]);
    check(&["up", "--yes"]);
    payctl.configure(
        "[pci-core]\nmemory_mb = 1024\nnat = \"per-zone\"\nlog_retention_days = 365\n\
         private_subnets = [\"10.0.4.0/24\", \"10.0.5.0/24\", \"10.0.6.0/24\"]\n\
         trail_multi_region = false\n[tags]\nteam = \"red\"\n",
    );
    check(&["plan"]);
    check(&["up", "--yes"]);
    check(&["plan"]);
    check(&["output"]);
    // Not `state list`: its ARNs are as long as they are.
    check(&["destroy", "--yes"]);
    check(&["--help"]);
    check(&["up", "--help"]);
}
