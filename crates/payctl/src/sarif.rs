//! Verdicts as SARIF 2.1.0, which code scanning and editors read: what fails, what is waived, and what
//! nobody can say.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html>

use std::path::Path;

use payctl_compliance::{Control, Finding, Severity, Verdict};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::check::{Check, NOTICE};
use crate::document::Places;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What a path may have within a URI as it is: RFC 3986's unreserved characters, and its separator.
const ESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The log of one check. `places` says where the resources are declared.
pub(crate) fn log(check: &Check, places: Option<&Places>) -> Value {
    let mut rules: Vec<&Control> = Vec::new();
    let mut results = Vec::new();
    for one in &check.judgement.findings {
        // The findings of a control follow one another.
        if rules.last().is_none_or(|last| last.id != one.control.id) {
            rules.push(one.control);
        }
        results.extend(result(one, rules.len() - 1, places));
    }
    let version = env!("CARGO_PKG_VERSION");
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "payctl",
                "version": version,
                "semanticVersion": version,
                "rules": rules.into_iter().map(rule).collect::<Vec<_>>(),
            } },
            // What a later run of the same environment replaces.
            "automationDetails": { "id": format!("payctl/{}/{}/{}/", check.stack, check.suffix, check.mode()) },
            "invocations": [{ "executionSuccessful": true, "endTimeUtc": check.time() }],
            "results": results,
            "properties": { "notice": NOTICE, "region": check.region, "posture": check.posture },
        }],
    })
}

fn rule(control: &Control) -> Value {
    let requirements = match control.pci.is_empty() {
        true => "no requirement of PCI DSS: a rule of the systems' own".to_owned(),
        false => format!("PCI DSS v4.0.1: {}", control.pci.join(", ")),
    };
    let tags: Vec<String> = control.pci.iter().map(|number| format!("PCI DSS {number}")).collect();
    json!({
        "id": control.id,
        "shortDescription": { "text": control.title },
        "fullDescription": { "text": format!("{}. {requirements}.", control.title) },
        "help": {
            "text": format!("Asked: {}\n{requirements}", control.condition),
            "markdown": format!("Asked: {}\n\n{requirements}", code(&control.condition)),
        },
        "defaultConfiguration": { "level": "error" },
        "properties": {
            "tags": tags,
            "pci": control.pci,
            "pci_basis": control.pci_basis,
            "severity": control.severity,
            "security-severity": score(control.severity),
            "profile": control.profile,
        },
    })
}

/// A text as code in Markdown, whatever backticks it has: a fence is longer than any of them.
fn code(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    format!("{fence} {text} {fence}")
}

/// In the middle of the ranges that CVSS v3.1 calls so (section 5, "Qualitative Severity Rating Scale"),
/// by which GitHub's code scanning names alerts (`security-severity`).
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
    }
}

/// What fails, is waived or not known; what passes, or is of nothing, is no result.
fn result(one: &Finding, rule: usize, places: Option<&Places>) -> Option<Value> {
    let level = match one.verdict {
        Verdict::Fail | Verdict::Waived => "error",
        Verdict::Unknown => "note",
        Verdict::Pass | Verdict::NotApplicable => return None,
    };
    let whose = one.resource.as_deref().unwrap_or("the account");
    let unknown = if one.verdict == Verdict::Unknown { "not known: " } else { "" };
    let mut result = json!({
        "ruleId": one.control.id,
        "ruleIndex": rule,
        "level": level,
        "message": { "text": format!("{}: {whose}: {unknown}{}", one.control.title, one.why) },
        "locations": [location(one, places)],
        // The same in each run, whatever the line.
        "partialFingerprints": { "controlAndResource/v1": format!("{} {whose}", one.control.id) },
        "properties": { "verdict": one.verdict },
    });
    if one.verdict == Verdict::Waived {
        let justification = match one.waiver {
            Some(row) => format!("{}; instead: {}", row.reason, row.instead),
            None => "asked of posture strict only".to_owned(),
        };
        result["suppressions"] =
            json!([{ "kind": "external", "status": "accepted", "justification": justification }]);
    }
    Some(result)
}

fn location(one: &Finding, places: Option<&Places>) -> Value {
    let mut location = match &one.resource {
        Some(address) => json!({ "logicalLocations": [{
            "name": address.split_once(':').map_or(address.as_str(), |(_, name)| name),
            "fullyQualifiedName": address,
            "kind": "resource",
        }] }),
        None => json!({ "logicalLocations": [{
            "name": "account",
            "fullyQualifiedName": "account",
            "kind": "module",
        }] }),
    };
    if let (Some(places), Some(address)) = (places, &one.resource) {
        let mut physical = json!({ "artifactLocation": { "uri": uri(&places.file) } });
        if let Some(line) = places.lines.get(address) {
            physical["region"] = json!({ "startLine": line });
        }
        location["physicalLocation"] = physical;
    }
    location
}

/// A path as a reference to it.
fn uri(path: &Path) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let escaped = utf8_percent_encode(&path.to_string_lossy(), ESCAPED).to_string();
    if path.is_absolute() { format!("file://{escaped}") } else { escaped }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_references() {
        for (path, reference) in [
            ("stacks/refunds.toml", "stacks/refunds.toml"),
            ("./refunds.toml", "refunds.toml"),
            ("../a b%#?.toml", "../a%20b%25%23%3F.toml"),
            ("/srv/ü.json", "file:///srv/%C3%BC.json"),
        ] {
            assert_eq!(uri(Path::new(path)), reference);
        }
    }

    #[test]
    fn a_condition_stays_code_whatever_is_in_it() {
        assert_eq!(code("a == 1"), "` a == 1 `");
        assert_eq!(code("a ``b`` c"), "``` a ``b`` c ```");
    }
}
