//! What the tests of reports share: a system declared, made and seen, all in memory.

use std::collections::BTreeMap;

use payctl_aws::questions::RECORDER;
use payctl_aws::{CodeSha256, Recorder, Tags, Zone, kinds};
use payctl_engine::input::{references, resolve};
use payctl_engine::state::Record;
use payctl_engine::{
    Address, Goal, Kinds, Observed, Owner, Permissions, Plan, Request, Seen, Stack, State, Status,
    plan,
};
use payctl_stack::config::Config;
use payctl_stack::{Context, Discovered};
use serde_json::{Value, json};

pub(crate) struct Fixture {
    pub(crate) kinds: Kinds,
    pub(crate) stack: Stack,
    pub(crate) state: State,
    pub(crate) observed: Observed,
    pub(crate) permissions: Permissions,
}

impl Fixture {
    /// The system as it is declared where nothing of it is there yet.
    pub(crate) fn new(name: &str) -> Self {
        let state = State::empty(name, "dev", "123456789012", "us-east-1", "lineage");
        Self {
            kinds: kinds().kinds().clone(),
            stack: declare(name, &Config::default()),
            state,
            observed: Observed::default(),
            permissions: Permissions::default(),
        }
    }

    /// All of it was made, is on record and was seen so.
    pub(crate) fn made(mut self) -> Self {
        let mut known: BTreeMap<Address, Value> = BTreeMap::new();
        let owner = self.owner();
        for declared in self.stack.resources() {
            let address = &declared.address;
            let properties =
                resolve(&declared.owned(&owner, &self.kinds[address.kind()]), &|reference| {
                    known.get(&reference.address)?.get(&reference.output).cloned()
                });
            let properties = self.kinds[address.kind()].normalise(&properties);
            let outputs = outputs(&self.stack, address, &properties);
            known.insert(address.clone(), outputs.clone());
            let record = Record {
                status: Status::Complete,
                outputs: outputs.clone(),
                properties: properties.clone(),
                depends_on: declared.dependencies().into_keys().collect(),
                deposed: Vec::new(),
            };
            let seen = Seen { outputs, properties, ..Seen::default() };
            self.state.resources.insert(address.clone(), record);
            self.observed.resources.insert(address.clone(), seen);
        }
        self.state.serial = 1;
        self
    }

    /// It was changed outside payctl.
    pub(crate) fn drift(mut self, address: &str, property: &str, value: Value) -> Self {
        self.seen(address).properties[property] = value;
        self
    }

    /// It was deleted outside payctl.
    pub(crate) fn gone(mut self, address: &str) -> Self {
        self.observed.resources.remove(&at(address));
        self
    }

    /// It is somebody else's, and stands under our name.
    pub(crate) fn foreign(mut self, address: &str) -> Self {
        self.state.resources.remove(&at(address));
        let seen = self.seen(address);
        seen.found = true;
        seen.properties["tags"] = json!({});
        self
    }

    /// Nobody remembers that it was made.
    pub(crate) fn forgotten(mut self) -> Self {
        self.state.resources.clear();
        self.observed.resources.values_mut().for_each(|seen| seen.found = true);
        self
    }

    /// The configuration is another.
    pub(crate) fn configured(mut self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        change(&mut config);
        self.stack = declare(&self.state.stack, &config);
        self
    }

    pub(crate) fn seen(&mut self, address: &str) -> &mut Seen {
        self.observed.resources.get_mut(&at(address)).unwrap()
    }

    pub(crate) fn plan(&self, goal: Goal) -> Plan {
        plan(Request {
            goal,
            stack: &self.stack,
            state: &self.state,
            observed: &self.observed,
            owner: &self.owner(),
            kinds: &self.kinds,
            permissions: &self.permissions,
        })
        .unwrap()
    }

    fn owner(&self) -> Owner {
        let State { stack, suffix, lineage, .. } = &self.state;
        Owner { stack: stack.clone(), suffix: suffix.clone(), lineage: lineage.clone() }
    }
}

pub(crate) fn at(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn declare(name: &str, config: &Config) -> Stack {
    let system = payctl_stack::ALL.named(name).unwrap();
    let zones: Vec<Zone> = ["us-east-1a", "us-east-1b", "us-east-1c"].map(Zone::from).into();
    let code = |handler: &&str| ((*handler).to_owned(), CodeSha256::from("digest-of-the-code"));
    let recorder = Recorder::Recording("default".to_owned());
    let found = Discovered::new(zones).with(RECORDER, &recorder);
    let context = Context {
        suffix: &"dev".parse().unwrap(),
        account: "123456789012",
        region: "us-east-1",
        partition: "aws",
        found: &found,
        handlers: &system.handlers.iter().map(code).collect(),
        tags: &Tags::new(),
        permissions_boundary: None,
    };
    system.declare(&context, config)
}

/// What AWS might have assigned: a name where it is given one, else an id, and all that others
/// refer to.
fn outputs(stack: &Stack, address: &Address, properties: &Value) -> Value {
    let (_, kind) = address.kind().split_once('.').unwrap();
    let mut outputs = json!({});
    for reference in stack.resources().iter().flat_map(|one| references(&one.properties)) {
        if reference.address == *address {
            let value = format!("{}-of-{}", reference.output, address.name());
            outputs[&reference.output] = json!(value);
        }
    }
    match properties.get("name").or_else(|| properties.get("identifier")) {
        Some(name) => outputs["name"] = name.clone(),
        None => outputs["id"] = json!(format!("{kind}-{:08x}", address.as_str().len() * 7919)),
    }
    outputs
}
