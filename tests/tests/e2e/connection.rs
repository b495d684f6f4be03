//! How AWS is reached: profiles, roles, certificates, proxies, and what is said when it is not.
//!
//! Nothing here needs a network: who answers is on this machine.

mod failures;
mod network;
mod roles;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use payctl_tests::binary::{Ended, Payctl, Run};
use payctl_tests::emulator::{Emulator, Server};
use payctl_tests::proxy::{Call, Proxy, Rule};

/// A configuration and credentials file in the user's home, which is payctl's folder.
fn configure(payctl: &Payctl, config: &str, credentials: &str) {
    let folder = payctl.folder().join(".aws");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config"), config).unwrap();
    fs::write(folder.join("credentials"), credentials).unwrap();
}

/// Runs it with these variables, too; an empty one is taken away.
fn run_with(payctl: &Payctl, args: &[&str], variables: &[(&str, &str)]) -> Ended {
    Run::start(command_with(payctl, args, variables)).end()
}

fn command_with(payctl: &Payctl, args: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = payctl.command(args);
    for (name, value) in variables {
        match value.is_empty() {
            true => command.env_remove(name),
            false => command.env(name, value),
        };
    }
    command
}

/// No credentials of the environment.
const NO_KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];

/// The access key ids that signed the calls since the rule was set.
fn signers(proxy: &Proxy) -> BTreeSet<String> {
    proxy.calls().into_iter().filter_map(|call| call.key).collect()
}

/// The calls of STS since the rule was set: what was asked, and who signed it.
fn sts(proxy: &Proxy) -> Vec<Call> {
    let calls = proxy.calls().into_iter();
    calls
        .filter(|call| call.form.as_ref().is_some_and(|form| form.contains("2011-06-15")))
        .collect()
}

/// An emulator behind a proxy that tells who calls.
fn behind_a_proxy() -> (Server, Proxy, Payctl) {
    let server = Server::start(Emulator::Sandbox);
    let proxy = Proxy::start(&server.endpoint);
    let payctl = Payctl::at(&proxy.endpoint, "dev");
    (server, proxy, payctl)
}

const KEYS: &str = "[sandbox]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = s\n\
                    [default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = s\n";
const CONFIG: &str = "[profile sandbox]\nregion = eu-west-1\n[profile other]\nregion = eu-west-1\n";

#[test]
fn a_profile_that_is_named_wins_over_keys_in_the_environment() {
    let (_server, proxy, payctl) = behind_a_proxy();
    configure(&payctl, CONFIG, KEYS);
    let environment = ("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT");
    let signed = |args: &[&str], variables: &[(&str, &str)], key: &str| {
        proxy.set(&Rule::Nothing);
        let ended = run_with(&payctl, args, variables);
        ended.exits(0);
        assert_eq!(signers(&proxy), BTreeSet::from([key.to_owned()]), "{variables:?}\n{ended}");
    };
    signed(&["plan"], &[environment], "AKIAENVIRONMENT");
    // A profile that a variable names does not, as with the AWS CLI.
    signed(&["plan"], &[environment, ("AWS_PROFILE", "sandbox")], "AKIAENVIRONMENT");
    signed(&["plan", "--profile", "sandbox"], &[environment], "AKIAPROFILE");
    let also = [environment, ("AWS_PROFILE", "other")];
    signed(&["up", "--profile", "sandbox", "--yes"], &also, "AKIAPROFILE");
    signed(&["destroy", "--profile", "sandbox", "--yes"], &[environment], "AKIAPROFILE");

    // Without keys in the environment, the profile is what is left.
    let [id, secret] = NO_KEYS;
    signed(&["plan"], &[id, secret, ("AWS_PROFILE", "sandbox")], "AKIAPROFILE");
    signed(&["plan"], &[id, secret, ("AWS_DEFAULT_PROFILE", "sandbox")], "AKIAPROFILE");
    signed(&["plan"], &[id, secret], "AKIADEFAULT");
}

/// A session that `aws login` began is the AWS CLI's, which hands its credentials out.
#[test]
fn who_is_signed_in_by_the_aws_cli_is_known() {
    use std::os::unix::fs::PermissionsExt as _;

    let (_server, proxy, payctl) = behind_a_proxy();
    let login = "login_session = arn:aws:iam::123456789012:user/ada\n";
    let role = "role_arn = arn:aws:iam::123456789012:role/deploy\nsource_profile = ada\n";
    configure(&payctl, &format!("[profile ada]\n{login}[profile deploy]\n{role}"), "");
    let aws = payctl.folder().join("bin/aws");
    fs::create_dir_all(aws.parent().unwrap()).unwrap();
    let write = |then: &str| {
        fs::write(&aws, format!("#!/bin/sh\necho \"$*\" > asked\n{then}\n")).unwrap();
        fs::set_permissions(&aws, fs::Permissions::from_mode(0o755)).unwrap();
    };
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", aws.parent().unwrap().display());
    let run = |args: &[&str]| run_with(&payctl, args, &[("PATH", &path)]);
    write(r#"echo '{"Version": 1, "AccessKeyId": "AKIALOGIN", "SecretAccessKey": "s"}'"#);
    for profile in ["ada", "deploy"] {
        proxy.set(&Rule::Nothing);
        let ended = run(&["plan", "--profile", profile]);
        assert!(signers(&proxy).contains("AKIALOGIN"), "{ended}");
        let asked = fs::read_to_string(payctl.folder().join("asked")).unwrap();
        assert_eq!(asked, "configure export-credentials --profile ada --format process\n");
    }
    write("echo 'Your session has expired. Please reauthenticate using aws login.' >&2\nexit 255");
    let ended = run(&["plan", "--profile", "ada"]);
    ended.exits(1);
    ended.says("Please reauthenticate using aws login.");
}

#[test]
fn a_profile_that_does_not_exist_is_refused_before_any_call() {
    let (_server, proxy, payctl) = behind_a_proxy();
    configure(&payctl, CONFIG, KEYS);
    let refused = |args: &[&str], variables: &[(&str, &str)], told: &str| {
        let ended = run_with(&payctl, args, variables);
        ended.exits(1);
        ended.says(told);
        ended.says("hint: did you mean sandbox?");
        ended.says("hint: available: default, other, sandbox");
        assert_eq!(proxy.calls().len(), 0, "{ended}");
    };
    let told = "error: there is no profile \"sandbx\", which --profile names";
    refused(&["destroy", "--yes", "--profile", "sandbx"], &[], told);
    let told = "error: there is no profile \"sandbx\", which AWS_PROFILE names";
    refused(&["plan"], &[("AWS_PROFILE", "sandbx")], told);
    fs::remove_dir_all(payctl.folder().join(".aws")).unwrap();
    let none = payctl.run(&["plan", "--profile", "sandbx"]);
    none.exits(1);
    none.says("hint: there are no profiles in");
    none.says("/.aws/config,");
}

#[test]
fn the_files_of_profiles_are_where_the_environment_says() {
    let (_server, proxy, payctl) = behind_a_proxy();
    let file = |name: &str, text: &str| {
        let path = payctl.folder().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let config = file("my-config", "[profile mine]\nregion = eu-west-3\n");
    let keys = file("my-keys", "[mine]\naws_access_key_id = AKIAMINE\naws_secret_access_key = s\n");
    let files = [("AWS_CONFIG_FILE", config.as_str()), ("AWS_SHARED_CREDENTIALS_FILE", &keys)];
    let args = ["plan", "--profile", "mine"];
    let ended = run_with(&payctl, &args, &[files[0], files[1], ("AWS_REGION", "")]);
    ended.exits(0);
    ended.shows("eu-west-3");
    assert_eq!(signers(&proxy), BTreeSet::from(["AKIAMINE".to_owned()]), "{ended}");

    // One that cannot be read as such is told with its line.
    file("my-config", "[profile mine\nregion = eu-west-3\n");
    let ended = run_with(&payctl, &args, &files);
    ended.exits(1);
    ended.says("the AWS configuration cannot be used");
    ended.says("my-config");
}
