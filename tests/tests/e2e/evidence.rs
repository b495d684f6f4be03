//! Bundles of evidence: what is in them, that anybody can check them, and what keeps one from being
//! written.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use payctl_aws::Aws;
use payctl_tests::binary::{Payctl, calls};
use payctl_tests::cloud::clients;
use payctl_tests::emulator::{Emulator, Server, python, root};
use payctl_tests::standing::Standing;
use serde_json::{Value, json};

/// Ends where a file is not as Python would write the same value canonically.
const CANONICAL: &str = "
import json, sys
for path in sys.argv[1:]:
    text = open(path, encoding='utf-8').read()
    written = json.dumps(json.loads(text), sort_keys=True, separators=(',', ':'), ensure_ascii=False)
    sys.exit(path) if written != text else None
";

/// Runs a program in a folder; whether it ended well.
fn ends_well(folder: &Path, program: &str, words: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(words).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null());
    command.status().unwrap().success()
}

async fn key(aws: &Aws, usage: KeyUsageType, spec: KeySpec) -> String {
    let made = aws.kms.create_key().key_usage(usage).key_spec(spec).send().await.unwrap();
    made.key_metadata.unwrap().arn.unwrap()
}

fn verdicts<'a>(check: &'a Value, control: &'a str) -> impl Iterator<Item = &'a str> {
    let all = check["verdicts"].as_array().unwrap().iter();
    all.filter(move |one| one["control"] == control).map(|one| one["verdict"].as_str().unwrap())
}

/// As whoever may look and sign, and do nothing else.
#[tokio::test]
async fn a_bundle_has_what_was_read_and_openssl_checks_it() {
    let Standing { server, payctl, aws, .. } = Standing::of("pci-core").await;
    let key = key(&aws, KeyUsageType::SignVerify, KeySpec::Rsa2048).await;
    let policy = payctl.run(&["policy", "--for", "check", "--sign-kms", &key]);
    let payctl = payctl.under_policy(&server, &policy.stdout);
    let words =
        ["check", "--live", "--account", "--json", "--evidence", "bundle", "--sign-kms", &key];
    let ended = payctl.run(&words);
    // The account has no policy for passwords, and more.
    ended.exits(6);
    let folder = payctl.folder().join("bundle");
    let names = fs::read_dir(&folder).unwrap().map(|one| one.unwrap().file_name());
    let names: BTreeSet<String> = names.map(|one| one.into_string().unwrap()).collect();
    let json = ["bundle.json", "check.json", "controls.json"];
    let others = ["SHA256SUMS", "SHA256SUMS.sig", "public-key.pem"];
    assert_eq!(names, json.into_iter().chain(others).map(str::to_owned).collect());

    assert!(ends_well(&folder, "sha256sum", &["--check", "--strict", "SHA256SUMS"]));
    let words = "dgst -sha256 -verify public-key.pem -sigopt rsa_padding_mode:pss \
                 -sigopt rsa_pss_saltlen:auto -signature SHA256SUMS.sig";
    let words: Vec<&str> = words.split_whitespace().collect();
    let checks = |file| ends_well(&folder, "openssl", &[&words[..], &[file]].concat());
    assert!(checks("SHA256SUMS") && !checks("check.json"));
    let script = [&["-c", CANONICAL], &json[..]].concat();
    assert!(ends_well(&folder, python().to_str().unwrap(), &script));

    let read = |name: &str| -> Value {
        serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap()
    };
    let check = read("check.json");
    assert_eq!(check, serde_json::from_str::<Value>(&ended.stdout).unwrap());
    assert_eq!(read("controls.json").as_array().unwrap().len(), 166);
    let bundle = read("bundle.json");
    assert_eq!(super::schemas::misfits("bundle", &bundle), "");
    assert_eq!(super::schemas::misfits("check", &check), "");
    assert_eq!(bundle["account"], "123456789012");
    assert_eq!(bundle["signature"]["algorithm"], "RSASSA_PSS_SHA_256");
    shows_by_whom(&check);

    // What the account has is judged, both ways.
    for control in ["PAY-CMP-08", "PAY-IAM-13", "PAY-LOG-18", "PAY-LOG-19", "PAY-LOG-20"] {
        assert_eq!(verdicts(&check, control).collect::<Vec<_>>(), ["fail"], "{control}");
    }
    for control in ["PAY-IAM-12", "PAY-IAM-14", "PAY-LOG-04", "PAY-SEC-06"] {
        assert_eq!(verdicts(&check, control).collect::<Vec<_>>(), ["pass"], "{control}");
    }
    assert_eq!(verdicts(&check, "PAY-S3-02").collect::<Vec<_>>(), ["unknown"]);
    aws.ec2.enable_ebs_encryption_by_default().send().await.unwrap();
    aws.iam.create_user().user_name("ada").send().await.unwrap();
    aws.iam.create_login_profile().user_name("ada").password("pass").send().await.unwrap();
    let page = payctl.folder().join("check.html");
    let words = ["check", "--live", "--account", "--json", "--html", page.to_str().unwrap()];
    let check: Value = serde_json::from_str(&payctl.run(&words).stdout).unwrap();
    assert_eq!(verdicts(&check, "PAY-CMP-08").collect::<Vec<_>>(), ["pass"]);
    assert_eq!(verdicts(&check, "PAY-IAM-14").collect::<Vec<_>>(), ["fail"]);
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("GetBucketVersioning: 200, request "), "the page has no evidence");
    // Nobody asked for it.
    let ended = payctl.run(&["check", "--live", "--json"]);
    ended.exits(0);
    let check: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(verdicts(&check, "PAY-CMP-08").collect::<Vec<_>>(), ["unknown"]);

    // It is written over nothing.
    let before = fs::read(folder.join("SHA256SUMS.sig")).unwrap();
    let words = ["check", "--live", "--evidence", "bundle", "--sign-kms", &key];
    let ended = payctl.run(&words);
    ended.exits(1);
    ended.says("bundle is there already");
    assert_eq!(fs::read(folder.join("SHA256SUMS.sig")).unwrap(), before);
}

/// Each verdict on a resource has the replies by which that was read, and a bucket's are a bucket's.
fn shows_by_whom(check: &Value) {
    let mut requests = BTreeSet::new();
    for one in check["verdicts"].as_array().unwrap() {
        let replies = one["replies"].as_array().unwrap();
        let Some(address) = one["resource"].as_str() else { continue };
        assert!(!replies.is_empty(), "{one:#}");
        for reply in replies {
            requests.insert(reply["request_id"].as_str().unwrap_or_else(|| panic!("{one:#}")));
        }
        if address.starts_with("s3.bucket:") {
            let of = |operation: &str| replies.iter().any(|one| one["operation"] == operation);
            assert!(of("GetBucketVersioning") && !of("DescribeVpcs"), "{one:#}");
        }
        if address == "ec2.vpc:main" {
            // One call tells of all networks.
            let told = replies.iter().any(|one| one["operation"] == "DescribeVpcs");
            assert!(told && replies.iter().all(|one| one["service"] != "S3"), "{one:#}");
        }
    }
    assert!(requests.len() > 50, "{requests:?}");
}

/// A key that another implementation of minisign made.
fn minisign(folder: &Path) -> String {
    let script = root().join("tests/signatures.py");
    let words = [script.to_str().unwrap(), "-G", "-W", "-p", "audit.pub", "-s", "audit.key"];
    assert!(ends_well(folder, python().to_str().unwrap(), &words));
    fs::read_to_string(folder.join("audit.key")).unwrap()
}

#[tokio::test]
async fn what_keeps_a_bundle_from_being_written_is_told_first() {
    let server = Server::start(Emulator::Sandbox);
    let aws = clients(&server).await;
    let payctl = Payctl::new(&server);
    let refused = |words: &[&str], code: i32, why: &str| {
        let ended = payctl.run(&[&["check"], words].concat());
        ended.exits(code);
        ended.says(why);
        assert!(!payctl.folder().join("bundle").exists(), "{ended}");
    };
    let text = minisign(payctl.folder());
    fs::write(payctl.folder().join("empty"), "").unwrap();
    // The same key, were it encrypted by scrypt.
    let mut bytes = STANDARD.decode(text.lines().nth(1).unwrap()).unwrap();
    bytes[2..4].copy_from_slice(b"Sc");
    let locked = format!("untrusted comment: locked\n{}\n", STANDARD.encode(bytes));
    fs::write(payctl.folder().join("locked.key"), locked).unwrap();

    // Each call is counted until it is told.
    calls(&server);
    let live = |words: &[&str], why: &str| refused(&[&["--live"], words].concat(), 1, why);
    live(&["--evidence", "empty", "--sign-key", "audit.key"], "empty is there already");
    live(&["--evidence", "no/bundle", "--sign-key", "audit.key"], "there is no folder no");
    live(&["--evidence", "bundle", "--sign-key", "none.key"], "failed to read the key none.key");
    live(&["--evidence", "bundle", "--sign-key", "audit.pub"], "`minisign -G` makes one");
    live(&["--evidence", "bundle", "--sign-key", "locked.key"], "there is no terminal to ask");
    let key_id = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let usage = |words: &[&str], why: &str| {
        let ended = payctl.run(&[&["check"], words].concat());
        assert_ne!(ended.code, Some(0), "{ended}");
        assert!(ended.stderr.contains(why), "{ended}");
    };
    usage(&["--live", "--evidence", "bundle"], "--sign-key");
    usage(&["--evidence", "bundle", "--sign-kms", key_id], "--live");
    usage(&["--live", "--sign-kms", key_id], "--evidence");
    usage(&["--account"], "--live");
    usage(&["--live", "--evidence", "bundle", "--sign-kms", "arn:aws:s3:::x"], "of no key");
    let asked = calls(&server);
    assert!(asked.is_empty(), "AWS was asked: {asked:?}");

    let encrypts = key(&aws, KeyUsageType::EncryptDecrypt, KeySpec::SymmetricDefault).await;
    live(&["--evidence", "bundle", "--sign-kms", &encrypts], "cannot sign with the key");
    let larger = key(&aws, KeyUsageType::SignVerify, KeySpec::EccNistP384).await;
    live(&["--evidence", "bundle", "--sign-kms", &larger], "neither with RSASSA_PSS_SHA_256");
    let elsewhere = format!("arn:aws:kms:eu-west-1:123456789012:key/{key_id}");
    live(&["--evidence", "bundle", "--sign-kms", &elsewhere], "is not of us-east-1");
    live(&["--evidence", "bundle", "--sign-key", "audit.key"], "does not exist");
}

/// The policy names the key that is named, and else signs nothing.
#[test]
fn who_signs_is_allowed_to_only_where_that_is_asked_for() {
    let payctl = Payctl::at("http://127.0.0.1:1", "dev");
    let arn = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let policy = |more: &[&str]| -> Value {
        let ended = payctl.run(&[&["policy", "--account", "123456789012"], more].concat());
        ended.exits(0);
        serde_json::from_str(&ended.stdout).unwrap()
    };
    let signing = |policy: &Value| {
        let all = policy["Statement"].as_array().unwrap().clone();
        let signs = |one: &Value| one["Action"].to_string().contains("kms:Sign\"");
        all.into_iter().filter(signs).map(|one| one["Resource"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(signing(&policy(&["--for", "check", "--sign-kms", arn])), [json!([arn])]);
    for unsigned in [policy(&[]), policy(&["--for", "check"])] {
        assert!(signing(&unsigned).is_empty());
    }
    let users = |policy: &Value| policy.to_string().contains("iam:GetLoginProfile");
    assert!(users(&policy(&["--for", "check"])) && !users(&policy(&[])));
    let ended = payctl.run(&["policy", "--sign-kms", "alias/audit"]);
    assert!(ended.code != Some(0) && ended.stderr.contains("key/ID"), "{ended}");
}
