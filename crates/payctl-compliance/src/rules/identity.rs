//! Requirements 7 and 8: roles and what they may do.

use serde_json::Value;

use super::account;
use crate::policy::{
    actions, allows, covers, denies, is_fenced, is_for_everybody, is_of_everything, name, services,
};
use crate::rule::{Rule, Said, holds, none};
use crate::subject::Of;

const ROLE: &[&str] = &["iam.role"];
const BOTH: &[&str] = &["iam.role", "iam.policy"];
/// Each alone lets its holder become more than it is: iam:PassRole with something that runs a role, and
/// calls that change what anybody may do.
const ESCALATES: &[&str] = &[
    "iam:attachgrouppolicy",
    "iam:attachrolepolicy",
    "iam:attachuserpolicy",
    "iam:createaccesskey",
    "iam:createloginprofile",
    "iam:createpolicyversion",
    "iam:putgrouppolicy",
    "iam:putrolepolicy",
    "iam:putuserpolicy",
    "iam:setdefaultpolicyversion",
    "iam:updateassumerolepolicy",
    "iam:updateloginprofile",
    "iam:addusertogroup",
];
/// Each gives out credentials.
const CREDENTIALS: &[&str] = &[
    "iam:createaccesskey",
    "iam:createloginprofile",
    "iam:updateaccesskey",
    "iam:updateloginprofile",
    "sts:getfederationtoken",
    "sts:getsessiontoken",
];
/// Services whose resources hold data.
const OF_DATA: [&str; 6] = ["dynamodb:", "s3:", "secretsmanager:", "kms:", "sqs:", "sns:"];
/// Actions of these that take no resource: AWS's reference of each service, docs/permissions.md.
const WITHOUT_RESOURCE: &[&str] = &["secretsmanager:getrandompassword", "s3:listallmybuckets"];

pub(super) const RULES: &[Rule] = &[
    Rule::of("PAY-IAM-01", &["iam.policy"], &["document"], |of| {
        none(administrator(of), "may do everything")
    }),
    Rule::of("PAY-IAM-02", ROLE, &["inline"], |of| none(administrator(of), "may do everything")),
    Rule::of("PAY-IAM-03", ROLE, &["managed"], |of| {
        let all = of.this.list("managed").iter().filter_map(Value::as_str);
        let mut administrators = all.filter(|arn| arn.ends_with(":policy/AdministratorAccess"));
        holds(administrators.next().is_none(), "it is an administrator")
    }),
    Rule::of("PAY-IAM-04", BOTH, &["inline", "document"], |of| {
        let wide = statements(of)
            .find(|one| is_of_everything(one) && covers(&actions(one), "kms:decrypt"));
        none(wide.map(name), "uses every key")
    }),
    Rule::of("PAY-IAM-05", BOTH, &["inline", "document"], |of| {
        none(
            statements(of).find(|one| covers(&actions(one), "cloudtrail:*")).map(name),
            "rules every trail",
        )
    }),
    Rule::of("PAY-IAM-06", BOTH, &["inline", "document"], |of| {
        let raises = statements(of).find_map(|one| {
            let actions = actions(one);
            ESCALATES
                .iter()
                .find(|action| covers(&actions, action))
                .map(|action| format!("{}: {action}", name(one)))
        });
        if raises.is_some() {
            return none(raises, "lets it give itself more");
        }
        let all: Vec<String> = statements(of).flat_map(actions).collect();
        let passes = covers(&all, "iam:passrole")
            && ["lambda:createfunction", "ec2:runinstances", "cloudformation:createstack"]
                .iter()
                .any(|action| covers(&all, action));
        holds(!passes, "it may start something with any role")
    }),
    Rule::of("PAY-IAM-07", BOTH, &["inline", "document"], |of| {
        let wide = statements(of).find_map(|one| {
            let actions = actions(one);
            let data = actions.iter().find(|action| {
                OF_DATA.iter().any(|service| action.starts_with(service))
                    && !WITHOUT_RESOURCE.contains(&action.as_str())
            });
            data.filter(|_| is_of_everything(one)).map(|action| format!("{}: {action}", name(one)))
        });
        none(wide, "is not bound to a resource")
    }),
    Rule::of("PAY-IAM-08", BOTH, &["inline", "document"], |of| {
        let gives = statements(of).find_map(|one| {
            let actions = actions(one);
            CREDENTIALS.iter().find(|action| is_of_everything(one) && covers(&actions, action))
        });
        none(gives, "gives out credentials")
    }),
    Rule::of("PAY-IAM-09", ROLE, &["trust"], |of| {
        let open = allows(of.this.get("trust")).find(|one| is_for_everybody(one));
        none(open.map(name), "lets everybody take the role")
    }),
    Rule::of("PAY-IAM-10", ROLE, &["trust"], |of| {
        let mut all =
            allows(of.this.get("trust")).filter(|one| services(one).next().is_some()).peekable();
        if all.peek().is_none() {
            return Said::Skip;
        }
        let open = all.find(|one| !is_fenced(one));
        none(open.and_then(|one| services(one).next()), "takes the role for whomever it serves")
    }),
    Rule::of("PAY-IAM-11", ROLE, &["inline", "managed"], |of| {
        let runs = allows(of.this.get("trust"))
            .flat_map(services)
            .any(|one| one == "lambda.amazonaws.com");
        if !runs {
            return Said::Skip;
        }
        let shared =
            of.this.list("managed").iter().filter_map(|one| of.all().target("iam.policy", one));
        let mut documents: Vec<&Value> =
            of.this.table("inline").map(|(_, document)| document).collect();
        documents.extend(shared.map(|one| one.get("document")));
        let denied = documents
            .into_iter()
            .flat_map(denies)
            .flat_map(actions)
            .any(|one| one.contains(":delete"));
        holds(denied, "nothing denies it to delete what holds payments")
    })
    .of_systems(),
    account::USERS_POLICIES,
    account::PASSWORDS,
    account::MFA,
];

/// The statements that allow, of a policy or of all that a role has of its own.
fn statements<'a>(of: &Of<'a>) -> Box<dyn Iterator<Item = &'a Value> + 'a> {
    let this = of.this;
    match this.kind() {
        "iam.policy" => Box::new(allows(this.get("document"))),
        _ => Box::new(this.table("inline").flat_map(|(_, document)| allows(document))),
    }
}

fn administrator<'a>(of: &Of<'a>) -> Option<&'a str> {
    let everything = |one: &&Value| {
        is_of_everything(one) && actions(one).iter().any(|action| action == "*" || action == "*:*")
    };
    statements(of).find(everything).map(name)
}
