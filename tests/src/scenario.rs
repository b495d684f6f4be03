//! Scenarios: files of commands with the answers expected under them, run through the engine on
//! the in-memory cloud. docs: the commands are those of [`Scenario::answer`].

use std::cell::Cell;

use payctl_aws::kinds;
use payctl_engine::testing::{Faults, Memory, synthetic};
use payctl_engine::{Address, Declared, FailureKind, Goal, Plan, Stack};
use payctl_stack::config::Config;
use serde_json::{Value, json};

use crate::world::{End, World, pci_core};

mod render;

use render::Ids;

/// Runs the commands of a scenario and answers the same text with what they answer now. `line`
/// says how far it has come, should it panic.
///
/// # Errors
/// A command that cannot be understood.
pub async fn run(text: &str, line: &Cell<usize>) -> Result<String, String> {
    // Jitter decides which of two calls comes first; here it is always the same.
    fastrand::seed(1);
    let mut scenario: Option<Scenario> = None;
    let mut written = String::new();
    let mut answering = false;
    for (nth, text) in text.lines().enumerate() {
        line.set(nth + 1);
        if let Some(command) = text.strip_prefix('>') {
            answering = true;
            written += &format!("{text}\n");
            let command = command.split(" # ").next().unwrap_or_default().trim();
            let answer = match (command.strip_prefix("load "), &mut scenario) {
                (Some(what), _) => {
                    scenario = Some(Scenario::load(what)?);
                    Vec::new()
                }
                (None, Some(scenario)) => scenario.answer(command).await?,
                (None, None) => return Err("the first command is not `load`".to_owned()),
            };
            answer.iter().for_each(|line| written += &format!("{line}\n"));
        } else if text.is_empty() || text.starts_with('#') {
            answering = false;
            written += &format!("{text}\n");
        } else if !answering {
            return Err("an answer stands under its command".to_owned());
        }
    }
    Ok(written)
}

/// What is declared, before it is edited.
enum Source {
    PciCore(Box<Config>),
    Synthetic(Vec<Declared>),
}

struct Scenario {
    world: World,
    source: Source,
    /// Declared properties that differ from the source's.
    edits: Vec<(Address, String, Value)>,
    undeclared: Vec<Address>,
    /// Where the last run's calls begin in the cloud's log.
    since: usize,
    ids: Ids,
}

impl Scenario {
    fn load(what: &str) -> Result<Self, String> {
        let (source, kinds) = match what {
            "pci-core" => (Source::PciCore(Box::default()), kinds().kinds().clone()),
            "synthetic" => (Source::Synthetic(Vec::new()), synthetic()),
            _ => return Err(format!("there is no {what}: load pci-core or synthetic")),
        };
        let ids = Ids::new(kinds.keys().copied());
        let world = World::new(Memory::new(kinds), &declare(&source));
        let (edits, undeclared) = (Vec::new(), Vec::new());
        Ok(Self { world, source, edits, undeclared, since: 0, ids })
    }

    /// Carries one command out.
    async fn answer(&mut self, command: &str) -> Result<Vec<String>, String> {
        let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
        let words: Vec<&str> = rest.split_whitespace().collect();
        let lines = match (verb, &words[..]) {
            // What is declared.
            ("set", [key, ..]) => self.set(key, after(rest, 1))?,
            ("edit", [at, property, ..]) => {
                self.edits.push((address(at)?, (*property).to_owned(), value(after(rest, 2))));
                Vec::new()
            }
            ("undeclare", [at]) => {
                self.undeclared.push(address(at)?);
                Vec::new()
            }
            ("declare", [at, size, parents @ ..]) => self.declare(at, size, parents)?,
            ("allow-data-loss", [at]) => {
                self.world.permissions.lose_data_of.insert(address(at)?);
                Vec::new()
            }
            ("lift-protection", []) => {
                self.world.permissions.lift_protection = true;
                Vec::new()
            }
            // What happens outside payctl.
            ("drift", [at, property, ..]) => {
                let (at, to) = (address(at)?, value(after(rest, 2)));
                match property.split_once('.') {
                    Some((property, key)) => {
                        let mut whole = self.property(&at, property)?;
                        match (&mut whole, to) {
                            (Value::Object(map), Value::Null) => drop(map.remove(key)),
                            (whole, to) => whole[key] = to,
                        }
                        self.world.memory.drift(&at, property, whole);
                    }
                    None => self.world.memory.drift(&at, property, to),
                }
                Vec::new()
            }
            ("vanish", [at]) => {
                self.world.memory.vanish(&address(at)?);
                Vec::new()
            }
            ("plant", [kind, ..]) => {
                let mut properties: Value = serde_json::from_str(after(rest, 1))
                    .map_err(|error| format!("these are no properties: {error}"))?;
                self.bare_tags(&mut properties);
                self.world.memory.plant(kind, properties);
                Vec::new()
            }
            ("lose-state", []) => {
                self.world.lose_state();
                Vec::new()
            }
            // What goes wrong.
            ("fail-next", [verb, kind, failure]) => {
                let failure: FailureKind = serde_json::from_value(json!(failure))
                    .map_err(|error| format!("there is no such failure: {error}"))?;
                self.world.memory.fail_next(&format!("{verb} {kind}"), failure);
                Vec::new()
            }
            ("kill-at", [call @ .., last]) => {
                let (call, applied) = match *last {
                    "applied" => (call.join(" "), true),
                    _ => (words.join(" "), false),
                };
                match call.parse() {
                    Ok(nth) => self.world.kill_at(nth, applied),
                    Err(_) => {
                        let dies_on = Some((call, applied));
                        self.world.memory.set_faults(Faults { dies_on, ..Faults::default() });
                    }
                }
                Vec::new()
            }
            // What payctl does.
            ("plan", []) => self.plan(Goal::Up, None).await?,
            ("plan", ["destroy"]) => self.plan(Goal::Destroy, None).await?,
            ("plan", [at]) => self.plan(Goal::Up, Some(address(at)?)).await?,
            ("order", []) => self.order(Goal::Up).await?,
            ("order", ["destroy"]) => self.order(Goal::Destroy).await?,
            ("up", []) => self.run(Goal::Up).await?,
            ("destroy", []) => self.run(Goal::Destroy).await?,
            // What came of it.
            ("calls", []) => self.calls(&|_| true),
            ("calls", about) => self.calls(&|call| about.iter().any(|about| call.contains(about))),
            ("things", []) => vec![render::count(self.world.memory.things().len(), "thing")],
            ("things", [about]) => self.things(about),
            ("show", [at, property]) => {
                let shown = render::value(&self.property(&address(at)?, property)?);
                vec![self.ids.within(&shown)]
            }
            ("state", []) => render::state(&self.world.state()),
            _ => return Err(format!("`{command}` is no command")),
        };
        Ok(lines)
    }

    fn stack(&self) -> Result<Stack, String> {
        if let Source::PciCore(config) = &self.source {
            config.check().map_err(|error| error.to_string())?;
        }
        let source = declare(&self.source);
        let mut stack = Stack::new(&source.name, &source.suffix);
        for declared in source.resources() {
            let mut declared = declared.clone();
            for (_, property, value) in self.edits.iter().filter(|e| e.0 == declared.address) {
                declared.properties[property] = value.clone();
            }
            if !self.undeclared.contains(&declared.address) {
                stack.declare(declared);
            }
        }
        for (name, value) in source.outputs() {
            stack.output(name, &payctl_engine::Input::Known(value.clone()));
        }
        stack.check().map_err(|error| error.to_string())?;
        Ok(stack)
    }

    fn set(&mut self, key: &str, text: &str) -> Result<Vec<String>, String> {
        let Source::PciCore(config) = &mut self.source else {
            return Err("only pci-core has parameters".to_owned());
        };
        let mut all = serde_json::to_value(&*config).unwrap();
        all["pci-core"][key] = value(text);
        let changed: Config = serde_json::from_value(all).map_err(|error| error.to_string())?;
        **config = changed;
        Ok(Vec::new())
    }

    /// Declares a synthetic thing, or declares it otherwise.
    fn declare(&mut self, at: &str, size: &str, on: &[&str]) -> Result<Vec<String>, String> {
        let Source::Synthetic(all) = &mut self.source else {
            return Err("only what is synthetic is declared".to_owned());
        };
        let on = on.strip_prefix(&["on"]).unwrap_or(on);
        let parents: Vec<Value> =
            on.iter().map(|parent| json!({ "$ref": format!("{parent}.id") })).collect();
        let (address, size) = (address(at)?, value(size));
        let properties =
            json!({ "name": address.name(), "size": size, "parents": parents, "tags": {} });
        let declared = Declared { address, properties, after: [].into() };
        self.undeclared.retain(|address| *address != declared.address);
        match all.iter_mut().find(|known| known.address == declared.address) {
            Some(known) => *known = declared,
            None => all.push(declared),
        }
        Ok(Vec::new())
    }

    /// A property of the thing at `at`, as it is in the cloud.
    fn property(&self, at: &Address, property: &str) -> Result<Value, String> {
        let things = self.world.memory.things();
        let thing = things.iter().rfind(|(name, _)| name == at.as_str());
        let (_, properties) = thing.ok_or_else(|| format!("there is no {at}"))?;
        Ok(properties[property].clone())
    }

    /// Puts the ownership tags `stack`, `suffix`, `id` and `lineage` under their whole name.
    fn bare_tags(&self, properties: &mut Value) {
        let Some(Value::Object(tags)) = properties.get_mut("tags") else { return };
        for name in ["stack", "suffix", "id", "lineage"] {
            if let Some(value) = tags.remove(name) {
                tags.insert(format!("payctl:{name}"), value);
            }
        }
    }

    async fn plan(&mut self, goal: Goal, of: Option<Address>) -> Result<Vec<String>, String> {
        let plan = self.world.plan(&self.stack()?, goal).await;
        Ok(self.known(match of {
            None => render::plan(&plan),
            Some(of) => plan.step(&of).map_or_else(Vec::new, |step| render::step(step, true)),
        }))
    }

    /// What the plan's operations wait for.
    async fn order(&mut self, goal: Goal) -> Result<Vec<String>, String> {
        let plan = self.world.plan(&self.stack()?, goal).await;
        Ok(render::order(&plan, payctl_engine::Provider::kinds(&self.world.memory)))
    }

    async fn run(&mut self, goal: Goal) -> Result<Vec<String>, String> {
        self.since = self.world.memory.log().len();
        let ended = self.world.run(&self.stack()?, goal).await;
        let refused = |plan: &Plan| render::refusals(plan);
        let lines = match &ended {
            End::Killed => vec!["killed".to_owned()],
            End::Unsound(error) => vec![format!("the plan is unsound: {error}")],
            End::Refused(plan) => refused(plan),
            End::Ran(plan, outcome) => render::outcome(plan, outcome),
        };
        if matches!(ended, End::Killed) {
            self.world.no_faults();
        }
        Ok(self.known(lines))
    }

    fn calls(&self, about: &dyn Fn(&str) -> bool) -> Vec<String> {
        let log = self.world.memory.log();
        let calls: Vec<String> =
            log[self.since..].iter().filter(|call| about(call)).cloned().collect();
        if calls.is_empty() { vec!["none".to_owned()] } else { calls }
    }

    fn things(&mut self, about: &str) -> Vec<String> {
        let things = self.world.memory.things();
        let names = things.into_iter().map(|(name, _)| name);
        let names: Vec<String> = names.filter(|name| name.contains(about)).collect();
        if names.is_empty() { vec!["none".to_owned()] } else { self.known(names) }
    }

    fn known(&mut self, lines: Vec<String>) -> Vec<String> {
        lines.iter().map(|line| self.ids.within(line)).collect()
    }
}

fn declare(source: &Source) -> Stack {
    match source {
        Source::PciCore(config) => pci_core(config),
        Source::Synthetic(all) => {
            let mut stack = Stack::new("synthetic", "test");
            all.iter().for_each(|declared| stack.declare(declared.clone()));
            stack
        }
    }
}

fn address(text: &str) -> Result<Address, String> {
    Address::parse(text).map_err(|error| error.to_string())
}

/// JSON, or else the text itself.
fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

/// What stands behind the first `count` words.
fn after(text: &str, count: usize) -> &str {
    (0..count).fold(text.trim(), |rest, _| {
        rest.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim_start())
    })
}
