//! Secrets stay out of everything that is written, files are for their owner, and an operator
//! needs no more than `payctl policy` says.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use payctl_tests::account;
use payctl_tests::binary::{Ended, Payctl, Run, calls, changing_calls};
use payctl_tests::cloud::clients;
use payctl_tests::conformance::access::actions;
use payctl_tests::emulator::{Emulator, Server};
use payctl_tests::proxy::{Fate, Proxy, Refusal, Rule};
use payctl_tests::torture::tell;

/// Each further system is one more name here.
const SYSTEMS: [&str; 4] = ["pci-core", "secure-api", "cost-optimized", "migration"];

/// Values that must appear nowhere. The last is a card number.
const CANARIES: [&str; 4] = [
    "Canary/Secret+Key=0123456789abcdefgh",
    "Canary\"Session\\Token/abc==",
    "canary-password-in-an-endpoint",
    "4000056655665556",
];

/// A canary as it may be written.
fn forms(canary: &str) -> Vec<String> {
    let hex: String = canary.bytes().map(|byte| format!("{byte:02x}")).collect();
    let url: String = canary
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect();
    let json = serde_json::to_string(canary).unwrap();
    let debug = format!("{canary:?}");
    let mut all = vec![canary.to_owned(), hex.to_uppercase(), hex, url];
    all.push(json.trim_matches('"').to_owned());
    all.push(debug.trim_matches('"').to_owned());
    // In base64 three positions look different; the inner part of each is the same wherever.
    for skip in 0..3 {
        let padded = [vec![b'x'; skip], canary.as_bytes().to_vec()].concat();
        let text = base64(&padded);
        all.push(text[4..text.len() - 4].to_owned());
    }
    all
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let three = chunk.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte))
            << (8 * (3 - chunk.len()));
        for nth in 0..4 {
            let fits = nth <= chunk.len();
            let letter = LETTERS[three >> (18 - 6 * nth) & 63];
            text.push(if fits { char::from(letter) } else { '=' });
        }
    }
    text
}

/// Every file below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all
}

/// What is looked through, by what it is.
struct Haystack(Vec<(String, Vec<u8>)>);

impl Haystack {
    fn take(&mut self, ended: &Ended) {
        self.0.push((format!("stdout of {}", ended.words), ended.stdout.clone().into_bytes()));
        self.0.push((format!("stderr of {}", ended.words), ended.stderr.clone().into_bytes()));
        assert!(!ended.stderr.contains("panicked"), "{ended}");
    }

    fn take_files(&mut self, folder: &Path) {
        for path in files(folder) {
            self.0.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }

    /// How many texts were looked through, without a hit.
    fn has_none(&self) -> usize {
        let needles: BTreeSet<String> = CANARIES.iter().flat_map(|c| forms(c)).collect();
        for (name, bytes) in &self.0 {
            let text = String::from_utf8_lossy(bytes);
            let hit = needles.iter().find(|needle| text.contains(needle.as_str()));
            assert!(hit.is_none(), "{name} holds {hit:?}");
        }
        self.0.len()
    }
}

#[test]
fn a_canary_is_seen_in_every_form() {
    assert_eq!(base64(b"light work."), "bGlnaHQgd29yay4=");
    for canary in CANARIES {
        let written = format!("x{}", base64(format!("ab{canary}yz!").as_bytes()));
        assert!(forms(canary).iter().any(|form| written.contains(form)), "{canary}");
    }
    let mut haystack = Haystack(vec![("it".to_owned(), base64(CANARIES[0].as_bytes()).into())]);
    assert!(std::panic::catch_unwind(move || haystack.has_none()).is_err());
    haystack = Haystack(vec![("it".to_owned(), b"nothing".to_vec())]);
    assert_eq!(haystack.has_none(), 1);
}

/// S1 and S2.
#[test]
fn no_secret_is_written_anywhere() {
    let server = Server::start(Emulator::Sandbox);
    let proxy = Proxy::start(&server.endpoint);
    for system in SYSTEMS {
        let payctl = Payctl::at(&proxy.endpoint, "dev").of(system);
        let mut haystack = Haystack(Vec::new());
        let command = |args: &[&str]| -> Command {
            let mut command = payctl.command(args);
            command.env("AWS_SECRET_ACCESS_KEY", CANARIES[0]);
            command.env("AWS_SESSION_TOKEN", CANARIES[1]);
            command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
            command
        };
        let mut run = |args: &[&str]| -> Option<i32> {
            let ended = Run::start(command(args)).end();
            haystack.take(&ended);
            ended.code
        };
        let card = format!(r#"{{"payment_data": {{"transactionId": "{}"}}}}"#, CANARIES[3]);
        let url = format!("http://user:{}@127.0.0.1:1", CANARIES[2]);
        assert_eq!(run(&["plan", "-vv", "--out", "p.json"]), Some(0));
        assert_eq!(run(&["plan", "--json", "-v"]), Some(0));
        assert_eq!(run(&["up", "-vv", "p.json"]), Some(0));
        for args in [&["output", "--json"][..], &["state", "list"], &["policy"]] {
            assert_eq!(run(args), Some(0), "{args:?}");
        }
        run(&["invoke", "payment-processor", "-vv", "--payload", &card]);
        assert_eq!(run(&["plan", "--endpoint-url", &url]), Some(1));
        run(&["plan", "-vv", "--profile", "none"]);
        for refusal in [Refusal::Expired, Refusal::Broken] {
            proxy.set(&Rule::From { nth: 3, fate: Fate::Refuse(refusal) });
            if refusal == Refusal::Expired {
                assert_eq!(run(&["up", "-vv", "--yes"]), Some(1));
            } else {
                assert_eq!(run(&["plan", "-vv"]), Some(1));
            }
        }
        // A journal is left.
        // Later than the plan's calls, of which the larger systems have more.
        let nth = match system {
            "migration" => 200,
            "cost-optimized" => 150,
            _ => 100,
        };
        proxy.set(&Rule::At { nth, fate: Fate::Kill { applied: true } });
        let dying = Run::start(command(&["destroy", "-vv", "--yes"]));
        proxy.victim(dying.pid());
        let dead = dying.end();
        assert_eq!(dead.code, None, "{dead}");
        assert!(payctl.state().join("journal.jsonl").exists());
        haystack.take(&dead);
        haystack.take_files(payctl.folder());
        proxy.set(&Rule::Nothing);
        let ended = Run::start(command(&["destroy", "-vv", "--yes"])).end();
        haystack.take(&ended);
        haystack.take_files(payctl.folder());
        let texts = haystack.has_none();
        tell(&format!(
            "S1, S2 {system}: {} canaries in {} forms looked for in {texts} outputs and files: 0 hits",
            CANARIES.len(),
            forms("x y z long enough").len(),
        ));
    }
}

/// S4: whatever the umask.
#[test]
fn files_are_for_their_owner_only() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let mut shell = Command::new("sh");
    let inner = payctl.command::<&str>(&[]);
    shell.args(["-c", "umask 000; exec \"$0\" up --yes"]).arg(inner.get_program());
    shell.current_dir(payctl.folder()).env_clear();
    shell.envs(inner.get_envs().filter_map(|(key, value)| Some((key, value?))));
    Run::start(shell).end().exits(0);
    payctl.up();
    payctl.configure("[pci-core]\nmemory_mb = 1024\n");
    payctl.up();
    let mut checked = 0;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let top = payctl.folder().join(".payctl");
    for path in files(&top) {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        let mut folder = path.parent().unwrap();
        loop {
            assert_eq!(mode(folder), 0o700, "{}", folder.display());
            if folder == top {
                break;
            }
            folder = folder.parent().unwrap();
        }
        checked += 1;
    }
    assert!(checked >= 3, "{checked} files");

    // Whatever stands in the state's place and is no file is refused before any change.
    for name in ["state.json", "journal.jsonl", "lock"] {
        let path = payctl.state().join(name);
        let kept = fs::read(&path).ok();
        let others: [(&str, &dyn Fn()); 3] = [
            ("a link", &|| std::os::unix::fs::symlink("/dev/null", &path).unwrap()),
            ("a pipe", &|| assert!(Command::new("mkfifo").arg(&path).status().unwrap().success())),
            ("a folder", &|| fs::create_dir(&path).unwrap()),
        ];
        for (what, make) in others {
            let _ = fs::remove_file(&path);
            make();
            changing_calls(&server);
            let ended = payctl.run(&["destroy", "--yes"]);
            ended.exits(4);
            assert_eq!(changing_calls(&server), [].into(), "{name} is {what}");
            let _ = fs::remove_file(&path);
            let _ = fs::remove_dir(&path);
            checked += 1;
        }
        if let Some(bytes) = kept {
            fs::write(&path, bytes).unwrap();
        }
    }
    tell(&format!("S4: {checked} files and what may stand in their place: 0600, 0700, refused"));
    payctl.destroy();
}

/// What `payctl policy` allows for these commands.
fn allowed(payctl: &Payctl, tasks: &[&str]) -> BTreeSet<String> {
    let mut args = vec!["policy"];
    tasks.iter().for_each(|task| args.extend(["--for", task]));
    let ended = payctl.run(&args);
    ended.exits(0);
    let policy: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    assert!(statements.iter().all(|s| s["Effect"] == "Allow" && s["Resource"].is_array()));
    let actions = statements.iter().flat_map(|s| s["Action"].as_array().unwrap());
    let all: BTreeSet<String> = actions.map(|a| a.as_str().unwrap().to_owned()).collect();
    assert!(all.iter().all(|action| !action.contains('*')), "{all:?}");
    all
}

/// What the sandbox was asked for since it was last looked at.
fn asked(server: &Server) -> BTreeSet<String> {
    calls(server).keys().flat_map(|call| actions(call)).collect()
}

/// S9: a plan changes nothing, and each command calls only what the policy for it allows.
#[tokio::test]
async fn nothing_is_called_that_the_policy_does_not_allow() {
    let server = Server::start(Emulator::Sandbox);
    // What the account has once is looked at where it is there.
    let aws = clients(&server).await;
    account::records(&aws).await;
    aws.guardduty.create_detector().enable(true).send().await.unwrap();
    // A plan asks for it, and does without where it is refused: see `organisation.rs`.
    let secret = "secretsmanager:GetSecretValue".to_owned();
    for system in SYSTEMS {
        let payctl = Payctl::new(&server).of(system);
        let (plan, up, destroy) = (
            allowed(&payctl, &["plan"]),
            allowed(&payctl, &["up"]),
            allowed(&payctl, &["destroy"]),
        );
        asked(&server);
        let within = |what: &str, allowed: &BTreeSet<String>| -> BTreeSet<String> {
            let mut asked = asked(&server);
            if what == "plan" {
                asked.remove(&secret);
            }
            // Asked once, of whoever may: see `policy.rs`.
            asked.remove("iam:SimulatePrincipalPolicy");
            let beyond: Vec<_> = asked.difference(allowed).collect();
            assert!(beyond.is_empty(), "{system} {what} calls {beyond:?}");
            asked
        };
        payctl.run(&["plan"]).exits(0);
        let mut looked = within("plan", &plan);
        payctl.up();
        within("up", &up);
        payctl.run(&["plan"]).exits(0);
        payctl.run(&["status"]).exits(0);
        looked.extend(within("plan", &plan));
        if system == "migration" {
            let shift = allowed(&payctl, &["shift"]);
            asked(&server);
            payctl.run(&["shift"]).exits(0);
            let refused = payctl.run(&["shift", "--green", "50"]);
            refused.exits(1);
            refused.says("nothing was moved: green has no healthy target");
            payctl.run(&["shift", "--green", "50", "--force"]).exits(0);
            payctl.run(&["shift", "--gradual", "60"]).says("green has no healthy target");
            let used = within("shift", &shift);
            // What is asked for before a plan, and after a destroy.
            let others = [
                "ec2:DescribeAvailabilityZones",
                "rds:DescribeDBEngineVersions",
                "tag:GetResources",
            ];
            let idle: Vec<_> = shift.difference(&used).collect();
            assert_eq!(idle, others, "allowed for shift and never called");
        }
        payctl.lose_state();
        payctl.run(&["plan"]).exits(0);
        looked.extend(within("plan", &plan));
        payctl.up();
        payctl.configure(
            "[tags]\nteam = \"red\"\n[pci-core]\nmemory_mb = 1024\nnat = \"none\"\n\
             log_retention_days = 90\n[secure-api]\nmemory_mb = 512\naddress_limit = 500\n\
             authorization = \"iam\"\nlog_retention_days = 30\n",
        );
        payctl.up();
        within("up", &up);
        let changing: Vec<_> = looked
            .iter()
            .filter(|action| {
                let (_, name) = action.split_once(':').unwrap();
                !["Get", "List", "Describe", "GET"].iter().any(|verb| name.starts_with(verb))
            })
            .collect();
        assert!(changing.is_empty(), "a plan calls {changing:?}");
        // What expires is asked of tables only where it is declared, a trail's insights where it has
        // some.
        let unseen = ["dynamodb:DescribeTimeToLive", "cloudtrail:GetInsightSelectors"];
        let idle = plan.difference(&looked).filter(|action| !unseen.contains(&action.as_str()));
        let idle: Vec<_> = idle.collect();
        // Which tags things have is asked after a destroy only.
        assert_eq!(idle, Vec::<&String>::new(), "{system}: allowed for plan and never called");
        payctl.destroy();
        let gone = within("destroy", &destroy);
        tell(&format!(
            "S9 {system}: plan calls {} actions, all that its policy has and 0 changing ones; \
             up and destroy call nothing beyond theirs ({} and {} actions, destroy used {})",
            looked.len(),
            up.len(),
            destroy.len(),
            gone.len()
        ));
    }
}
