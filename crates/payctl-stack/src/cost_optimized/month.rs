//! What a month of the system costs before anybody pays with it, as a dashboard shows it.

use std::fmt::Write as _;

use payctl_cost::{Estimate, HOURS, Prices, Usage, estimate};
use payctl_engine::Stack;
use serde_json::Value;

/// The dashboard that shows it, which is not declared before its text is known.
const ITSELF: (&str, &Value) = ("cloudwatch.dashboard:payment-costs", &Value::Null);

/// The idle month of what `stack` declares, and of the dashboard that says so.
pub(super) fn markdown(stack: &Stack, region: &str) -> String {
    let prices = Prices::built_in();
    let declared = stack.resources().iter().map(|one| (one.address.as_str(), &one.properties));
    let month = estimate(prices, declared.chain([ITSELF]), region, &Usage::default());
    text(&month, prices)
}

fn text(month: &Estimate, prices: &Prices) -> String {
    let least = if month.is_complete() { "" } else { "at least " };
    let mut text = format!(
        "## Estimated month: {least}{} USD\n\nIdle, {HOURS} hours, list prices of {} without free \
         allowances.\n\n| what | USD a month | price of |\n|---|---|---|\n",
        month.idle_total(),
        month.region,
    );
    for item in month.idle_items() {
        let source = prices.source(&item.line.source).map_or("", |source| source.name.as_str());
        let (what, sum, date) = (&item.line.what, item.monthly, &item.line.date);
        let _ = writeln!(text, "| {} × {what} | {sum} | {date}, {source} |", item.count);
    }
    for unknown in &month.unknown {
        let _ = writeln!(text, "| {} of {} | not known | |", unknown.what, unknown.address);
    }
    text.push_str("\nRequests, data and messages come on top: the graphs show them.");
    text
}

#[cfg(test)]
mod tests {
    use super::super::{Parameters, declare};
    use crate::costs::declared;

    fn dashboard(region: &str, instance_type: &str) -> String {
        let parameters =
            Parameters { instance_type: instance_type.to_owned(), ..Parameters::default() };
        let stack = declared(region, |context| declare(context, &parameters));
        super::markdown(&stack, region)
    }

    /// The text is made before the dashboard is declared, and counts it.
    #[test]
    fn it_says_what_is_declared() {
        let parameters = Parameters::default();
        let stack = declared("us-east-1", |context| declare(context, &parameters));
        let body = stack.resources().iter().find(|one| one.address.name() == "payment-costs");
        let body = body.unwrap().properties["body"].to_string();
        assert!(body.contains("## Estimated month: 93.25 USD"), "{body}");
        assert!(body.contains("| 3 × dashboard | 9.00 | 2024-07-01, infracost"), "{body}");
    }

    #[test]
    fn it_says_what_it_does_not_know() {
        let text = dashboard("us-east-1", "x2iezn.metal");
        let row = "| x2iezn.metal of autoscaling.group:payments | not known |";
        assert!(text.contains(row), "{text}");
        assert!(
            text.contains("month: at least 62.88 USD"),
            "93.25 without the instances' 30.37: {text}"
        );
        let text = dashboard("eu-central-1", "t3.small");
        assert!(text.contains("list prices of eu-central-1"), "{text}");
        assert!(text.contains("| NAT gateway of ec2.nat_gateway:"), "{text}");
    }
}
