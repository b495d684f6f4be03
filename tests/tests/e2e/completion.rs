//! Completions and manual pages, from the same source as the help.

use std::fs;
use std::process::{Command, Stdio};

use payctl_engine::state::{Record, State};
use payctl_engine::{Address, Holder, Status, Store};
use payctl_tests::binary::Payctl;
use serde_json::json;

/// Where nobody listens: completions ask no one.
fn payctl() -> Payctl {
    let payctl = Payctl::at("http://127.0.0.1:9", "dev");
    let (stack, suffix) = ("pci-core", "dev");
    let holder =
        Holder { pid: 1, host: String::new(), command: String::new(), since: String::new() };
    let session = Store::at(payctl.state()).lock(&holder).unwrap();
    let mut state = State::empty(stack, suffix, "123456789012", "us-east-1", "l");
    for (kind, name) in [("ec2.vpc", "main"), ("lambda.function", "payment-processor")] {
        let record = Record {
            status: Status::Complete,
            outputs: json!({}),
            properties: json!({}),
            depends_on: [].into(),
            deposed: Vec::new(),
        };
        state.resources.insert(Address::new(kind, name), record);
    }
    state.outputs.insert("vpc_id".to_owned(), json!("vpc-1"));
    session.save(&mut state).unwrap();
    fs::create_dir(payctl.folder().join(".aws")).unwrap();
    let config = "[default]\nregion = us-east-1\n[profile team-prod]\n";
    fs::write(payctl.folder().join(".aws/config"), config).unwrap();
    payctl
}

/// What `shell` is told for the last of `words`.
fn told(payctl: &Payctl, shell: &str, words: &[&str]) -> String {
    let mut command = payctl.command(&[&["--", "payctl"], words].concat());
    command.env("COMPLETE", shell).env_remove("PAYCTL_SUFFIX");
    let index = words.len().to_string();
    for variable in ["_PAYCTL_INDEX", "_CLAP_COMPLETE_INDEX"] {
        command.env(variable, &index);
    }
    let output = command.output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn values_that_are_known_here_are_completed() {
    let payctl = payctl();
    for (words, value) in [
        (&["de"][..], "destroy"),
        (&["plan", "--stack", "sec"], "secure-api"),
        (&["destroy", "--suffix", ""], "dev"),
        (&["state", "show", "ec2"], "ec2.vpc:main"),
        (&["up", "--allow-data-loss", "ec2"], "ec2.vpc:main"),
        (&["output", "--raw", ""], "vpc_id"),
        (&["invoke", "pay"], "payment-processor"),
        (&["plan", "--region", "eu-cent"], "eu-central-1"),
        (&["plan", "--profile", "te"], "team-prod"),
    ] {
        for shell in ["bash", "zsh", "fish"] {
            let all = told(&payctl, shell, words);
            // The others say beside a value what it is.
            let values = all.lines().map(|line| line.split(['\t', ' ']).next().unwrap());
            let values: Vec<String> = values.map(|value| value.replace('\\', "")).collect();
            let fits = |given: &String| {
                given == value || (shell == "zsh" && given.starts_with(&format!("{value}:")))
            };
            assert!(values.iter().any(fits), "{shell} {words:?}: {all}");
        }
    }
    let none = told(&payctl, "bash", &["destroy", "--suffix", "x"]);
    assert_eq!(none.trim(), "");
}

/// What a Bash has on its line once the tabulator was pressed.
#[test]
fn bash_completes_an_address_across_its_colon() {
    let payctl = payctl();
    let registration = payctl.run(&["completions", "bash"]);
    registration.exits(0);
    let script = format!(
        "{}\ncomplete() {{ :; }}\nfor line in \"$@\"; do\n  read -ra COMP_WORDS <<<\"$line\"\n  \
         COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); last=\"${{COMP_WORDS[COMP_CWORD]}}\"\n  \
         [[ $last == : ]] && last=\n  compopt() {{ :; }}\n  _payctl_complete payctl \"$last\" x\n  \
         echo \"${{COMPREPLY[*]}}\"\ndone\n",
        registration.stdout
    );
    let file = payctl.folder().join("script");
    fs::write(&file, script).unwrap();
    let given = payctl.command(&[""]);
    let mut bash = Command::new("bash");
    bash.arg(&file).current_dir(payctl.folder()).env_clear().stdin(Stdio::null());
    bash.envs(given.get_envs().filter_map(|(name, value)| Some((name, value?))));
    // Bash breaks words at a colon.
    bash.args([
        "payctl state show ec2",
        "payctl state show ec2.vpc : m",
        "payctl state show ec2.vpc :",
    ]);
    let output = bash.output().unwrap();
    let lines = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(lines, "ec2.vpc:main\nmain\nmain\n", "{output:?}");
}

#[test]
fn every_command_has_a_manual_page() {
    let payctl = payctl();
    payctl.run(&["man", "--out", "man"]).exits(0);
    let help = payctl.run(&["-h"]).stdout;
    let commands = help.lines().filter_map(|line| line.strip_prefix("  "));
    let commands = commands.filter_map(|line| line.split_whitespace().next());
    let commands: Vec<&str> = commands.filter(|name| *name != "payctl").collect();
    assert!(commands.len() > 10, "{help}");
    let page = |name: &str| fs::read_to_string(payctl.folder().join("man").join(name)).unwrap();
    for name in commands {
        assert!(page(&format!("payctl-{name}.1")).contains(".SH SYNOPSIS"), "{name}");
    }
    assert!(page("payctl-state-show.1").contains("ADDRESS"));
    assert!(page("payctl-up.1").contains("payctl up \\-\\-suffix dev"), "{}", page("payctl-up.1"));
    assert!(!payctl.folder().join("man/payctl-man.1").exists());
}
