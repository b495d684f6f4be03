//! What the four systems cost in an idle month: computed again here, by hand.

use std::collections::BTreeMap;

use payctl_aws::{Tags, Zone};
use payctl_cost::{Estimate, Prices, Usage, estimate, is_known, render};
use payctl_engine::Stack;

use crate::settings::{Nat, Posture};
use crate::{Context, Discovered, Suffix, cost_optimized, migration, pci_core, secure_api};

/// Where the pages' prices are of.
const REGION: &str = "us-east-1";

/// Each line is a price, how many there are × hours of a month × the price of one, and what that is
/// in dollars, in thousandths where a cent is not the end of it. The prices are those of PRICES.md.
const PCI_CORE: &str = "
    nat-gateway          1 × 730 × 0.045     32.85
    public-address       1 × 730 × 0.005      3.65
    kms-key              1 × 1.00             1.00
    alarm                3 × 0.10             0.30
    =                                        37.80";

/// An endpoint of EC2's API in three zones, and an alarm for each of 15 sorts of events.
const PCI_CORE_STRICT: &str = "
    nat-gateway          1 × 730 × 0.045     32.85
    interface-endpoint   3 × 730 × 0.01      21.90
    public-address       1 × 730 × 0.005      3.65
    alarm               18 × 0.10             1.80
    kms-key              1 × 1.00             1.00
    =                                        61.20";

const SECURE_API: &str = "
    interface-endpoint   3 × 730 × 0.01      21.90
    web-acl              1 × 5.00             5.00
    web-acl-rule         4 × 1.00             4.00
    kms-key              3 × 1.00             3.00
    dashboard            1 × 3.00             3.00
    alarm                8 × 0.10             0.80
    =                                        37.70";

const SECURE_API_STRICT: &str = "
    interface-endpoint   6 × 730 × 0.01      43.80
    web-acl              1 × 5.00             5.00
    web-acl-rule         4 × 1.00             4.00
    kms-key              3 × 1.00             3.00
    dashboard            1 × 3.00             3.00
    alarm                8 × 0.10             0.80
    =                                        59.60";

/// Two instances with 8 GB and seven metrics each, and the metric of the agent; ten alarms, and two
/// of target tracking.
const COST_OPTIMIZED: &str = "
    nat-gateway          1 × 730 × 0.045     32.85
    ec2/t3.small         2 × 730 × 0.0208    30.368
    dashboard            3 × 3.00             9.00
    web-acl              1 × 5.00             5.00
    metric              15 × 0.30             4.50
    web-acl-rule         4 × 1.00             4.00
    public-address       1 × 730 × 0.005      3.65
    gp3-disk            16 × 0.08             1.28
    alarm               12 × 0.10             1.20
    kms-key              1 × 1.00             1.00
    secret               1 × 0.40             0.40
    =                                        93.248";

const COST_OPTIMIZED_STRICT: &str = "
    nat-gateway          1 × 730 × 0.045     32.85
    ec2/t3.small         2 × 730 × 0.0208    30.368
    interface-endpoint   2 × 730 × 0.01      14.60
    dashboard            3 × 3.00             9.00
    web-acl              1 × 5.00             5.00
    metric              15 × 0.30             4.50
    web-acl-rule         4 × 1.00             4.00
    public-address       1 × 730 × 0.005      3.65
    alarm               13 × 0.10             1.30
    gp3-disk            16 × 0.08             1.28
    kms-key              1 × 1.00             1.00
    secret               1 × 0.40             0.40
    =                                       107.948";

const MIGRATION: &str = "
    aurora/db.r6g.xlarge 3 × 730 × 0.519   1136.61
    nat-gateway          3 × 730 × 0.045     98.55
    load-balancer        1 × 730 × 0.0225    16.425
    public-address       3 × 730 × 0.005     10.95
    kms-key              6 × 1.00             6.00
    dashboard            1 × 3.00             3.00
    alarm               13 × 0.10             1.30
    aurora-storage      10 × 0.10             1.00
    secret               1 × 0.40             0.40
    =                                      1274.235";

const MIGRATION_STRICT: &str = "
    aurora/db.r6g.xlarge 3 × 730 × 0.519   1136.61
    nat-gateway          3 × 730 × 0.045     98.55
    interface-endpoint   3 × 730 × 0.01      21.90
    load-balancer        1 × 730 × 0.0225    16.425
    public-address       3 × 730 × 0.005     10.95
    kms-key              6 × 1.00             6.00
    web-acl              1 × 5.00             5.00
    dashboard            1 × 3.00             3.00
    web-acl-rule         3 × 1.00             3.00
    alarm               13 × 0.10             1.30
    aurora-storage      10 × 0.10             1.00
    secret               1 × 0.40             0.40
    =                                      1304.135";

/// What `declare` declares in a region with three zones.
pub(crate) fn declared(region: &str, declare: impl Fn(&Context<'_>) -> Stack) -> Stack {
    let suffix: Suffix = "dev".parse().unwrap();
    let zones = ["a", "b", "c"].map(|zone| Zone::from(format!("{region}{zone}"))).into();
    let found = Discovered::new(zones);
    declare(&Context {
        suffix: &suffix,
        account: "123456789012",
        region,
        partition: "aws",
        found: &found,
        handlers: &BTreeMap::new(),
        tags: &Tags::new(),
        permissions_boundary: None,
    })
}

fn month(declare: impl Fn(&Context<'_>) -> Stack) -> Estimate {
    let stack = declared(REGION, declare);
    let resources = stack.resources().iter().map(|one| (one.address.as_str(), &one.properties));
    estimate(Prices::built_in(), resources, REGION, &Usage::default())
}

/// The idle months of the four systems, by default and as strict as they get, with the sums of
/// above.
fn systems() -> [(&'static str, [(Estimate, &'static str); 2]); 4] {
    let postures = [Posture::Standard, Posture::Strict];
    let pci_core = postures.map(|posture| {
        let parameters = pci_core::Parameters { posture, ..Default::default() };
        month(|context| pci_core::declare(context, &parameters))
    });
    let secure_api = postures.map(|posture| {
        let parameters = secure_api::Parameters { posture, ..Default::default() };
        month(|context| secure_api::declare(context, &parameters))
    });
    let cost_optimized = postures.map(|posture| {
        let parameters = cost_optimized::Parameters { posture, ..Default::default() };
        month(|context| cost_optimized::declare(context, &parameters))
    });
    let migration = postures.map(|posture| {
        let parameters = migration::Parameters { posture, ..Default::default() };
        month(|context| migration::declare(context, &parameters))
    });
    let with = |[standard, strict]: [Estimate; 2], sums: [&'static str; 2]| {
        [(standard, sums[0]), (strict, sums[1])]
    };
    [
        ("pci-core", with(pci_core, [PCI_CORE, PCI_CORE_STRICT])),
        ("secure-api", with(secure_api, [SECURE_API, SECURE_API_STRICT])),
        ("cost-optimized", with(cost_optimized, [COST_OPTIMIZED, COST_OPTIMIZED_STRICT])),
        ("migration", with(migration, [MIGRATION, MIGRATION_STRICT])),
    ]
}

/// A number with up to four decimals, in ten-thousandths: whole, and without what is tested here.
fn ten_thousandths(text: &str) -> u64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    assert!(fraction.len() <= 4, "{text}");
    format!("{whole}{fraction:0<4}").parse().unwrap()
}

/// The product of `2 × 730 × 0.0208`, in ten-thousandths.
fn product(factors: &[&str]) -> u64 {
    let (price, counts) = factors.split_last().unwrap();
    counts.iter().map(|count| count.parse::<u64>().unwrap()).product::<u64>()
        * ten_thousandths(price)
}

#[test]
fn the_sums_are_those_that_one_gets_by_hand() {
    for (system, postures) in systems() {
        for (month, by_hand) in postures {
            let mut items = month.idle_items();
            let mut sum = 0;
            for line in by_hand.lines().filter(|line| !line.is_empty()) {
                let mut words: Vec<&str> =
                    line.split_whitespace().filter(|word| *word != "×").collect();
                let (name, result) = (words.remove(0), words.pop().unwrap());
                if name == "=" {
                    assert_eq!(sum, ten_thousandths(result), "{system}: the sum by hand");
                    let total = month.idle_total().exact();
                    assert_eq!(ten_thousandths(&total), sum, "{system}: {total}");
                    continue;
                }
                assert_eq!(product(&words), ten_thousandths(result), "{system}: {line}");
                sum += product(&words);
                let at = items.iter().position(|item| item.line.price == name);
                let item = items.remove(at.unwrap_or_else(|| panic!("{system} has no {name}")));
                assert_eq!(item.count.plain(), words[0], "{system}: how many of {name}");
                assert_eq!(
                    ten_thousandths(&item.monthly.exact()),
                    product(&words),
                    "{system}: {name}"
                );
            }
            assert_eq!(items, [], "{system}: what is not in the sum by hand");
            assert!(month.is_complete(), "{system}: {:?}", month.unknown);
        }
    }
}

/// To the cent, as plans and pages say it.
#[test]
fn the_sums_are_said_to_the_cent() {
    let said: Vec<[String; 2]> = systems()
        .map(|(_, postures)| postures.map(|(month, _)| render::summary(&month, None)))
        .into();
    let expected =
        [["37.80", "61.20"], ["37.70", "59.60"], ["93.25", "107.95"], ["1274.24", "1304.14"]];
    assert_eq!(
        said,
        expected.map(|sums| sums.map(|sum| format!("about {sum} USD a month when idle")))
    );
}

#[test]
fn it_is_known_how_every_kind_is_billed() {
    let prices = Prices::built_in();
    for kind in payctl_aws::kinds().kinds().values() {
        assert!(is_known(prices, kind.kind), "{}", kind.kind);
    }
}

/// The table of a system's page that begins with `head`, in lines.
fn table<'a>(page: &'a str, head: &str) -> Vec<&'a str> {
    let lines = page.lines().skip_while(|line| *line != head).skip(2);
    lines.take_while(|line| line.starts_with('|')).collect()
}

/// What is in the pages of the systems comes from here.
#[test]
fn the_pages_have_these_sums() {
    let pages = [
        include_str!("../../../docs/systems/pci-core.md"),
        include_str!("../../../docs/systems/secure-api.md"),
        include_str!("../../../docs/systems/cost-optimized.md"),
        include_str!("../../../docs/systems/migration.md"),
    ];
    for ((system, [(standard, _), (strict, _)]), page) in systems().into_iter().zip(pages) {
        let mut expected: Vec<String> = Vec::new();
        for item in standard.idle_items() {
            let line = item.line;
            let price = format!("{} per {}", line.unit_price.exact(), line.unit);
            expected
                .push(format!("| {} × {} | {price} | {} |", item.count, line.what, item.monthly));
        }
        expected.push(format!("| **sum** | | **{}** |", standard.idle_total()));
        let written = table(page, "| what | price | per month |");
        assert_eq!(
            written,
            expected,
            "the table of docs/systems/{system}.md has to be\n{}\n",
            expected.join("\n")
        );
        let more = strict.idle_total() - standard.idle_total();
        let said = format!("`posture = \"strict\"` adds {more} a month");
        assert!(page.contains(&said), "docs/systems/{system}.md does not say: {said}");
    }
}

/// What the same system would cost without what keeps it small, as its page says.
#[test]
fn the_page_compares_it_with_the_same_without_economies() {
    let page = include_str!("../../../docs/systems/cost-optimized.md");
    let changed = |change: &dyn Fn(&mut cost_optimized::Parameters)| {
        let mut parameters = cost_optimized::Parameters::default();
        change(&mut parameters);
        month(|context| cost_optimized::declare(context, &parameters)).idle_total()
    };
    let frugal = changed(&|_| {});
    let gateways = changed(&|parameters| parameters.nat = Nat::PerZone) - frugal;
    let fleet =
        changed(&|parameters| (parameters.instances_min, parameters.instances_desired) = (5, 5))
            - frugal;
    // One for each purpose, as `migration` has them.
    let parameters = migration::Parameters::default();
    let each = month(|context| migration::declare(context, &parameters));
    let keys = each.idle_items().into_iter().find(|item| item.line.price == "kms-key").unwrap();
    let keys = keys.monthly - keys.line.monthly;
    // The agent's metric for each of five instances and for the group, and not for the group alone.
    let metric = Prices::built_in().get("metric").unwrap().at[REGION].usd;
    let metrics = std::iter::repeat_n(metric, 5).sum();
    let rows = [
        ("as it is", frugal),
        ("a NAT gateway for each zone", gateways),
        ("five instances all the time", fleet),
        ("a key for each purpose", keys),
        ("the agent's metric of each instance", metrics),
        ("**without economies**", frugal + gateways + fleet + keys + metrics),
    ];
    for (what, sum) in rows {
        let row = page.lines().find(|line| line.starts_with(&format!("| {what}")));
        let row = row.unwrap_or_else(|| panic!("the page has no row {what:?}"));
        let has = [format!(" {sum} |"), format!("**{sum}**")].iter().any(|said| row.contains(said));
        assert!(has, "{sum}: {row}");
    }
}
