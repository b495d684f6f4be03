//! Preflight: what is known to stop a run later is looked at before anything is changed.

use std::collections::{BTreeMap, BTreeSet};

use payctl_aws::{Aws, Limited, Room};
use payctl_engine::plan::{Refusal, Step};
use payctl_engine::{Action, Address, Plan, Stack, State};
use serde_json::Value;

/// What was asked of the account, or why that could not be.
pub(crate) type Rooms = BTreeMap<Limited, Result<Room, String>>;

/// What a check says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) limited: Limited,
    /// How much more of it the plan makes.
    pub(crate) needed: u64,
    /// The first resource that needs it.
    pub(crate) first: Address,
    pub(crate) room: Result<Room, String>,
}

impl Check {
    /// Whether the run would stop at it.
    pub(crate) fn stops(&self) -> bool {
        self.room.as_ref().is_ok_and(|room| room.left() < self.needed)
    }
}

/// Asks for all that what is declared and not recorded may need.
pub(crate) async fn ask(aws: &Aws, stack: &Stack, state: &State) -> Rooms {
    let declared = stack.resources().iter().map(|declared| &declared.address);
    let new = declared.filter(|address| !state.resources.contains_key(*address));
    let kinds: BTreeSet<&str> = new.map(Address::kind).collect();
    let rooms = payctl_aws::rooms(aws, &kinds).await.into_iter();
    rooms.map(|(limited, room)| (limited, room.map_err(|error| error.to_string()))).collect()
}

/// What the plan needs of each, where it needs any.
pub(crate) fn checks(plan: &Plan, rooms: &Rooms) -> Vec<Check> {
    let check = |(limited, room): (&Limited, &Result<Room, String>)| {
        let of_kind = |step: &&Step| step.address.kind() == limited.kind();
        let steps = plan.steps.iter().filter(of_kind);
        let needs = steps.map(|step| (step, need(*limited, step))).filter(|(_, need)| *need > 0);
        let needs: Vec<(&Step, u64)> = needs.collect();
        let first = needs.first()?.0.address.clone();
        let needed = match limited {
            // Each is in a zone of its own.
            Limited::NatGateways => 1,
            _ => needs.iter().map(|(_, need)| need).sum(),
        };
        Some(Check { limited: *limited, needed, first, room: room.clone() })
    };
    rooms.iter().filter_map(check).collect()
}

/// How much more of it there is after the step, or while it is done.
fn need(limited: Limited, step: &Step) -> u64 {
    let made = matches!(step.action, Action::Create | Action::CreateThenDelete);
    if limited != Limited::ReservedConcurrency {
        return u64::from(made);
    }
    let of = |properties: &Value| properties["reserved_concurrency"].as_u64().unwrap_or_default();
    let before = if made { 0 } else { of(&step.before) };
    match step.action {
        Action::Create | Action::CreateThenDelete | Action::Update | Action::Adopt => {
            of(&step.properties).saturating_sub(before)
        }
        _ => 0,
    }
}

/// Refuses what the account has no room for: half-way it would leave an environment that is neither
/// there nor gone.
pub(crate) fn refuse(plan: &mut Plan, rooms: &Rooms, stack: &str) {
    for check in checks(plan, rooms).into_iter().filter(Check::stops) {
        let Check { limited, needed, first, room } = check;
        let Ok(room) = room else { continue };
        let why = format!(
            "the account has room for {} more {}, and this plan needs {needed} (quota {}, used {})",
            room.left(),
            limited.name(),
            room.limit,
            room.used,
        );
        plan.refusals.push(Refusal { address: first, why, hint: hint(limited, stack) });
    }
}

/// What to do where there is no room.
fn hint(limited: Limited, stack: &str) -> String {
    let (service, code) = limited.quota();
    let raise = format!("raise the quota {code} of {service} in Service Quotas");
    match limited {
        Limited::ReservedConcurrency => {
            format!("set `reserved_concurrency = 0` under [{stack}] in payctl.toml, or {raise}")
        }
        Limited::ElasticIps | Limited::NatGateways => {
            format!("need fewer with `nat` under [{stack}] in payctl.toml, or {raise}")
        }
        _ => raise,
    }
}
