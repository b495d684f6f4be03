//! What is said when AWS cannot be reached, or does not answer as it should.

use std::fs;

use payctl_tests::binary::{Payctl, Run};
use payctl_tests::emulator::{Emulator, Server, free_port, python};
use payctl_tests::proxy::{Fate, Proxy, Refusal, Rule};
use payctl_tests::standin::StandIn;

use super::{NO_KEYS, command_with, configure, run_with};

#[test]
fn nobody_at_a_loopback_endpoint_is_told_at_once() {
    let endpoint = format!("http://127.0.0.1:{}", free_port());
    let payctl = Payctl::at(&endpoint, "dev");
    let ended = payctl.run(&["plan"]);
    ended.exits(1);
    ended.says(&format!("GetCallerIdentity: cannot connect to {endpoint} (connection refused)"));
    for library in ["io error", "client error", "dispatch", "tcp connect", "os error"] {
        assert!(!ended.stderr.contains(library), "{library}\n{ended}");
    }
    assert!(ended.took.as_secs_f64() < 2.0, "two tries, not five\n{ended}");
}

#[test]
fn an_answer_that_is_none_says_what_it_is() {
    let page = "<!DOCTYPE html><html><body>Welcome to the hotel</body></html>";
    let cut = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws";
    for (status, content, body, told) in [
        ("200 OK", "text/html", page, "the answer is a web page (HTTP status 200, content type"),
        ("200 OK", "text/xml", cut, "breaks off after 64 bytes"),
        ("200 OK", "text/xml", "", "the answer is empty (HTTP status 200"),
        ("502 Bad Gateway", "text/html", page, "HTTP status 502 with a web page"),
        ("404 Not Found", "text/plain", "", "HTTP status 404"),
    ] {
        let server = StandIn::saying(status, content, body);
        let ended = Payctl::at(&server.endpoint(), "dev").run(&["plan"]);
        ended.exits(1);
        ended.says(told);
        assert!(!ended.stderr.contains("because: GetCallerIdentity: HTTP status 200\n"), "{ended}");
    }
    let short = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n<GetCallerIdentityResponse>";
    let server = StandIn::answering(short);
    let ended = Payctl::at(&server.endpoint(), "dev").run(&["policy"]);
    ended.exits(1);
    let told = format!("the connection to {} ended before the answer did", server.endpoint());
    ended.says(&told);
}

#[test]
fn where_credentials_were_looked_for_is_told() {
    let payctl = Payctl::at("http://127.0.0.1:1", "dev");
    let none = run_with(&payctl, &["plan"], &NO_KEYS);
    none.exits(1);
    none.says("error: could not verify the AWS credentials");
    let files = format!("{}/.aws/config", payctl.folder().display());
    for told in [
        "no credentials were found; looked for, in this order:",
        "environment: AWS_ACCESS_KEY_ID is not set",
        &format!(
            "profile default in {files}, {}: there is no such profile",
            files.replace("config", "credentials")
        ),
        "web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set",
        "container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not set",
        "EC2 instance: not asked, as AWS_EC2_METADATA_DISABLED is true",
        "hint: name a profile with --profile or AWS_PROFILE",
    ] {
        none.says(told);
    }
    configure(&payctl, "[profile bare]\nregion = eu-west-1\n", "");
    let named = payctl.run(&["plan", "--profile", "bare"]);
    named.exits(1);
    named.says("environment: passed over, as --profile is given");
    named.says("credentials: it holds no credentials");

    // Half a pair of keys is a mistake: whose credentials come next are not taken instead.
    for (name, other) in [NO_KEYS, [NO_KEYS[1], NO_KEYS[0]]].map(|[a, b]| (a.0, b.0)) {
        let half = run_with(&payctl, &["plan"], &[(name, "")]);
        half.exits(1);
        half.says(&format!("{other} is set, and {name} is not"));
    }
}

/// What cannot be read is no profile, and is told as soon as one is missed.
#[test]
fn a_file_that_cannot_be_read_is_told() {
    let payctl = Payctl::at("http://127.0.0.1:1", "dev");
    let folder = payctl.folder().join(".aws");
    let file = folder.join("credentials");
    fs::create_dir_all(&file).unwrap();
    let told = format!("{} cannot be read: Is a directory", file.display());
    run_with(&payctl, &["plan"], &NO_KEYS).says(&told);
    payctl.run(&["plan", "--profile", "work"]).says(&told);
    // Who needs none of it does without.
    payctl.run(&["plan"]).says("cannot connect to http://127.0.0.1:1");

    fs::remove_dir(&file).unwrap();
    fs::write(&file, b"[default]\naws_access_key_id = a\n# gr\xfc\xdfe\n").unwrap();
    let told = format!("{} cannot be read: stream did not contain valid UTF-8", file.display());
    run_with(&payctl, &["plan"], &NO_KEYS).says(&told);

    fs::write(&file, "\u{feff}[default]\naws_access_key_id = a\n").unwrap();
    let ended = run_with(&payctl, &["plan"], &NO_KEYS);
    ended.exits(1);
    ended.says("begins with a byte order mark: save it as UTF-8 without one");
}

/// One that was passed on without being set.
#[test]
fn a_region_that_is_empty_is_none() {
    let payctl = Payctl::at("http://127.0.0.1:1", "dev");
    let plan = || {
        let mut command = payctl.command(&["plan"]);
        command.env("AWS_REGION", "").env("AWS_DEFAULT_REGION", "");
        Run::start(command).end()
    };
    plan().says("error: no region is configured");
    configure(&payctl, "[default]\nregion = eu-west-1\n", "");
    plan().says("cannot connect to http://127.0.0.1:1");
}

/// The file in which the AWS CLI keeps the session of `name`: SHA-1 names it.
fn session(payctl: &Payctl, name: &str, ends: &str) {
    let script =
        "import hashlib, sys; print(hashlib.sha1(sys.argv[1].encode()).hexdigest(), end='')";
    let digest = std::process::Command::new(python()).args(["-c", script, name]).output().unwrap();
    let folder = payctl.folder().join(".aws/sso/cache");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{}.json", String::from_utf8_lossy(&digest.stdout)));
    let text = format!(
        r#"{{"accessToken": "t", "expiresAt": "{ends}", "startUrl": "https://x", "region": "x-1"}}"#
    );
    fs::write(file, text).unwrap();
}

#[test]
fn who_has_to_sign_in_is_told_how() {
    let payctl = Payctl::at("http://127.0.0.1:1", "dev");
    let account = "sso_account_id = 123456789012\nsso_role_name = Admin\n";
    let config = format!(
        "[profile new]\nsso_session = work\n{account}\
         [sso-session work]\nsso_region = us-east-1\nsso_start_url = https://x\n\
         [profile old]\nsso_start_url = https://x\nsso_region = us-east-1\n{account}\
         [profile over]\nrole_arn = arn:aws:iam::123456789012:role/deploy\nsource_profile = new\n"
    );
    configure(&payctl, &config, "");
    for (profile, base) in [("new", "new"), ("old", "old"), ("over", "new")] {
        let ended = payctl.run(&["plan", "--profile", profile]);
        ended.exits(1);
        ended.says(&format!("the profile {base} has to sign in to IAM Identity Center"));
        ended.says("there is no session");
        ended.says(&format!("hint: `aws sso login --profile {base}`, then run it again"));
    }
    // A session that has a name tells its end; of one without, Identity Center says it.
    session(&payctl, "work", "2020-01-01T00:00:00Z");
    session(&payctl, "https://x", "2099-01-01T00:00:00Z");
    let refusal = r#"{"__type": "UnauthorizedException", "message": "Session token not found"}"#;
    let center = StandIn::saying("401 Unauthorized", "application/json", refusal);
    let endpoint = center.endpoint();
    let variables = [("AWS_ENDPOINT_URL", ""), ("AWS_ENDPOINT_URL_SSO", endpoint.as_str())];
    for profile in ["new", "old"] {
        let ended = run_with(&payctl, &["plan", "--profile", profile], &variables);
        ended.exits(1);
        ended.says("its session has expired");
        ended.says(&format!("hint: `aws sso login --profile {profile}`, then run it again"));
    }
}

#[test]
fn a_region_that_is_not_enabled_is_spoken_of() {
    let server = Server::start(Emulator::Sandbox);
    let proxy = Proxy::start(&server.endpoint);
    let payctl = Payctl::at(&proxy.endpoint, "dev");
    let code = |code| Rule::From { nth: 1, fate: Fate::Refuse(Refusal::Code(code)) };
    for refusal in ["InvalidClientTokenId", "UnrecognizedClientException", "OptInRequired"] {
        proxy.set(&code(refusal));
        let ended = payctl.run(&["plan", "--region", "af-south-1"]);
        ended.exits(1);
        ended.says(&format!("GetCallerIdentity: {refusal}:"));
        ended.says("the region af-south-1 is off in an account until it is enabled");
        ended.says("hint: enable it: `aws account enable-region --region-name af-south-1`");
    }
    proxy.set(&code("InvalidClientTokenId"));
    let ended = payctl.run(&["plan", "--region", "us-east-1"]);
    ended.exits(1);
    assert!(!ended.stderr.contains("enable"), "{ended}");
}

#[test]
fn a_sandbox_that_ends_is_named() {
    let payctl = Payctl::at("http://127.0.0.1:9", "dev");
    let home = tempfile::tempdir().unwrap();
    let (home, venv) = (home.path().display().to_string(), python());
    let venv = venv.parent().unwrap().parent().unwrap().display().to_string();
    let variables = [
        ("AWS_ENDPOINT_URL", ""),
        ("AWS_REGION", ""),
        ("PAYCTL_SANDBOX_VENV", venv.as_str()),
        ("PAYCTL_SANDBOX_HOME", home.as_str()),
    ];
    let slow = ["sandbox", "start", "--time-scale", "20"];
    run_with(&payctl, &slow, &variables).exits(0);
    let mut up = Run::start(command_with(&payctl, &["up", "--sandbox", "--yes"], &variables));
    up.says("created");
    let file = fs::read_to_string(format!("{home}/sandbox.json")).unwrap();
    let file: serde_json::Value = serde_json::from_str(&file).unwrap();
    let pid = file["pid"].as_u64().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    let ended = up.end();
    ended.exits(1);
    ended.says("the sandbox has ended, and nobody answers at http://127.0.0.1:");
    ended.says("`payctl sandbox logs` says why");
    assert!(ended.took.as_secs() < 30, "nobody waits for it\n{ended}");
}
