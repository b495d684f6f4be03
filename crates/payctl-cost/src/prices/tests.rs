use super::*;

const ROW: &str = r#"
[source.list]
name = "a list"
url = "https://example.com"

[price.thing]
what = "thing"
unit = "hour"
at.us-east-1 = { usd = "0.5", source = "list", in = "page 1", date = "2026-07-20" }
"#;

fn error(from: &str, to: &str) -> String {
    assert!(ROW.contains(from));
    Prices::read(&[&ROW.replace(from, to)]).unwrap_err().to_string()
}

#[test]
fn a_row_without_source_or_date_does_not_get_in() {
    assert!(Prices::read(&[ROW]).is_ok());
    assert!(error(r#"source = "list", "#, "").contains("missing field `source`"));
    assert!(error(r#", date = "2026-07-20""#, "").contains("missing field `date`"));
    let nowhere = "thing in us-east-1: there is no source \"nobody\"";
    assert_eq!(error(r#"source = "list""#, r#"source = "nobody""#), nowhere);
    for date in ["", "2026", "2026-13-01", "2026-7-20", "26-07-20", "2026-07-20T", "undated"] {
        let said = error("2026-07-20", date);
        assert!(said.contains("is no date, such as 2026-07-20"), "{date}: {said}");
    }
}

#[test]
fn what_is_misspelt_or_no_amount_is_refused() {
    assert!(error("usd =", "eur =").contains("unknown field `eur`"));
    assert!(error("\"0.5\"", "\"1/2\"").contains("is no amount in dollars"));
    assert!(error("\"0.5\"", "0.5").contains("invalid type"), "a binary fraction is no price");
    assert!(error("unit =", "each =").contains("unknown field `each`"));
    assert!(error("\"hour\"", "\"request\"\nper = 0").contains("a price for none"));
}

/// Every source is one that a reader can go to, and none is left over.
#[test]
fn all_sources_are_named_and_used() {
    let prices = Prices::read_built_in().unwrap();
    let of_rates = prices.all().flat_map(|(_, price)| price.at.values().map(|rate| &rate.cited));
    let used: std::collections::BTreeSet<&str> =
        of_rates.chain(prices.free.values()).map(|cited| cited.source.as_str()).collect();
    for (name, source) in prices.sources() {
        assert!(used.contains(name), "{name} is the source of nothing");
        assert!(source.url.starts_with("https://"), "{name}: {}", source.url);
    }
    assert!(prices.all().count() > 80, "{}", prices.all().count());
}

#[test]
fn tiers_are_paid_one_after_the_other() {
    let text = ROW
        .replace("hour", "GB")
        .replace(r#"usd = "0.5""#, r#"usd = "0.5", above = { 10240 = "0.25", 30720 = "0.1" }"#);
    let prices = Prices::read(&[&text]).unwrap();
    let rate = &prices.get("thing").unwrap().at["us-east-1"];
    let amount = |before: u64, more: u64| {
        let (sum, unknown) = rate.amount(before.into(), more.into(), 1);
        assert!(unknown.is_zero());
        sum.exact()
    };
    assert_eq!(amount(0, 0), "0.00");
    assert_eq!(amount(0, 10240), "5120.00");
    // 10,240 × 0.50 + 20,480 × 0.25 + 280 × 0.10
    assert_eq!(amount(0, 31000), "10268.00");
    assert_eq!(amount(10240, 1), "0.25");
    assert_eq!(amount(10239, 2), "0.75");
    assert_eq!(amount(50000, 10), "1.00");
}

#[test]
fn beyond_what_is_known_nothing_is_guessed() {
    let text = ROW.replace(r#"usd = "0.5""#, r#"usd = "0.5", up_to = 100"#);
    let prices = Prices::read(&[&text]).unwrap();
    let rate = &prices.get("thing").unwrap().at["us-east-1"];
    let amount = |before: u64, more: u64| rate.amount(before.into(), more.into(), 1);
    assert_eq!(amount(0, 100), (Usd::parse("50").unwrap(), Quantity::ZERO));
    assert_eq!(amount(0, 130), (Usd::parse("50").unwrap(), 30.into()));
    assert_eq!(amount(90, 20), (Usd::parse("5").unwrap(), 10.into()));
    assert_eq!(amount(120, 20), (Usd::ZERO, 20.into()));
}

#[test]
fn later_rates_take_the_place_of_the_built_in_ones() {
    let update = r#"
[source.aws]
name = "AWS"
url = "https://aws.amazon.com"

[rate.thing]
us-east-1 = { usd = "0.6", source = "aws", date = "2026-11-30" }
eu-west-1 = { usd = "0.7", source = "aws", date = "2026-11-30" }
"#;
    let prices = || Prices::read(&[ROW]).unwrap();
    let after = prices().updated(update).unwrap();
    let at = &after.get("thing").unwrap().at;
    assert_eq!(at["us-east-1"].usd.exact(), "0.60");
    assert_eq!(at["eu-west-1"].usd.exact(), "0.70");
    let other = prices().updated(&update.replace("rate.thing", "rate.other")).unwrap_err();
    assert_eq!(other.to_string(), "other: there is no such price");
    assert!(prices().updated(&update.replace("2026-11-30", "soon")).is_err());
}
