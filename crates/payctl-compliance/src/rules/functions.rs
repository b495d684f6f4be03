//! Functions.

use super::secret_scan::is_secret;
use crate::rule::{Rule, Said, holds, none};
use crate::subject::Of;

const FUNCTION: &[&str] = &["lambda.function"];
/// Runtimes that Lambda supports, without those that are deprecated: Security Hub's Lambda.2, read on
/// 2026-11-29, and the provided ones, which AWS's page "Lambda runtimes" lists.
const SUPPORTED: &[&str] = &[
    "provided.al2023",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "nodejs22.x",
    "nodejs24.x",
    "java11",
    "java17",
    "java21",
    "java25",
    "dotnet8",
    "dotnet10",
    "ruby3.3",
    "ruby3.4",
];

pub(super) const RULES: &[Rule] = &[
    Rule::of("PAY-LAM-01", FUNCTION, &["subnets"], |of| {
        holds(!of.this.list("subnets").is_empty(), "it runs outside of the network")
    }),
    Rule::of("PAY-LAM-02", FUNCTION, &["subnets"], |of| {
        if of.this.list("subnets").is_empty() {
            return Said::Skip;
        }
        match of.all().zones(of.this.list("subnets")) {
            Some(zones) => holds(zones.len() >= 2, "it runs in one zone"),
            None => Said::Unknown("the zones of its subnets are not known".to_owned()),
        }
    }),
    Rule::of("PAY-LAM-03", FUNCTION, &[], |of| {
        let declared = of
            .all()
            .with("lambda.permission", "function", of.this)
            .find(|one| one.text("principal") == "*" && !is_fenced(one));
        if let Some(open) = declared {
            return Said::Fail(format!("{} lets everybody call it", open.address));
        }
        // What somebody attached is told in words, such as `permission planted: anyone may …`.
        none(attached(of, "permission").filter(|one| one.contains("anyone may")), "was attached")
    }),
    Rule::of(
        "PAY-LAM-04",
        &["lambda.permission"],
        &["principal", "source_arn", "source_account"],
        |of| {
            let service = of.this.text("principal").ends_with(".amazonaws.com");
            if !service {
                return Said::Skip;
            }
            holds(is_fenced(of.this), "every source of the service may call the function")
        },
    ),
    Rule::of("PAY-LAM-05", FUNCTION, &[], |of| {
        none(attached(of, "function URL").filter(|one| one.ends_with("NONE")), "was attached")
    }),
    Rule::of("PAY-LAM-06", FUNCTION, &["runtime"], |of| {
        let runtime = of.this.text("runtime");
        holds(
            SUPPORTED.contains(&runtime),
            format!("`{runtime}` is not among the supported runtimes"),
        )
    }),
    Rule::of("PAY-LAM-07", FUNCTION, &[], |of| {
        let found = of.this.table("environment").find(|(name, value)| is_secret(name, value));
        none(found.map(|(name, _)| name), "looks like a secret that is written down")
    }),
    Rule::of("PAY-LAM-08", FUNCTION, &["kms_key"], |of| {
        holds(of.this.has("kms_key"), "its variables are encrypted with a key of Lambda's own")
    }),
    Rule::of("PAY-LAM-09", FUNCTION, &["dead_letters"], |of| {
        holds(of.this.has("dead_letters"), "events that it gives up on are lost")
    }),
    Rule::of("PAY-LAM-10", FUNCTION, &["reserved_concurrency"], |of| {
        holds(of.this.has("reserved_concurrency"), "others may use up the executions that it needs")
    }),
    Rule::of("PAY-LAM-11", FUNCTION, &["tracing"], |of| {
        holds(of.this.text("tracing") == "Active", "its calls are not traced")
    }),
    Rule::of("PAY-LAM-12", FUNCTION, &["architecture", "memory_mb"], |of| {
        let asked =
            of.this.text("architecture") == "arm64" && of.this.number("memory_mb") == Some(512);
        holds(asked, "it is not arm64 with 512 MB")
    })
    .of_systems(),
];

fn is_fenced(permission: &crate::Resource) -> bool {
    permission.has("source_arn") || permission.has("source_account")
}

/// What of a sort was attached.
fn attached<'a>(of: &Of<'a>, sort: &str) -> Option<&'a String> {
    of.this.attached.iter().find(|one| one.starts_with(sort))
}
