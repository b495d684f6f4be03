use serde_json::{Value, json};

use super::*;
use crate::cost::estimate;
use crate::prices::Prices;
use crate::usage::Usage;

fn month(declared: &Value, usage: &str) -> Estimate {
    let usage = Usage::read(usage).unwrap();
    let all = declared.as_object().unwrap();
    let resources = all.iter().map(|(address, properties)| (address.as_str(), properties));
    estimate(Prices::built_in(), resources, "us-east-1", &usage)
}

fn some() -> Value {
    json!({
        "ec2.nat_gateway:a": {}, "ec2.nat_gateway:b": {}, "kms.key:main": { "rotation": true },
        "sqs.queue:work": {}, "rds.instance:odd": { "engine": "postgres", "class": "db.m5.large" },
    })
}

#[test]
fn a_plan_says_it_in_one_line() {
    let key = json!({ "kms.key:a": {} });
    let two = month(&json!({ "kms.key:a": {}, "ec2.nat_gateway:a": {} }), "");
    assert_eq!(summary(&two, None), "about 33.85 USD a month when idle");
    assert_eq!(summary(&two, Some(&two)), "about 33.85 USD a month when idle");
    let one = month(&key, "");
    assert_eq!(summary(&two, Some(&one)), "about 33.85 USD a month when idle (+32.85)");
    assert_eq!(summary(&one, Some(&two)), "about 1.00 USD a month when idle (-32.85)");
    let used = month(&key, "[usage.kms.key]\nrequests = 1_000_000");
    assert_eq!(summary(&used, None), "about 4.00 USD a month as used, 1.00 when idle");
    let odd = month(&some(), "");
    let said = "at least 66.70 USD a month when idle, and 1 item at an unknown price";
    assert_eq!(summary(&odd, None), said);
}

#[test]
fn a_page_has_what_is_paid_for_and_what_is_not_known() {
    let text = page(&month(&some(), "[usage]\nmessages = 2_000_000"), 80).join("\n");
    for line in [
        "     65.70  2 × NAT gateway                                  1,460 hours × 0.045",
        "      1.00  1 × KMS key                                                1.00 each",
        "     66.70  in all",
        "      2.40  requests to queues, in steps of 64 KB\n",
        "6,000,000 requests × 0.40 per 1,000,000",
        "     69.10  the expected month",
        "  rds.instance:odd: db.m5.large of postgres: no price of it was found",
        "      1.00  1 × KMS key, from its first yearly rotation",
        "  data through the NAT gateway                                      0.045 per GB",
        "  prices as of 2024-07-01 to 2024-",
        "  free allowances belong to the account and are not deducted",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
}

#[test]
fn what_is_in_the_sum_is_not_told_as_a_price_again() {
    let declared = json!({ "ec2.nat_gateway:a": {}, "ec2.nat_gateway:b": {} });
    let rate = " 0.045 per GB";
    let text = |usage: &str| page(&month(&declared, usage), 80).join("\n");
    assert!(text("").contains(rate), "{}", text(""));
    for counted in ["gb = 3", "gb = 0"] {
        let text = text(&format!("[usage.ec2.nat_gateway]\n{counted}\n"));
        assert!(!text.contains(rate), "{text}");
    }
    // One of two is counted, and the other's price is still to be told.
    let text = text("[usage.ec2.nat_gateway.a]\ngb = 3\n");
    assert!(text.contains(rate), "{text}");
}

#[test]
fn lines_fit() {
    for width in [60, 80, 140] {
        let text = page(&month(&some(), "[usage]\nmessages = 2_000_000"), width);
        for line in &text {
            assert!(line.chars().count() <= width, "{width}: {line:?}");
            assert_eq!(line.trim_end(), line, "{line:?}");
        }
    }
}

#[test]
fn a_change_is_told_resource_by_resource() {
    let before = month(&json!({ "kms.key:a": {}, "ec2.nat_gateway:a": {}, "kms.key:b": {} }), "");
    let after =
        month(&json!({ "kms.key:a": {}, "cloudwatch.dashboard:a": {}, "kms.key:b": {} }), "");
    let lines = difference(&Difference::between(&before, &after), 70);
    let expected = [
        "    -32.85  ec2.nat_gateway:a                             32.85 → 0.00",
        "     +3.00  cloudwatch.dashboard:a                         0.00 → 3.00",
        "    -29.85  in all                                        34.85 → 5.00",
    ];
    assert_eq!(lines, expected);
    let odd = Difference::between(&before, &month(&some(), ""));
    assert_eq!(odd.unknown.len(), 1);
    assert!(difference(&odd, 80).iter().any(|line| line.contains("db.m5.large")));
    assert_eq!(Difference::between(&after, &after).changes, []);
    assert_eq!(resources(&before)[0], "     32.85  ec2.nat_gateway:a");
}
