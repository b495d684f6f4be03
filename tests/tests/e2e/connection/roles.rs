//! Roles that are assumed: by a profile, by an option, with a token, with a code.

use std::fs;

use payctl_tests::binary::Payctl;
use payctl_tests::cloud::clients;
use payctl_tests::emulator::{Emulator, Server};
use payctl_tests::proxy::{Proxy, Rule};
use payctl_tests::standin::StandIn;
use payctl_tests::terminal::Terminal;

use super::{NO_KEYS, behind_a_proxy, configure, run_with, sts};

const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";

/// Whether a form says `name = value`.
#[track_caller]
fn asks(form: Option<&String>, name: &str, value: &str) {
    let value = value.replace(':', "%3A").replace('/', "%2F");
    let form = form.unwrap();
    let said = form.split('&').any(|pair| pair == format!("{name}={value}"));
    assert!(said, "{name}={value} is not in {form}");
}

/// An emulator behind a proxy that has the role.
fn with_the_role() -> (Server, Proxy, Payctl) {
    let (server, proxy, payctl) = behind_a_proxy();
    add_the_role(&server);
    (server, proxy, payctl)
}

/// Makes the role, which may do everything: one without policies may do nothing.
fn add_the_role(server: &Server) {
    let trust = r#"{"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}"#;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let iam = clients(server).await.iam;
        let request = iam.create_role().role_name("deploy").assume_role_policy_document(trust);
        request.send().await.unwrap();
        let all = "arn:aws:iam::aws:policy/AdministratorAccess";
        iam.attach_role_policy().role_name("deploy").policy_arn(all).send().await.unwrap();
    });
}

/// The secret of a database names its readers. Whoever is none of them sees no change, is told why
/// he cannot change what needs the password, gets in by being named, and may destroy.
#[test]
fn whoever_is_no_reader_of_a_secret_is_not_locked_out() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server).of("migration");
    payctl.up();
    add_the_role(&server);
    let by_role = |command: &str| payctl.run(&[command, "--yes", "--role-arn", ROLE]);
    let plan = ["plan", "--detailed-exitcode", "--role-arn", ROLE];
    payctl.run(&plan).exits(0);
    payctl.lose_state();
    let ended = by_role("up");
    ended.exits(1);
    ended.says("explicit deny in a resource-based policy");

    payctl.configure(&format!("[migration]\nsecret_readers = [\"{ROLE}\"]\n"));
    by_role("up").exits(0);
    payctl.run(&plan).exits(0);
    // Who made it is recognised though no state remembers.
    payctl.is_as_declared();

    payctl.configure("");
    payctl.up();
    by_role("destroy").exits(0);
}

#[test]
fn a_profiles_role_is_assumed_where_all_calls_go() {
    let (_server, proxy, payctl) = with_the_role();
    let keys = "[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n";
    let config = format!(
        "[profile deploy]\nrole_arn = {ROLE}\nsource_profile = base\nexternal_id = 1234\n\
         role_session_name = me\nduration_seconds = 1800\n\
         [profile from-environment]\nrole_arn = {ROLE}\ncredential_source = Environment\n"
    );
    configure(&payctl, &config, keys);
    for (profile, key) in [("deploy", "AKIABASE"), ("from-environment", "AKIAENVIRONMENT")] {
        proxy.set(&Rule::Nothing);
        let environment = ("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT");
        let ended = run_with(&payctl, &["plan", "--profile", profile], &[environment]);
        ended.exits(0);
        let calls = sts(&proxy);
        assert_eq!(calls[0].key.as_deref(), Some(key), "{ended}");
        asks(calls[0].form.as_ref(), "Action", "AssumeRole");
        asks(calls[0].form.as_ref(), "RoleArn", ROLE);
        if profile == "deploy" {
            asks(calls[0].form.as_ref(), "ExternalId", "1234");
            asks(calls[0].form.as_ref(), "RoleSessionName", "me");
            asks(calls[0].form.as_ref(), "DurationSeconds", "1800");
        }
        asks(calls[1].form.as_ref(), "Action", "GetCallerIdentity");
        assert_eq!(calls.len(), 2, "it is assumed once\n{ended}");
        // All else is done by the role.
        let role = calls[1].key.clone().unwrap();
        assert!(role.starts_with("ASIA"), "{role}");
        let others = proxy.calls().into_iter().skip(1);
        assert!(others.filter_map(|call| call.key).all(|key| key == role), "{ended}");
    }
}

#[test]
fn a_web_identity_is_shown_where_all_calls_go() {
    let (_server, proxy, payctl) = with_the_role();
    let token = payctl.folder().join("token");
    fs::write(&token, "a.b.c\n").unwrap();
    let token = token.display().to_string();
    let config = format!("[profile ci]\nrole_arn = {ROLE}\nweb_identity_token_file = {token}\n");
    configure(&payctl, &config, "");
    let [id, secret] = NO_KEYS;
    let environment =
        [id, secret, ("AWS_ROLE_ARN", ROLE), ("AWS_WEB_IDENTITY_TOKEN_FILE", token.as_str())];
    let runs = [(&["plan", "--profile", "ci"][..], &[][..]), (&["plan"], &environment)];
    for (args, variables) in runs {
        proxy.set(&Rule::Nothing);
        let ended = run_with(&payctl, args, variables);
        ended.exits(0);
        let calls = sts(&proxy);
        assert_eq!(calls[0].key, None, "a token needs no signature\n{ended}");
        asks(calls[0].form.as_ref(), "Action", "AssumeRoleWithWebIdentity");
        asks(calls[0].form.as_ref(), "WebIdentityToken", "a.b.c");
    }
    fs::remove_file(&token).unwrap();
    let ended = run_with(&payctl, &["plan"], &environment);
    ended.exits(1);
    ended.says("the web identity token");
    ended.says("cannot be read");
}

#[test]
fn a_role_is_assumed_that_an_option_names() {
    let (_server, proxy, payctl) = with_the_role();
    let variables = [("AWS_ACCESS_KEY_ID", "AKIABASE"), ("USER", "jane")];
    let args = ["plan", "--role-arn", ROLE, "--external-id", "partner-7"];
    let ended = run_with(&payctl, &args, &variables);
    ended.exits(0);
    let calls = sts(&proxy);
    assert_eq!(calls[0].key.as_deref(), Some("AKIABASE"));
    asks(calls[0].form.as_ref(), "RoleArn", ROLE);
    asks(calls[0].form.as_ref(), "ExternalId", "partner-7");
    asks(calls[0].form.as_ref(), "RoleSessionName", "payctl-jane");
    assert!(calls[1].key.as_deref().unwrap().starts_with("ASIA"), "{ended}");

    for wrong in ["deploy", "arn:aws:iam::1234:role/deploy", "arn:aws:iam::123456789012:user/me"] {
        let ended = payctl.run(&["plan", "--role-arn", wrong]);
        ended.exits(1);
        ended.says("a role is written like arn:aws:iam::123456789012:role/deploy");
    }
    // What a hint says is to be run reaches the same account.
    let ended = payctl.run(&["output", "--role-arn", ROLE, "--external-id", "partner-7"]);
    ended.exits(1);
    ended.says(&format!("--role-arn {ROLE} --external-id partner-7` makes them"));
}

#[test]
fn a_role_that_may_not_be_assumed_is_named() {
    let refusal = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no\
                   </Message></Error><RequestId>r-1</RequestId></ErrorResponse>";
    let sts = StandIn::saying("403 Forbidden", "text/xml", refusal);
    let payctl = Payctl::at(&sts.endpoint(), "dev");
    let ended = payctl.run(&["plan", "--role-arn", ROLE]);
    ended.exits(1);
    ended
        .says("because: AssumeRole: AccessDenied: no (role arn:aws:iam::123456789012:role/deploy)");
    assert_eq!(sts.heads().len(), 1, "it is not tried again\n{ended}");
}

const MFA: &str = "arn:aws:iam::123456789012:mfa/jane";

#[test]
fn a_code_is_asked_for_on_a_terminal_and_nowhere_else() {
    let (_server, proxy, payctl) = with_the_role();
    let keys = "[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n";
    let config =
        format!("[profile deploy]\nrole_arn = {ROLE}\nsource_profile = base\nmfa_serial = {MFA}\n");
    configure(&payctl, &config, keys);
    let args = ["plan", "--profile", "deploy"];
    let ended = payctl.run(&args);
    ended.exits(1);
    ended.says(&format!("the role {ROLE} needs a code of the MFA device {MFA}"));
    ended.says("there is no terminal to ask for it");
    assert_eq!(proxy.calls().len(), 0, "{ended}");

    let prompt = format!("MFA code of {MFA}: ");
    let ended = Terminal::of(80).answers(&[(&prompt, "12345\n")]).run(&payctl, &args);
    ended.exits(1);
    ended.shows("what was typed is not one of 6 digits");
    assert_eq!(proxy.calls().len(), 0, "{ended}");

    let ended = Terminal::of(80).answers(&[(&prompt, "123456\n")]).run(&payctl, &args);
    ended.exits(0);
    let calls = sts(&proxy);
    asks(calls[0].form.as_ref(), "SerialNumber", MFA);
    asks(calls[0].form.as_ref(), "TokenCode", "123456");
    assert_eq!(ended.stdout.matches("MFA code of").count(), 1, "it asks once\n{ended}");
}

#[test]
fn a_device_of_the_profile_is_for_the_role_of_the_option() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let keys = "[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n";
    configure(&payctl, &format!("[profile base]\nmfa_serial = {MFA}\n"), keys);
    // Without a role there is nothing to prove.
    payctl.run(&["plan", "--profile", "base"]).exits(0);
    let ended = payctl.run(&["plan", "--profile", "base", "--role-arn", ROLE]);
    ended.exits(1);
    ended.says(&format!("needs a code of the MFA device {MFA}"));
}
