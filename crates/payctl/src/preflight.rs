//! Preflight: what is known to stop a run later is looked at before anything is changed.

use std::collections::{BTreeMap, BTreeSet};

use payctl_aws::{Aws, Lacking, Limited, LinkedRoles, Room, Task};
use payctl_engine::plan::{Refusal, Step};
use payctl_engine::{Action, Address, Kinds, Plan, Stack, State};
use serde_json::Value;

/// What was asked of the account, or why that could not be.
pub(crate) type Rooms = BTreeMap<Limited, Result<Room, String>>;

/// What the caller may do, as IAM simulates it.
#[derive(Clone, Debug)]
pub(crate) struct Rights {
    /// The service-linked roles that are needed, and whether they are there.
    pub(crate) linked: Result<LinkedRoles, String>,
    /// What `up` does and the caller may not.
    pub(crate) lacking: Result<Lacking, String>,
}

/// What was asked of account and caller.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) rooms: Rooms,
    /// None: not asked, as where something is there already.
    pub(crate) rights: Option<Rights>,
}

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

/// Asks whether the caller may do what `up` does, where `asks` are the actions that look up what it
/// has to know before.
pub(crate) async fn rights(
    aws: &Aws,
    stack: &Stack,
    kinds: &Kinds,
    asks: &[&'static str],
) -> Rights {
    let document = payctl_aws::policy(stack, kinds, &aws.facts, &[Task::Up], asks);
    let linked = payctl_aws::linked_roles(aws, &document).await;
    let none = LinkedRoles::new();
    let lacking = payctl_aws::lacking(aws, &document, linked.as_ref().unwrap_or(&none)).await;
    Rights {
        linked: linked.map_err(|error| error.to_string()),
        lacking: lacking.map_err(|error| error.to_string()),
    }
}

impl Rights {
    /// What the plan says of it.
    pub(crate) fn told(&self) -> Option<String> {
        let lacking = self.lacking.as_ref().ok()?;
        let first = lacking.keys().next()?;
        let more = match lacking.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Some(format!(
            "these credentials are not allowed {first}{more}, as IAM simulates it: `payctl \
             preflight` lists what is missing"
        ))
    }
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
            format!(
                "set `reserved_concurrency = 0` under [{stack}] in payctl.toml (1 where the posture \
                 is strict), or {raise}"
            )
        }
        Limited::ElasticIps | Limited::NatGateways => {
            format!("need fewer with `nat` under [{stack}] in payctl.toml, or {raise}")
        }
        _ => raise,
    }
}
