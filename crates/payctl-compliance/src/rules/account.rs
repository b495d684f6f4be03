//! What is the account's: judged where `check` asks for its settings.

use serde_json::Value;

use crate::policy::{allows, is_fenced, is_for_everybody, name};
use crate::rule::{Rule, Said, holds, none};

pub(super) const EBS_ENCRYPTION: Rule = Rule::of_account(
    "PAY-CMP-08",
    "ebs_encryption",
    "it is the account's: ec2:GetEbsEncryptionByDefault tells",
    |seen| holds(seen["by_default"] == true, "volumes are not encrypted where nobody says so"),
);

pub(super) const USERS_POLICIES: Rule = Rule::of_account(
    "PAY-IAM-12",
    "users",
    "stacks have no users: iam:GetAccountAuthorizationDetails tells of the account's",
    |users| {
        let policies = |one: &&Value| one["policies"].as_array().is_some_and(|all| !all.is_empty());
        none(all(users).find(policies).map(user), "has policies of its own")
    },
);

pub(super) const PASSWORDS: Rule = Rule::of_account(
    "PAY-IAM-13",
    "password_policy",
    "it is the account's: iam:GetAccountPasswordPolicy tells",
    |seen| {
        if seen.is_null() {
            return Said::Fail("there is no policy for passwords".to_owned());
        }
        let number = |name: &str| seen[name].as_i64().unwrap_or_default();
        let lacking = ["symbols", "numbers", "upper_case", "lower_case"]
            .into_iter()
            .find(|class| seen[*class] != true);
        if let Some(class) = lacking {
            return Said::Fail(format!("passwords need no {}", class.replace('_', " ")));
        }
        match (number("minimum_length"), number("remembered"), number("days")) {
            (..14, _, _) => Said::Fail("passwords may have fewer than 14 characters".to_owned()),
            (_, ..24, _) => Said::Fail("one of the last 24 passwords may come again".to_owned()),
            (_, _, 1..=90) => Said::Pass,
            _ => Said::Fail("passwords last longer than 90 days".to_owned()),
        }
    },
);

pub(super) const MFA: Rule = Rule::of_account(
    "PAY-IAM-14",
    "users",
    "it is the account's: iam:GetLoginProfile and iam:ListMFADevices tell",
    |users| {
        let without = |one: &&Value| one["password"] == true && one["mfa"] != true;
        none(all(users).find(without).map(user), "signs in by a password alone")
    },
);

pub(super) const LOG_POLICIES: Rule = Rule::of_account(
    "PAY-LOG-04",
    "log_policies",
    "policies are the account's: logs:DescribeResourcePolicies tells",
    |policies| {
        let mut open = all(policies).filter(|one| open_statement(&one["policy"]).is_some());
        match open.next() {
            Some(one) => Said::Fail(format!("{} is for everybody", one["name"])),
            None => readable(all(policies).map(|one| &one["policy"])),
        }
    },
);

pub(super) const DETECTOR: Rule = Rule::of_account(
    "PAY-LOG-18",
    "detector",
    "it is the account's: guardduty:ListDetectors tells",
    |seen| holds(seen["enabled"] == true, "GuardDuty does not watch over the region"),
);

pub(super) const DETECTOR_FEATURES: Rule = Rule::of_account(
    "PAY-LOG-19",
    "detector",
    "it is the account's: guardduty:GetDetector tells",
    |seen| {
        const ASKED: [&str; 3] = ["S3_DATA_EVENTS", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS"];
        let lacks = ASKED.into_iter().find(|name| seen["features"][*name] != "ENABLED");
        none(lacks, "is not watched by GuardDuty")
    },
);

pub(super) const RECORDER: Rule = Rule::of_account(
    "PAY-LOG-20",
    "recorder",
    "it is the account's: config:DescribeConfigurationRecorders tells",
    |seen| {
        let lacks =
            ["recording", "all_supported", "global"].into_iter().find(|is| seen[*is] != true);
        match lacks {
            None => Said::Pass,
            Some("recording") => Said::Fail("AWS Config does not record".to_owned()),
            Some("global") => Said::Fail("AWS Config records nothing that is global".to_owned()),
            Some(_) => Said::Fail("AWS Config records some kinds only".to_owned()),
        }
    },
);

// The kinds have no bus of their own: rules stand on the account's.
pub(super) const EVENT_BUS: Rule = Rule::of_account(
    "PAY-SEC-06",
    "event_bus",
    "the bus is the account's: events:DescribeEventBus tells",
    |bus| match open_statement(&bus["policy"]) {
        Some(name) => Said::Fail(format!("{name} is for everybody")),
        None => readable([&bus["policy"]]),
    },
);

fn all(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn user(user: &Value) -> String {
    format!("the user {}", user["name"].as_str().unwrap_or_default())
}

/// A statement that allows something to everybody, from everywhere.
fn open_statement(policy: &Value) -> Option<&str> {
    allows(policy).find(|one| is_for_everybody(one) && !is_fenced(one)).map(name)
}

/// A policy that could not be read may let anybody in.
fn readable<'a>(policies: impl IntoIterator<Item = &'a Value>) -> Said {
    match policies.into_iter().any(Value::is_string) {
        true => Said::Unknown("a policy is not JSON".to_owned()),
        false => Said::Pass,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(rule: &Rule, value: &Value) -> &'static str {
        match rule.setting.unwrap().1(value) {
            Said::Pass => "pass",
            Said::Fail(_) => "fail",
            Said::Unknown(_) => "unknown",
            Said::Skip => "skip",
        }
    }

    #[test]
    fn passwords_have_to_be_all_of_it() {
        let good = json!({
            "minimum_length": 14, "symbols": true, "numbers": true, "upper_case": true,
            "lower_case": true, "remembered": 24, "days": 90,
        });
        assert_eq!(said(&PASSWORDS, &good), "pass");
        assert_eq!(said(&PASSWORDS, &Value::Null), "fail");
        for (name, bad) in [
            ("minimum_length", json!(13)),
            ("symbols", json!(false)),
            ("numbers", json!(false)),
            ("upper_case", json!(false)),
            ("lower_case", json!(false)),
            ("remembered", json!(null)),
            ("remembered", json!(23)),
            ("days", json!(null)),
            ("days", json!(0)),
            ("days", json!(91)),
        ] {
            let mut other = good.clone();
            other[name] = bad;
            assert_eq!(said(&PASSWORDS, &other), "fail", "{name}");
        }
    }

    #[test]
    fn users_have_neither_policies_nor_a_password_alone() {
        let user = |policies: Value, password: bool, mfa: bool| json!([{ "name": "ada", "policies": policies, "password": password, "mfa": mfa }]);
        assert_eq!(said(&USERS_POLICIES, &json!([])), "pass");
        assert_eq!(said(&USERS_POLICIES, &user(json!([]), true, true)), "pass");
        assert_eq!(said(&USERS_POLICIES, &user(json!(["x"]), true, true)), "fail");
        assert_eq!(said(&MFA, &user(json!([]), false, false)), "pass");
        assert_eq!(said(&MFA, &user(json!([]), true, true)), "pass");
        assert_eq!(said(&MFA, &user(json!([]), true, false)), "fail");
    }

    #[test]
    fn what_watches_has_to_be_on() {
        let features = json!({
            "S3_DATA_EVENTS": "ENABLED", "RDS_LOGIN_EVENTS": "ENABLED", "LAMBDA_NETWORK_LOGS": "ENABLED",
        });
        let detector =
            |enabled: bool, features: &Value| json!({ "enabled": enabled, "features": features });
        assert_eq!(said(&DETECTOR, &Value::Null), "fail");
        assert_eq!(said(&DETECTOR, &detector(false, &features)), "fail");
        assert_eq!(said(&DETECTOR, &detector(true, &json!({}))), "pass");
        assert_eq!(said(&DETECTOR_FEATURES, &detector(true, &features)), "pass");
        assert_eq!(said(&DETECTOR_FEATURES, &detector(true, &json!({}))), "fail");
        let recorder = |recording, all_supported, global| json!({ "recording": recording, "all_supported": all_supported, "global": global });
        assert_eq!(said(&RECORDER, &recorder(true, true, true)), "pass");
        assert_eq!(said(&RECORDER, &Value::Null), "fail");
        for (recording, all, global) in
            [(false, true, true), (true, false, true), (true, true, false)]
        {
            assert_eq!(said(&RECORDER, &recorder(recording, all, global)), "fail");
        }
        assert_eq!(said(&EBS_ENCRYPTION, &json!({ "by_default": true })), "pass");
        assert_eq!(said(&EBS_ENCRYPTION, &json!({ "by_default": null })), "fail");
    }

    #[test]
    fn a_policy_lets_nobody_in_that_is_not_named() {
        let policy = |principal: Value, condition: Value| {
            json!({ "Statement": [
                { "Effect": "Allow", "Principal": principal, "Condition": condition }
            ] })
        };
        let open = policy(json!("*"), Value::Null);
        let fenced = policy(json!("*"), json!({ "StringEquals": { "aws:PrincipalOrgID": "o-1" } }));
        let service = policy(json!({ "Service": "route53.amazonaws.com" }), Value::Null);
        for (policy, wanted) in [
            (Value::Null, "pass"),
            (service, "pass"),
            (fenced, "pass"),
            (open, "fail"),
            (json!("not JSON"), "unknown"),
        ] {
            let policies = json!([{ "name": "logs", "policy": policy }]);
            assert_eq!(said(&LOG_POLICIES, &policies), wanted, "{policies}");
            assert_eq!(said(&EVENT_BUS, &json!({ "policy": policy })), wanted, "{policy}");
        }
    }
}
