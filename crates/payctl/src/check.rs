//! What an environment is judged by, and the verdicts as data.

use std::collections::BTreeMap;

use clap::Args;
use jiff::Timestamp;
use payctl_aws::{Reply, Told, kinds};
use payctl_compliance::{
    Account, Finding, Judgement, Posture, Resource, Resources, Subject, Verdict, judge,
};
use payctl_engine::{Goal, Observed, Owner, Stack};
use payctl_picture::Requirement;
use payctl_stack::config::{Config, Posture as Configured};
use payctl_stack::{SYSTEMS, System};
use serde_json::{Value, json};

use crate::environment::Environment;
use crate::error::{CliError, Exit};
use crate::local::Local;
use crate::report::plural;
use crate::witness::Replies;

/// The format of `docs/schema/check.json`.
const FORMAT: u32 = 1;
/// What nobody may take the verdicts for.
pub(crate) const NOTICE: &str = "no assessment: PCI DSS asks for people and procedures as well";

/// How many failures are told where they keep a plan from being carried out.
const MOST_TOLD: usize = 5;

/// Whether a control that fails keeps a plan from being carried out.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct EnforceArgs {
    /// Fail with 6 where a compliance control fails: `payctl check` says which
    #[arg(long, hide_short_help = true)]
    pub(crate) enforce: bool,
}

impl EnforceArgs {
    /// Refuses it for a deletion, of which nothing is left that could be judged.
    pub(crate) fn refuse_for(self, goal: Goal) -> Result<(), CliError> {
        match (goal, self.enforce) {
            (Goal::Destroy, true) => {
                let message = "--enforce judges what a plan makes, and this one deletes";
                Err(CliError::failed(message).hint("leave --enforce out"))
            }
            _ => Ok(()),
        }
    }

    /// Judges what is declared, where that is asked for.
    pub(crate) fn check(self, environment: &Environment) -> Result<(), CliError> {
        if !self.enforce {
            return Ok(());
        }
        let check = Check::declared(environment);
        check.holds("compliance verdict").map_err(|error| {
            let failed = check.judgement.with(Verdict::Fail).take(MOST_TOLD);
            let error = failed.fold(error, |error, one| {
                let whose = one.resource.as_deref().unwrap_or("the account");
                error.hint(format!("{} {whose}: {}", one.control.id, one.why))
            });
            error.hint("`payctl check` says all of it; nothing was changed")
        })
    }
}

/// What is judged.
pub(crate) struct Subjects {
    resources: Vec<Resource>,
    /// Those that are declared and do not exist; of what stands only.
    missing: Vec<String>,
    is_live: bool,
    /// Whose account it is in, where that was asked.
    account: Option<String>,
    /// The account's settings, where they were asked for.
    settings: Account,
    /// What shows it, by address or setting.
    replies: Replies,
}

/// The verdicts over an environment.
pub(crate) struct Check {
    pub(crate) account: Option<String>,
    pub(crate) stack: String,
    pub(crate) suffix: String,
    pub(crate) region: String,
    at: Timestamp,
    pub(crate) is_live: bool,
    pub(crate) missing: Vec<String>,
    pub(crate) posture: Posture,
    pub(crate) judgement: Judgement,
    /// The same by the posture `strict`, finding by finding.
    strict: Judgement,
    /// By address, what AWS assigned.
    outputs: BTreeMap<String, Value>,
    replies: Replies,
}

/// The name of a built-in system; none for a document, though it has the same name.
fn built_in(system: &System) -> Option<&'static str> {
    let is_it = |one: &&System| one.name == system.name && one.folder == system.folder;
    SYSTEMS.iter().find(is_it).map(|one| one.name)
}

/// The posture that is configured; a stack of one's own has none.
fn configured(system: &System, config: &Config) -> Posture {
    let posture = match built_in(system) {
        Some("pci-core") => config.pci_core.posture,
        Some("secure-api") => config.secure_api.posture,
        Some("cost-optimized") => config.cost_optimized.posture,
        Some("migration") => config.migration.posture,
        _ => Configured::Standard,
    };
    match posture {
        Configured::Standard => Posture::Standard,
        Configured::Strict => Posture::Strict,
    }
}

/// What a stack declares, with the tags that payctl gives it.
pub(crate) fn declared(local: &Local, stack: &Stack) -> Subjects {
    let bound = kinds();
    let kinds = bound.kinds();
    // Which lineage it is does not matter, but that there is one.
    let owner = Owner {
        stack: local.system.name.to_owned(),
        suffix: local.suffix.as_str().to_owned(),
        lineage: "declared".to_owned(),
    };
    let all = stack.resources().iter().map(|one| Resource {
        address: one.address.to_string(),
        properties: match kinds.get(one.address.kind()) {
            Some(kind) => one.owned(&owner, kind),
            None => one.properties.clone(),
        },
        ..Resource::default()
    });
    Subjects {
        resources: all.collect(),
        missing: Vec::new(),
        is_live: false,
        account: None,
        settings: Account::new(),
        replies: Replies::new(),
    }
}

/// What AWS has, and what shows it.
pub(crate) fn standing(
    Environment { stack, facts, .. }: &Environment,
    observed: Observed,
    replies: Replies,
) -> Subjects {
    let addresses = stack.resources().iter().map(|one| &one.address);
    let missing = addresses.filter(|address| !observed.resources.contains_key(*address));
    let missing = missing.map(ToString::to_string).collect();
    let all = observed.resources.into_iter().map(|(address, seen)| Resource {
        address: address.to_string(),
        properties: seen.properties,
        outputs: seen.outputs,
        attached: seen.attachments.into_iter().collect(),
    });
    Subjects {
        resources: all.collect(),
        missing,
        is_live: true,
        account: Some(facts.account.clone()),
        settings: Account::new(),
        replies,
    }
}

impl Subjects {
    /// The same with the account's settings.
    pub(crate) fn with(mut self, settings: Vec<Told>) -> Self {
        for Told { setting, value, replies } in settings {
            self.replies.entry(setting.name().to_owned()).or_default().extend(replies);
            self.settings.insert(setting.name(), value.map_err(|error| error.to_string()));
        }
        self
    }
}

impl Check {
    /// Judges what an environment declares.
    pub(crate) fn declared(environment: &Environment) -> Self {
        let Environment { local, stack, facts, .. } = environment;
        Self::of(local, &facts.region, declared(local, stack), false)
    }

    /// Judges an environment; by the posture `strict` where that is asked for or configured.
    pub(crate) fn of(local: &Local, region: &str, subjects: Subjects, strict: bool) -> Self {
        let Subjects { resources, missing, is_live, account, settings, replies } = subjects;
        let outputs =
            resources.iter().map(|one| (one.address.clone(), one.outputs.clone())).collect();
        let resources = Resources::new(resources);
        let by = |posture| {
            judge(&Subject {
                system: built_in(local.system),
                suffix: local.suffix.as_str(),
                posture,
                resources: &resources,
                account: &settings,
            })
        };
        let posture = match strict {
            true => Posture::Strict,
            false => configured(local.system, &local.config),
        };
        let judgement = by(posture);
        let strict = match posture {
            Posture::Strict => judgement.clone(),
            Posture::Standard => by(Posture::Strict),
        };
        Self {
            account,
            stack: local.system.name.to_owned(),
            suffix: local.suffix.as_str().to_owned(),
            region: region.to_owned(),
            at: Timestamp::now(),
            is_live,
            missing,
            posture,
            judgement,
            strict,
            outputs,
            replies,
        }
    }

    /// Fails with the exit code for it where a control fails; `what` is a verdict called.
    pub(crate) fn holds(&self, what: &str) -> Result<(), CliError> {
        match self.judgement.count(Verdict::Fail) {
            0 => Ok(()),
            count => {
                let message = format!("{} failed", plural(count, what));
                Err(CliError { exit: Exit::Noncompliant, ..CliError::failed(message) })
            }
        }
    }

    /// How many verdicts there are of each, in a line.
    pub(crate) fn summary(&self) -> String {
        let count = |verdict| self.judgement.count(verdict);
        format!(
            "{} pass, {} fail, {} waived, {} unknown, {} not applicable",
            count(Verdict::Pass),
            count(Verdict::Fail),
            count(Verdict::Waived),
            count(Verdict::Unknown),
            count(Verdict::NotApplicable),
        )
    }

    /// How many verdicts of each sort there are under each requirement; one counts under each of its
    /// own.
    pub(crate) fn by_requirement(&self) -> Vec<Requirement> {
        let mut counts: BTreeMap<(u32, &str), Requirement> = BTreeMap::new();
        for one in &self.judgement.findings {
            let mut tops: Vec<&str> =
                one.control.pci.iter().filter_map(|number| number.split('.').next()).collect();
            tops.sort_unstable();
            tops.dedup();
            if tops.is_empty() {
                tops.push("none");
            }
            for top in tops {
                // Numbers in their order, then appendices, then what has none.
                let order = top.parse().unwrap_or(if top == "none" { 99 } else { 98 });
                let counted = counts.entry((order, top)).or_default();
                counted.number = top.to_owned();
                match one.verdict {
                    Verdict::Pass => counted.pass += 1,
                    Verdict::Fail => counted.fail += 1,
                    Verdict::Waived => counted.waived += 1,
                    Verdict::Unknown => counted.unknown += 1,
                    Verdict::NotApplicable => {}
                }
            }
        }
        let is_any = |one: &Requirement| one.pass + one.fail + one.waived + one.unknown > 0;
        counts.into_values().filter(is_any).collect()
    }

    /// The findings, each with the verdict that the posture `strict` gives.
    pub(crate) fn findings(&self) -> impl Iterator<Item = (&Finding, Verdict)> {
        let strict = self.strict.findings.iter().map(|one| one.verdict);
        self.judgement.findings.iter().zip(strict)
    }

    /// How many more fail where the posture is strict.
    pub(crate) fn more_where_strict(&self) -> usize {
        self.strict.count(Verdict::Fail).saturating_sub(self.judgement.count(Verdict::Fail))
    }

    /// What was judged, in a word.
    pub(crate) fn mode(&self) -> &'static str {
        if self.is_live { "live" } else { "declared" }
    }

    /// When it was judged, in UTC.
    pub(crate) fn time(&self) -> String {
        self.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// What a script reads: `docs/schema/check.json`.
    pub(crate) fn json(&self) -> Value {
        let count = |verdict| self.judgement.count(verdict);
        json!({
            "format": FORMAT,
            "mode": self.mode(),
            "at": self.time(),
            "stack": self.stack,
            "suffix": self.suffix,
            "account": self.account,
            "region": self.region,
            "posture": self.posture,
            "notice": NOTICE,
            "missing": self.missing,
            "summary": {
                "pass": count(Verdict::Pass),
                "fail": count(Verdict::Fail),
                "waived": count(Verdict::Waived),
                "unknown": count(Verdict::Unknown),
                "not_applicable": count(Verdict::NotApplicable),
            },
            "verdicts": self
                .findings()
                .map(|(one, strict)| self.verdict(one, strict))
                .collect::<Vec<_>>(),
        })
    }

    fn verdict(&self, one: &Finding, strict: Verdict) -> Value {
        let outputs = one.resource.as_ref().and_then(|address| self.outputs.get(address));
        let output = |name: &str| outputs.and_then(|all| all.get(name)?.as_str());
        json!({
            "control": one.control.id,
            "title": one.control.title,
            "pci": one.control.pci,
            "pci_basis": one.control.pci_basis,
            "severity": one.control.severity,
            "profile": one.control.profile,
            "condition": one.control.condition,
            "resource": one.resource,
            "id": output("id").or_else(|| output("name")),
            "arn": output("arn"),
            "verdict": one.verdict,
            "strict": strict,
            "why": (!one.why.is_empty()).then_some(&one.why),
            "waived": one.waiver.map(|row| json!({"reason": row.reason, "instead": row.instead})),
            "evidence": one.evidence,
            "replies": self.replies(one).map(reply).collect::<Vec<_>>(),
        })
    }

    /// The replies that show what a finding says: those by which its resource was read, or the
    /// account's setting.
    pub(crate) fn replies(&self, one: &Finding) -> impl Iterator<Item = &Reply> {
        let shown = match &one.resource {
            Some(address) => self.replies.get(address),
            None => one.evidence.keys().find_map(|setting| self.replies.get(setting)),
        };
        shown.into_iter().flatten()
    }
}

/// When a reply was there, in UTC.
pub(crate) fn time(reply: &Reply) -> String {
    let at = Timestamp::try_from(reply.at).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn reply(one: &Reply) -> Value {
    json!({
        "service": one.service,
        "operation": one.operation,
        "at": time(one),
        "status": one.status,
        "request_id": one.request_id,
    })
}
