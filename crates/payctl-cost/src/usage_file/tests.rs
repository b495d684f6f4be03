use super::*;

/// The mistakes of `text`, each with the words that it is about.
fn wrong(text: &str) -> Vec<(String, String, String)> {
    let problems = Usage::read(text).unwrap_err();
    let at = |span: Span| text[span.start..span.end].to_owned();
    problems.into_iter().map(|one| (at(one.at), one.message, one.label)).collect()
}

fn one(text: &str) -> (String, String, String) {
    let mut all = wrong(text);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

#[test]
fn a_usage_is_read_however_its_tables_are_written() {
    let quantity = |text: &str| Quantity::parse(text);
    let usage = Usage::read(
        "[usage]\nrequests = 3_000_000\n[usage.dynamodb.table]\ngb = 0.5\n\
         [usage.lambda.function.work]\nrequests = 10\n[usage.\"lambda.function:other\"]\nrequests = 20\n\
         [usage.\"s3.bucket\"]\ngb = 7\n",
    )
    .unwrap();
    assert_eq!(usage.of_environment("requests"), quantity("3000000"));
    assert_eq!(usage.of("dynamodb.table:payments", "gb"), quantity("0.5"));
    assert_eq!(usage.of("lambda.function:work", "requests"), quantity("10"));
    assert_eq!(usage.of("lambda.function:other", "requests"), quantity("20"));
    assert_eq!(usage.of("lambda.function:third", "requests"), None);
    assert_eq!(usage.of("s3.bucket:a", "gb"), quantity("7"));
    assert!(Usage::read("").unwrap().is_empty());
}

#[test]
fn the_usage_of_a_configuration_stands_among_other_tables() {
    let text = "region = \"us-east-1\"\n[usage.s3.bucket]\ngb = 7\n[tags]\na = \"b\"\n";
    let usage = Usage::read_within(text).unwrap();
    assert_eq!(usage.of("s3.bucket:a", "gb"), Quantity::parse("7"));
    assert_eq!(Usage::read(text).unwrap_err().len(), 2);
    assert!(Usage::read_within("[tags]\n").unwrap().is_empty());
    assert!(Usage::read_within("[usage]\nreqests = 3\n").is_err());
}

#[test]
fn a_mistake_has_its_place_and_the_nearest_name() {
    let (at, message, label) = one("[usage]\nreqests = 3\n");
    assert_eq!((at.as_str(), label.as_str()), ("reqests", "did you mean `requests`?"));
    assert_eq!(message, "the usage of environment has no `reqests`");
    let (at, message, label) = one("[usage.lambda.function]\nmemory = 3\n");
    assert_eq!(at, "memory");
    assert_eq!(message, "the usage of lambda.function has no `memory`");
    assert_eq!(label, "known here: requests, duration_ms, metrics, traces");
    let (at, message, label) = one("[usage.lambda.funktion]\nrequests = 3\n");
    assert_eq!((at.as_str(), message.as_str()), ("funktion", "there is no kind lambda.funktion"));
    assert_eq!(label, "did you mean `lambda.function`?");
    let (at, _, label) = one("[usage.lamda]\n");
    assert_eq!((at.as_str(), label.as_str()), ("lamda", "did you mean `lambda`?"));
    assert_eq!(one("[usages]\n").0, "usages");
    assert_eq!(one("usage = 3\n").1, "`usage` is a table: [usage]");
    assert_eq!(one("[usage.lambda]\nrequests = 3\n").0, "requests");
}

#[test]
fn what_costs_nothing_or_always_the_same_has_no_usage() {
    let said = |text: &str| one(text).1;
    assert_eq!(said("[usage.iam.role]\n"), "there is no service `iam` that is paid for by usage");
    assert_eq!(said("[usage.\"iam.role\"]\n"), "iam.role costs nothing, however it is used");
    let same = "cloudwatch.dashboard costs the same however it is used";
    assert_eq!(said("[usage.cloudwatch.dashboard]\n"), same);
}

#[test]
fn only_numbers_that_can_be_are_taken() {
    for number in ["-1", "\"3\"", "true", "0x10", "1e6", "inf", "nan", "0.0000001", "[1]", "+5"] {
        let all = wrong(&format!("[usage]\nrequests = {number}\n"));
        assert_eq!(all[0].1, "`requests` has to be a number", "{number}");
        assert!(all[0].2.starts_with("not negative"), "{number}");
    }
    assert_eq!(
        wrong("[usage]\nrequests = 3 4\nmessages = -1\n").len(),
        1,
        "TOML's own mistakes first"
    );
    assert_eq!(wrong("[usage]\nrequests = -3\nmessages = -1\n").len(), 2, "all at once");
}

#[test]
fn what_is_not_declared_is_named_with_the_nearest_that_is() {
    let text = "[usage.sqs.queue.wrk]\nmessages = 1\n[usage.s3.bucket]\ngb = 1\n";
    let usage = Usage::read(text).unwrap();
    let problems = usage.check(["sqs.queue:work", "sqs.queue:dead", "kms.key:a"]).unwrap_err();
    let messages: Vec<&str> = problems.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(messages, ["s3.bucket is not declared", "sqs.queue:wrk is not declared"]);
    assert_eq!(problems[1].label, "did you mean `sqs.queue:work`?");
    assert_eq!(&text[problems[1].at.start..problems[1].at.end], "messages");
    assert!(usage.check(["sqs.queue:wrk", "s3.bucket:x"]).is_ok());
}

#[test]
fn all_that_may_be_said_is_told() {
    let all: Vec<_> = measures().collect();
    assert!(all.contains(&("environment", "requests", OF_ENVIRONMENT[0].what)));
    assert!(all.iter().any(|(whose, name, _)| (*whose, *name) == ("s3.bucket", "gb_archived")));
    // A measure that the bill does not ask for would change nothing.
    for kind in kinds() {
        let source = include_str!("../services/stores.rs").to_owned()
            + include_str!("../services/api.rs")
            + include_str!("../services/audit.rs")
            + include_str!("../services/compute.rs")
            + include_str!("../services/database.rs")
            + include_str!("../services/keys.rs")
            + include_str!("../services/network.rs")
            + include_str!("../services/watching.rs");
        for measure in kind.measures {
            let named = source.matches(&format!("\"{}\"", measure.name)).count();
            assert!(named >= 2, "{}: nothing asks for {}", kind.name, measure.name);
        }
    }
}
