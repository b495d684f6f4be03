//! A policy as IAM takes it: divided where it is too long, and in the language of the tool that it
//! is handed to.

use clap::ValueEnum;
use serde_json::{Value, json};

/// What IAM takes as a managed policy, in characters without white space
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>, 2026-11-29).
pub(super) const LONGEST: usize = 6144;
/// What it takes of a role's own policies; see there.
pub(super) const LONGEST_INLINE: usize = 10_240;
/// How many managed policies a role may have unless the quota was raised; see there.
pub(super) const MOST: usize = 10;

/// What a policy is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyFormat {
    /// A policy document, as the AWS CLI and the console take it
    Json,
    /// Resources of the type `aws_iam_policy`
    Terraform,
    /// A template with resources of the type `AWS::IAM::ManagedPolicy`
    Cloudformation,
}

/// The length of a document as IAM counts it.
pub(super) fn length(document: &Value) -> usize {
    document.to_string().chars().filter(|c| !c.is_whitespace()).count()
}

/// The statements of `document` in as few documents as fit, none of them longer than `longest`.
pub(super) fn split(document: &Value, longest: usize) -> Vec<Value> {
    let statements = document["Statement"].as_array().into_iter().flatten().cloned();
    let mut statements: Vec<Value> = statements.flat_map(|one| fitting(one, longest)).collect();
    statements.sort_by_key(|statement| std::cmp::Reverse(length(statement)));
    let mut parts: Vec<Vec<Value>> = Vec::new();
    for statement in statements {
        let with = |part: &Vec<Value>| whole(part.iter().chain([&statement]));
        match parts.iter_mut().find(|part| length(&with(part)) <= longest) {
            Some(part) => part.push(statement),
            None => parts.push(vec![statement]),
        }
    }
    parts.iter().map(whole).collect()
}

fn whole<'a>(statements: impl IntoIterator<Item = &'a Value>) -> Value {
    let statements: Vec<&Value> = statements.into_iter().collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// A statement that is too long by itself as two that allow the same together, and so on.
fn fitting(statement: Value, longest: usize) -> Vec<Value> {
    if length(&whole([&statement])) <= longest {
        return vec![statement];
    }
    let count = |key: &str| statement[key].as_array().map_or(0, Vec::len);
    let key = if count("Resource") > 1 { "Resource" } else { "Action" };
    let Some(all) = statement[key].as_array().filter(|all| all.len() > 1) else {
        return vec![statement];
    };
    let (first, second) = all.split_at(all.len() / 2);
    let half = |values: &[Value], letter: &str| {
        let mut half = statement.clone();
        half[key] = values.into();
        half["Sid"] = json!(format!("{}{letter}", statement["Sid"].as_str().unwrap_or_default()));
        fitting(half, longest)
    };
    [half(first, "A"), half(second, "B")].concat()
}

/// How the file of one document is called.
pub(super) fn file_name(name: &str, format: PolicyFormat) -> String {
    let ending = match format {
        PolicyFormat::Json => "json",
        PolicyFormat::Terraform => "tf",
        PolicyFormat::Cloudformation => "template.json",
    };
    format!("{name}.{ending}")
}

/// Documents by their names, as `format` has them. JSON is of one document.
pub(super) fn write(documents: &[(String, Value)], format: PolicyFormat) -> String {
    match format {
        PolicyFormat::Json => {
            documents.iter().map(|(_, document)| format!("{document:#}\n")).collect()
        }
        PolicyFormat::Terraform => {
            let all: Vec<String> =
                documents.iter().map(|(name, one)| terraform(name, one)).collect();
            all.join("\n")
        }
        PolicyFormat::Cloudformation => {
            let resources: serde_json::Map<String, Value> =
                documents.iter().map(|(name, one)| cloudformation(name, one)).collect();
            let template = json!({
                "AWSTemplateFormatVersion": "2010-09-09",
                "Description": "What an operator of payctl needs",
                "Resources": resources,
            });
            format!("{template:#}\n")
        }
    }
}

/// An object of JSON is one of HCL's, but for what HCL would put in
/// (<https://developer.hashicorp.com/terraform/language/expressions/strings>).
fn terraform(name: &str, document: &Value) -> String {
    let document = format!("{document:#}").replace("${", "$${").replace("%{", "%%{");
    let document = document.replace('\n', "\n  ");
    let label = name.replace('-', "_");
    format!(
        "resource \"aws_iam_policy\" \"{label}\" {{\n  name   = \"{name}\"\n  policy = \
         jsonencode({document})\n}}\n"
    )
}

fn cloudformation(name: &str, document: &Value) -> (String, Value) {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    });
    let properties = json!({ "ManagedPolicyName": name, "PolicyDocument": document });
    (words.collect(), json!({ "Type": "AWS::IAM::ManagedPolicy", "Properties": properties }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn statement(sid: &str, actions: usize, resources: usize) -> Value {
        let name = |sort: &str, nth| format!("{sort}:Something{nth}");
        let actions: Vec<String> = (0..actions).map(|nth| name("ec2", nth)).collect();
        let resources: Vec<String> = (0..resources).map(|nth| name("arn:aws", nth)).collect();
        json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources })
    }

    /// What is allowed on what.
    fn allowed<'a>(documents: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for statement in documents.into_iter().flat_map(|one| one["Statement"].as_array().unwrap())
        {
            for action in statement["Action"].as_array().unwrap() {
                for resource in statement["Resource"].as_array().unwrap() {
                    all.insert(format!("{action} {resource}"));
                }
            }
        }
        all
    }

    #[test]
    fn parts_fit_and_allow_the_same_together() {
        let all = [
            statement("Long", 30, 400),
            statement("Wide", 600, 1),
            statement("First", 3, 4),
            statement("Second", 5, 90),
        ];
        let document = whole(&all);
        let parts = split(&document, LONGEST);
        assert!(parts.len() > 3);
        for part in &parts {
            assert!(length(part) <= LONGEST, "{}", length(part));
            let sids: Vec<&Value> =
                part["Statement"].as_array().unwrap().iter().map(|one| &one["Sid"]).collect();
            let distinct: BTreeSet<String> = sids.iter().map(|sid| sid.to_string()).collect();
            assert_eq!(distinct.len(), sids.len(), "{sids:?}");
        }
        assert_eq!(allowed(&parts), allowed([&document]));
        // Nothing is to be gained from more parts than it takes.
        let sum: usize = parts.iter().map(length).sum();
        assert!(parts.len() <= sum / LONGEST + 2, "{} parts of {sum}", parts.len());
        assert_eq!(split(&whole(&[statement("First", 3, 4)]), LONGEST).len(), 1);
    }

    #[test]
    fn white_space_does_not_count() {
        assert_eq!(length(&json!({ "a": "b c" })), r#"{"a":"bc"}"#.len());
    }

    #[test]
    fn each_tool_gets_its_language() {
        let documents = [("payctl-dev-1".to_owned(), json!({ "Resource": "${aws:x}" }))];
        insta::assert_snapshot!(write(&documents, PolicyFormat::Terraform), @r#"
        resource "aws_iam_policy" "payctl_dev_1" {
          name   = "payctl-dev-1"
          policy = jsonencode({
            "Resource": "$${aws:x}"
          })
        }
        "#);
        let template: Value =
            serde_json::from_str(&write(&documents, PolicyFormat::Cloudformation)).unwrap();
        let policy = &template["Resources"]["PayctlDev1"];
        assert_eq!(policy["Type"], "AWS::IAM::ManagedPolicy");
        assert_eq!(policy["Properties"]["PolicyDocument"], documents[0].1);
    }
}
