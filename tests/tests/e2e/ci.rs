//! The examples for CI: what the workflows say is sound, and their steps do what they are for, each job
//! in a fresh folder, as an operator that may do no more than the role of the jobs.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use aws_sdk_ec2::types::Filter;
use payctl_aws::Aws;
use payctl_tests::binary::{Ended, Payctl, Run};
use payctl_tests::cloud::{clients, difference, everything};
use payctl_tests::emulator::{Emulator, Server, python, root};
use serde_json::{Value, json};

/// The programs that the steps call besides payctl, none of which does anything here.
const OTHERS: [&str; 3] = ["cargo", "gh", "curl"];
/// What the services fill in.
const FILLED_IN: [(&str, &str); 6] = [
    ("${{ github.event.number }}", "142"),
    ("${{ github.token }}", "token"),
    ("$CI_MERGE_REQUEST_IID", "142"),
    ("$CI_PROJECT_DIR", "/nowhere/project"),
    ("$CI_API_V4_URL", "https://gitlab.example/api/v4"),
    ("$CI_PROJECT_ID", "1"),
];

/// A file of YAML as JSON.
fn yaml(name: &str) -> Value {
    let read = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    let path = root().join("examples/ci").join(name);
    let output = Command::new(python()).args(["-c", read]).arg(path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A text with what the services fill in.
fn filled_in(text: &str) -> String {
    let filled = FILLED_IN.iter().fold(text.to_owned(), |text, (name, is)| text.replace(name, is));
    assert!(!filled.contains("${{"), "{filled}");
    filled
}

/// Variables of a workflow, a job or a step.
fn variables(of: &Value) -> BTreeMap<String, String> {
    let all = of.as_object().into_iter().flatten();
    all.map(|(name, value)| (name.clone(), filled_in(value.as_str().unwrap()))).collect()
}

/// What a job runs, each in a shell of its own, with its variables.
type Steps = Vec<(String, BTreeMap<String, String>)>;

fn of_github(file: &str, job: &str) -> Steps {
    let workflow = yaml(&format!("github/{file}"));
    let steps = workflow["jobs"][job]["steps"].as_array().unwrap();
    let of = |step: &Value| {
        let run = filled_in(step["run"].as_str()?);
        let mut with = variables(&workflow["env"]);
        with.extend(variables(&step["env"]));
        Some((run, with))
    };
    steps.iter().filter_map(of).collect()
}

fn of_gitlab(job: &str) -> Steps {
    let all = yaml("gitlab/.gitlab-ci.yml");
    let (base, own) = (&all[".payctl"], &all[job]);
    assert_eq!(own["extends"], ".payctl", "{job}");
    let mut with = variables(&base["variables"]);
    with.extend(variables(&own["variables"]));
    // The token is put beside the folder that the job runs in.
    with.insert("AWS_WEB_IDENTITY_TOKEN_FILE".to_owned(), "../token".to_owned());
    with.insert("AWS_TOKEN".to_owned(), "token".to_owned());
    let lines = [&base["before_script"], &own["script"]].map(|lines| lines.as_array().unwrap());
    // GitLab runs all lines of a job in one shell.
    let script: Vec<String> =
        lines.into_iter().flatten().map(|line| filled_in(line.as_str().unwrap())).collect();
    vec![(script.join("\n"), with)]
}

/// Runs a job in a folder of its own, as a runner does that has nothing of the job before. Answers
/// what the other programs were called with.
fn run(payctl: &Payctl, steps: &Steps) -> (Vec<Ended>, String) {
    let folder = tempfile::tempdir().unwrap();
    let (work, bin) = (folder.path().join("work"), folder.path().join("bin"));
    let given = payctl.command(&[] as &[&str]);
    fs::create_dir_all(work.join("lambda-src")).unwrap();
    fs::create_dir_all(&bin).unwrap();
    symlink(given.get_program(), bin.join("payctl")).unwrap();
    let calls = folder.path().join("calls");
    for other in OTHERS {
        let text = format!("#!/bin/sh\necho {other} \"$*\" >> '{}'\n", calls.display());
        put_program(&bin.join(other), &text);
    }
    put_program(&work.join("lambda-src/build.sh"), "#!/bin/sh\n");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let ended = steps.iter().map(|(script, variables)| {
        let mut command = Command::new("bash");
        command.args(["-e", "-o", "pipefail", "-c", script]).current_dir(&work).env_clear();
        command.envs(given.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env_remove("PAYCTL_SUFFIX").env("PATH", &path).envs(variables);
        let ended = Run::start(command).end();
        ended.exits(0);
        ended
    });
    let ended = ended.collect();
    (ended, fs::read_to_string(calls).unwrap_or_default())
}

fn put_program(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The policies of the jobs' role, as one.
fn policy(payctl: &Payctl) -> String {
    let folder = payctl.folder().join("policies");
    let given = payctl.command(&[] as &[&str]);
    let path = Path::new(given.get_program()).parent().unwrap().display().to_string();
    let mut command = Command::new(root().join("examples/ci/policies.sh"));
    command.arg(&folder).args(["--account", "123456789012", "--region", "us-east-1"]);
    command.current_dir(payctl.folder());
    command.envs(given.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("PATH", format!("{path}:{}", std::env::var("PATH").unwrap()));
    Run::start(command).end().exits(0);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut statements: Vec<Value> = Vec::new();
    for file in files {
        assert_eq!(file.extension().unwrap(), "json");
        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains("pr-0000") && text.contains("pr-*"), "{}", file.display());
        let document: Value = serde_json::from_str(&text).unwrap();
        statements.extend(document["Statement"].as_array().unwrap().clone());
    }
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

/// The network of the pull request, and until when it is to be there.
async fn network(aws: &Aws) -> Option<(String, String)> {
    let ours = Filter::builder().name("tag:payctl:suffix").values("pr-142").build();
    let seen = aws.ec2.describe_vpcs().filters(ours).send().await.unwrap();
    let vpc = seen.vpcs().first()?;
    let end = vpc.tags().iter().find(|tag| tag.key() == Some("payctl:expires"));
    Some((vpc.vpc_id()?.to_owned(), end.and_then(|tag| tag.value()).unwrap().to_owned()))
}

/// The life of a pull request: opened, pushed to, closed; opened again, forgotten and swept.
async fn lives(up: Steps, down: Steps, sweep: Steps, commenter: &str) {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let policy = policy(&payctl);
    let payctl = payctl.under_policy(&server, &policy);
    let aws = clients(&server).await;
    let nothing = everything(&aws).await;
    let (_, called) = run(&payctl, &up);
    assert!(called.lines().any(|line| line.starts_with(commenter)), "{called}");
    let (first, _) = network(&aws).await.unwrap();
    run(&payctl, &up);
    assert_eq!(network(&aws).await.unwrap().0, first, "the same, though the state is lost");
    run(&payctl, &sweep);
    assert_eq!(network(&aws).await.unwrap().0, first, "its life is not over");
    run(&payctl, &down);
    assert_eq!(difference(&nothing, &everything(&aws).await), [""; 0]);

    run(&payctl, &up);
    let (id, _) = network(&aws).await.unwrap();
    let over = aws_sdk_ec2::types::Tag::builder().key("payctl:expires");
    let over = over.value("2020-01-02T03:04:05Z").build();
    aws.ec2.create_tags().resources(id).tags(over).send().await.unwrap();
    run(&payctl, &sweep);
    assert_eq!(difference(&nothing, &everything(&aws).await), [""; 0]);
}

#[tokio::test]
async fn the_jobs_of_github_make_and_delete_an_environment() {
    let up = of_github("environment.yml", "up");
    assert!(up.len() >= 5, "{up:?}");
    let (down, sweep) = (of_github("environment.yml", "down"), of_github("sweep.yml", "sweep"));
    lives(up, down, sweep, "gh pr comment 142 --body-file plan.md").await;
}

#[tokio::test]
async fn the_jobs_of_gitlab_make_and_delete_an_environment() {
    let jobs = ["up", "down", "sweep"].map(of_gitlab);
    let [up, down, sweep] = jobs;
    lives(up, down, sweep, "curl --fail --silent").await;
}

#[test]
fn actionlint_finds_nothing_in_the_workflows() {
    let actionlint = python().parent().unwrap().join("actionlint");
    let folder = root().join("examples/ci/github");
    let workflows = ["environment.yml", "sweep.yml"].map(|name| folder.join(name));
    let lint = |path: &Path| Command::new(&actionlint).arg(path).output().unwrap();
    for workflow in &workflows {
        let output = lint(workflow);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    // It does find what is wrong.
    let wrong = tempfile::tempdir().unwrap();
    let path = wrong.path().join("wrong.yml");
    let text = fs::read_to_string(&workflows[0]).unwrap();
    fs::write(&path, text.replace("github.event.number", "github.evnt.number")).unwrap();
    let output = lint(&path);
    assert!(String::from_utf8_lossy(&output.stdout).contains("evnt"), "{output:?}");
}
