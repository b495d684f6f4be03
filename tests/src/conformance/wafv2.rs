//! Cases of AWS WAF's kinds.

use payctl_aws::wafv2::{Association, IpSet, Logging, Rule, RuleStatement, Visibility, WebAcl};
use payctl_aws::{Artifacts, Facts, Set};
use payctl_engine::{Address, Goal, Handle as _, Stack};

use super::{Case, apigateway, logs, stack, tags};
use crate::emulator::Emulator::{Ministack, Moto, Sandbox};
use crate::emulator::Server;
use crate::environment::Environment;

fn visibility(metric: &str) -> Visibility {
    Visibility { metric: metric.to_owned(), metrics: true, samples: true }
}

fn rule(name: &str, statement: RuleStatement) -> Rule {
    Rule { name: name.to_owned(), statement, visibility: visibility(name) }
}

fn managed(name: &str) -> Rule {
    let (vendor, group) = ("AWS".to_owned(), format!("AWSManagedRules{name}RuleSet"));
    rule(name, RuleStatement::ManagedGroup { vendor, name: group })
}

fn rate(limit: u32) -> Rule {
    rule("rate", RuleStatement::RateLimit { limit })
}

fn web_acl(name: &str) -> WebAcl {
    WebAcl {
        name: name.to_owned(),
        description: "conformance".to_owned(),
        default_allow: true,
        rules: vec![managed("Common"), managed("SQLi"), rate(2000)],
        visibility: visibility("acl"),
        tags: tags(name),
    }
}

fn ip_set(name: &str, networks: &[&str]) -> IpSet {
    IpSet {
        name: name.to_owned(),
        description: "conformance".to_owned(),
        ipv6: false,
        networks: networks.iter().map(|network| (*network).to_owned()).collect(),
        tags: tags(name),
    }
}

pub(super) fn cases(facts: &Facts, cases: &mut Vec<Case>) {
    let mut s = stack();
    let acl = s.add("main", web_acl("conformance-test"));
    // One whose name begins with the other's.
    s.add("longer", web_acl("conformance-test-longer"));
    let quiet = Visibility { metrics: false, samples: false, ..visibility("another") };
    let (vendor, name) = ("Fortinet".to_owned(), "all_rules".to_owned());
    let bought = rule("bought", RuleStatement::ManagedGroup { vendor, name });
    let bought = Rule { visibility: quiet.clone(), ..bought };
    cases.push(
        Case::new(s, acl.address())
            .edit("description", "another")
            .edit("default_allow", false)
            .edit("rules", [rate(1000), managed("KnownBadInputs"), managed("Common")])
            .edit("rules", [bought])
            .edit("visibility", quiet)
            .edit("tags", tags("other"))
            .except(Ministack, "description", "UpdateWebACL leaves it as it is"),
    );

    let mut s = stack();
    let set = s.add("blocked", ip_set("conformance-test", &["192.0.2.0/24", "198.51.100.7/32"]));
    let from = rule("blocked", RuleStatement::FromAddresses { set: set.arn() });
    let acl = WebAcl { rules: vec![from], ..web_acl("conformance-test") };
    s.add("main", acl);
    cases.push(
        Case::new(s, set.address())
            .edit("description", "another")
            .edit("networks", ["203.0.113.0/24", "192.0.2.0/24"])
            .edit("networks", [""; 0])
            .edit("tags", tags("other"))
            .except(Ministack, "description", "UpdateIPSet leaves it as it is"),
    );

    let mut s = stack();
    let acl = s.add("main", web_acl("conformance-test"));
    let stage = apigateway::add_stage(facts, &mut s);
    let bond = Association { web_acl: acl.arn(), resource: stage.arn() };
    let bond = s.add("stage", bond);
    // `a_stage_behind_a_web_acl` has the edit.
    let added = "AssociateWebACL adds a second one, and the first one stays";
    cases.push(Case::new(s, bond.address()).except(Moto, "web_acl", added));

    let mut s = stack();
    let acl = s.add("main", web_acl("conformance-test"));
    let [first, second] = ["first", "second"]
        .map(|name| s.add(name, logs::group(&format!("aws-waf-logs-{name}"))).arn());
    let logging = s
        .add("main", Logging { web_acl: acl.arn(), log_group: first, redacted_headers: headers() });
    cases.push(
        Case::new(s, logging.address())
            .edit("log_group", second)
            .edit("redacted_headers", ["cookie"])
            .except(Ministack, "create", "PutLoggingConfiguration is missing"),
    );
}

fn headers() -> Set<String> {
    ["authorization", "cookie"].map(str::to_owned).into_iter().collect()
}

/// A stage is put behind a web ACL, whose limit changes in one call; both go in order.
pub async fn a_stage_behind_a_web_acl() {
    let server = Server::start(Sandbox);
    let environment = Environment::new(&server, "conformance", "test", Artifacts::default()).await;
    let facts = environment.facts.clone();
    let waf = &environment.aws().wafv2;
    let declare = |limit: u32, name: &str| -> Stack {
        let mut s = stack();
        let acl = WebAcl { rules: vec![managed("Common"), rate(limit)], ..web_acl(name) };
        let acl = s.add("main", acl);
        let group = s.add("waf", logs::group("aws-waf-logs-test"));
        s.add(
            "main",
            Logging { web_acl: acl.arn(), log_group: group.arn(), redacted_headers: headers() },
        );
        let stage = apigateway::add_stage(&facts, &mut s);
        s.add("main", Association { web_acl: acl.arn(), resource: stage.arn() });
        s
    };
    let (_, outcome) = environment.run(&declare(2000, "first"), Goal::Up).await;
    assert!(outcome.is_complete(), "{:?} {:?}", outcome.failed, outcome.skipped);
    let state = environment.state();
    let bond = &state.resources[&Address::new("wafv2.association", "main")];
    let stage = bond.outputs["resource"].as_str().unwrap();
    let behind = async || {
        let seen = waf.get_web_acl_for_resource().resource_arn(stage).send().await.unwrap();
        seen.web_acl.map(|acl| acl.name)
    };
    assert_eq!(behind().await.as_deref(), Some("first"));

    let before = environment.calls.counts();
    let (plan, outcome) = environment.run(&declare(1000, "first"), Goal::Up).await;
    let changes = plan.steps.iter().filter(|step| step.action.changes()).count();
    assert_eq!((plan.counts().update, changes), (1, 1));
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let after = environment.calls.counts();
    assert!(!before.contains_key("WAFV2.UpdateWebACL"));
    assert_eq!(after["WAFV2.UpdateWebACL"], 1);
    assert!(environment.plan(&declare(1000, "first"), Goal::Up).await.is_empty());

    // Another name is another web ACL: the stage changes over to it before the first one goes.
    let (_, outcome) = environment.run(&declare(1000, "second"), Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    assert_eq!(behind().await.as_deref(), Some("second"));
    let calls = environment.calls.counts();
    assert!(!calls.contains_key("WAFV2.DisassociateWebACL"));

    let (_, outcome) = environment.run(&declare(1000, "second"), Goal::Destroy).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let left = waf.list_web_acls().scope("REGIONAL".into()).send().await.unwrap();
    assert!(left.web_acls().is_empty());
}
