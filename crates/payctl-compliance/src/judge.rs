//! Judging: each control on each resource that it is of.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::rule::{Rule, Said};
use crate::rules::RULES;
use crate::subject::{Of, Subject};
use crate::waivers::{Posture, Waiver, waivers};
use crate::{CONTROLS, Control, Profile, Resource};

/// Whether a control holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It does not.
    Fail,
    /// It cannot be known here.
    Unknown,
    /// It does not, and that is a deviation that is written down.
    Waived,
    /// It does.
    Pass,
    /// There is nothing that it is of.
    NotApplicable,
}

/// One control on one resource.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The control.
    pub control: &'static Control,
    /// The resource; none where there is nothing that it is of, and for the account's.
    pub resource: Option<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// Why, in words; empty for a pass.
    pub why: String,
    /// What was looked at: properties, as they are declared or were read.
    pub evidence: Map<String, Value>,
    /// The deviation that it is.
    pub waiver: Option<&'static Waiver>,
}

/// All findings, in the order of the controls.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    /// Of each control at least one.
    pub findings: Vec<Finding>,
}

impl Judgement {
    /// How many findings have that verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.with(verdict).count()
    }

    /// Those with that verdict.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |one| one.verdict == verdict)
    }
}

/// Judges everything.
#[must_use]
pub fn judge(subject: &Subject<'_>) -> Judgement {
    judge_by(subject, &CONTROLS)
}

/// Judges by some controls.
#[must_use]
pub fn judge_by(subject: &Subject<'_>, controls: &'static [Control]) -> Judgement {
    let mut findings = Vec::new();
    for control in controls {
        let before = findings.len();
        judge_control(subject, control, &mut findings);
        if findings.len() == before {
            findings.push(Finding {
                control,
                resource: None,
                verdict: Verdict::NotApplicable,
                why: "there is nothing that it is of".to_owned(),
                evidence: Map::new(),
                waiver: None,
            });
        }
    }
    Judgement { findings }
}

fn judge_control(subject: &Subject<'_>, control: &'static Control, findings: &mut Vec<Finding>) {
    let finding = |resource: Option<String>, said: Said, evidence| {
        let (verdict, why) = match said {
            Said::Pass => (Verdict::Pass, String::new()),
            Said::Fail(why) => (Verdict::Fail, why),
            Said::Unknown(why) => (Verdict::Unknown, why),
            Said::Skip => return None,
        };
        let mut found = Finding { control, resource, verdict, why, evidence, waiver: None };
        if verdict == Verdict::Fail {
            waive(subject, &mut found);
        }
        Some(found)
    };
    for rule in
        RULES.iter().flat_map(|rules| rules.iter()).filter(|rule| rule.control == control.id)
    {
        if rule.asked_of_systems
            && !subject.system.is_some_and(|system| control.systems.iter().any(|one| one == system))
        {
            continue;
        }
        let Some(judge) = rule.judge else {
            let (said, evidence) = judge_account(subject, rule);
            findings.extend(finding(None, said, evidence));
            continue;
        };
        let kinds = rule.kinds;
        for this in subject.resources.iter().filter(|one| is_of(kinds, one)) {
            let looked = rule.looks.iter().map(|name| ((*name).to_owned(), this.get(name).clone()));
            let said = match control.place == "live" && this.outputs.is_null() {
                // What is declared is no answer of AWS's.
                true => Said::Unknown("it is known once it exists".to_owned()),
                false => judge(&Of { subject, this }),
            };
            findings.extend(finding(Some(this.address.clone()), said, looked.collect()));
        }
    }
}

/// What a rule says of the account: nothing is known of what was not asked for.
fn judge_account(subject: &Subject<'_>, rule: &Rule) -> (Said, Map<String, Value>) {
    let asked =
        rule.setting.and_then(|(name, judge)| Some((name, judge, subject.account.get(name)?)));
    match asked {
        Some((name, judge, Ok(value))) => {
            (judge(value), Map::from_iter([(name.to_owned(), value.clone())]))
        }
        Some((_, _, Err(why))) => {
            (Said::Unknown(format!("it could not be read: {why}")), Map::new())
        }
        None => (Said::Unknown(rule.needs.to_owned()), Map::new()),
    }
}

fn is_of(kinds: &[&str], resource: &Resource) -> bool {
    kinds == ["*"] || kinds.contains(&resource.kind())
}

/// A fault that a system is known to have on purpose is a deviation.
fn waive(subject: &Subject<'_>, found: &mut Finding) {
    let fits = |waiver: &&'static Waiver| {
        let (Some(system), Some(resource)) = (subject.system, &found.resource) else {
            return false;
        };
        waiver.control == found.control.id
            && waiver.systems.iter().any(|one| one == system)
            && waiver.is_in(subject.posture)
            && waiver.is_of(resource)
    };
    found.waiver = waivers().iter().find(fits);
    let is_strict = found.control.profile == Profile::Strict;
    if found.waiver.is_some() {
        found.verdict = Verdict::Waived;
    } else if is_strict && subject.posture == Posture::Standard {
        // Nobody asked for it.
        found.verdict = Verdict::Waived;
        found.why = format!("{}: asked of posture strict only", found.why);
    }
}
