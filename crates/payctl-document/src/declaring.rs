//! What is being declared: resources with their defaults filled in, and all that is checked of them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use payctl_aws::apigateway::Content;
use payctl_engine::input::references;
use payctl_engine::{Address, Declared, KindInfo, Kinds, Reference, Stack};
use payctl_stack::parts::PartInfo;
use serde_json::Value as Json;

use crate::document::Document;
use crate::item::{AFTER, Item, WITHOUT};
use crate::problem::{Problem, Problems};
use crate::scope::{Place, World};
use crate::shape::Shape;
use crate::tree::{Key, Node, Span, Table, Value};
use crate::{house, order, secrets};

/// A resource as it is declared, and where.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) at: Span,
    pub(crate) declared: Declared,
    /// Whether the document declares it, and no system.
    pub(crate) is_own: bool,
}

/// What is being declared.
pub(crate) struct Declaring<'a> {
    pub(crate) document: &'a Document,
    pub(crate) kinds: &'a Kinds,
    pub(crate) world: World<'a>,
    /// The shapes of the kinds that were needed.
    shapes: HashMap<&'static str, Shape>,
    /// Outputs that were given for texts with a type's name: where, the type, and what.
    pub(crate) typed: Vec<(Span, String, Reference)>,
    pub(crate) resources: Vec<Placed>,
    /// The addresses of those.
    pub(crate) addresses: HashSet<Address>,
    /// The parts that could not be declared: what refers to them is no mistake.
    pub(crate) failed_parts: Vec<(&'static PartInfo, String)>,
    /// What parts say to people who read the plan.
    pub(crate) notes: Vec<String>,
    /// Whether its own resources were found to be right, wherever it is declared: what of their values
    /// depends on the account is held against their kinds once more before anything is made.
    is_checked: bool,
}

impl<'a> Declaring<'a> {
    pub(crate) fn new(document: &'a Document, kinds: &'a Kinds, world: World<'a>) -> Self {
        Self {
            document,
            kinds,
            world,
            shapes: HashMap::new(),
            typed: Vec::new(),
            resources: Vec::new(),
            addresses: HashSet::new(),
            failed_parts: Vec::new(),
            notes: Vec::new(),
            is_checked: document.is_checked(),
        }
    }
}

impl Declaring<'_> {
    pub(crate) fn problem(&self, problem: Problem) {
        self.world.problem(problem);
    }

    pub(crate) fn has(&self, address: &Address) -> Option<&Placed> {
        self.resources.iter().find(|placed| placed.declared.address == *address)
    }

    /// Which key the defaults mean: the only one there is, or the one that is called `stack`, which is
    /// made where it is not declared. A system that is extended may have several for purposes of its
    /// own; where the document has a further one, it has to say which.
    pub(crate) fn choose_key(&mut self) {
        const KEY: &str = "kms.key";
        let of_base = self.resources.iter().map(|placed| placed.declared.address.clone());
        let of_base: BTreeSet<Address> = of_base.filter(|one| one.kind() == KEY).collect();
        let own = self.document.resources.iter().filter(|item| item.what == KEY);
        let parts = self.document.parts.iter().filter(|item| item.what == "key");
        let of_parts = parts.map(|item| Address::new(KEY, &item.logical));
        let own: BTreeSet<Address> = own.map(Item::address).chain(of_parts).collect();
        let all: BTreeSet<&Address> = of_base.union(&own).collect();
        self.world.key = match all.first() {
            Some(only) if all.len() == 1 => Ok((*only).clone()),
            _ if own.is_empty() || own.contains(&house::stack_key()) => Ok(house::stack_key()),
            _ => Err(format!(
                "the stack has {} keys, of which none is called `stack`: say which one this uses",
                all.len()
            )),
        };
    }

    pub(crate) fn shape(&mut self, kind: &KindInfo) -> &Shape {
        self.shapes.entry(kind.kind).or_insert_with(|| Shape::of(kind))
    }

    /// Declares a resource of the document.
    pub(crate) fn resource(&mut self, item: &Item) {
        let Some(kind) = self.kinds.get(item.what.as_str()).cloned() else { return };
        let address = item.address();
        let name = self.default_name(&item.logical);
        let mut own = item.properties.clone();
        let after = self.after(&mut own);
        let without = self.without(&mut own, &kind, &address);
        if let Some(house) = house::of(kind.kind) {
            let free: Vec<&str> = without.iter().map(|key| key.name.as_str()).collect();
            let house = house.placed(item.at);
            self.shape(&kind);
            let shape = &self.shapes[kind.kind];
            own = shape.merged(house, own, &free);
        }
        let tags = kind.tags.map(|tags| (tags, take(&mut own, tags)));
        let place = Place { name: Some(&name), logical: Some(&item.logical), own: None };
        let mut table = self.filled(own, &place);
        if let Some((property, given)) = tags {
            let given = given.map(|given| self.world.fill(given, &place));
            let tags = self.tags(&table, &name, item.at, given);
            table.0.push((Key { at: item.at, name: property.to_owned() }, tags));
        }
        table.0.retain(|(_, node)| node.value != Value::Null);
        if !self.is_checked {
            secrets::check(&address, &table, &mut self.world.problems.borrow_mut());
        }
        self.content(&kind, &mut table, item.at);
        self.place(&kind, address, item.at, table, after, self.is_checked);
    }

    /// Declares a resource that a part at `at` made.
    pub(crate) fn made(&mut self, at: Span, declared: &Declared) {
        let Declared { address, properties, after } = declared;
        let Some(kind) = self.kinds.get(address.kind()).cloned() else { return };
        let Value::Table(mut table) = Node::of_json(at, properties).value else { return };
        table.0.retain(|(_, node)| node.value != Value::Null);
        // The document may have more of the same API.
        take(&mut table, CONTENT);
        self.content(&kind, &mut table, at);
        // How many zones there are, on which its lists may depend, the account tells.
        self.place(&kind, address.clone(), at, table, after.clone(), false);
    }

    /// Checks the properties, and declares them.
    pub(crate) fn place(
        &mut self,
        kind: &KindInfo,
        address: Address,
        at: Span,
        mut table: Table,
        after: BTreeSet<Address>,
        is_checked: bool,
    ) {
        let source = self.world.source;
        self.shape(kind).fit(&mut table, source);
        let mut problems = Problems::default();
        if !is_checked {
            let shape = &self.shapes[kind.kind];
            shape.check(address.as_str(), at, &table, &mut problems, &mut self.typed);
        }
        let properties = Json::Object(table.into_json());
        let sound = problems.is_empty() && self.world.problems.borrow().is_empty();
        let properties = match sound {
            true => (kind.parse)(&properties).unwrap_or_else(|why| {
                // What a shape does not tell.
                problems.push(Problem::new(at, format!("{address}: {why}")));
                properties
            }),
            false => properties,
        };
        self.world.problems.borrow_mut().extend(problems);
        if !self.addresses.insert(address.clone()) {
            let twice = Problem::new(at, format!("{address} is declared twice"));
            let problem = match self.has(&address) {
                None => twice,
                Some(first) if first.is_own => {
                    let line = source[..first.at.start].matches('\n').count() + 1;
                    twice.label(format!("line {line} declares it as well: call one otherwise"))
                }
                Some(_) => {
                    Problem::new(at, format!("{address} is there already: the system declares it"))
                        .hint(format!("`[change.\"{address}\"]` changes what it declares"))
                }
            };
            self.problem(problem);
            return;
        }
        let declared = Declared { address, properties, after };
        self.resources.push(Placed { at, declared, is_own: true });
    }

    /// The name of what is called `logical`, where it has none of its own.
    pub(crate) fn default_name(&self, logical: &str) -> String {
        self.world.context.name(&logical.replace(['/', '.', '_'], "-"))
    }

    /// Fills in `own`: first what stands by itself, then what speaks of the resource's own properties.
    fn filled(&self, own: Table, place: &Place<'_>) -> Table {
        let (late, early): (Vec<_>, Vec<_>) =
            own.0.into_iter().partition(|(_, node)| speaks_of_itself(node));
        let mut table = self.world.fill_table(Table(early), place);
        if late.is_empty() {
            return table;
        }
        let known = table.clone();
        let place = Place { own: Some(&known), ..*place };
        table.0.extend(self.world.fill_table(Table(late), &place).0);
        table
    }

    pub(crate) fn after(&self, own: &mut Table) -> BTreeSet<Address> {
        let Some(node) = take(own, AFTER) else { return BTreeSet::new() };
        let Some(items) = node.list() else {
            self.problem(Problem::new(node.at, "`after` has to be a list of addresses"));
            return BTreeSet::new();
        };
        let mut all = BTreeSet::new();
        for item in items {
            match item.text().map(Address::parse) {
                Some(Ok(address)) => {
                    // Looked at with all other references.
                    self.world
                        .references
                        .borrow_mut()
                        .push((item.at, Reference::new(&address, "")));
                    all.insert(address);
                }
                Some(Err(error)) => self.problem(Problem::new(item.at, error.to_string())),
                None => {
                    self.problem(Problem::new(item.at, "`after` has to be a list of addresses"))
                }
            }
        }
        all
    }

    /// The properties whose defaults are not wanted.
    pub(crate) fn without(&self, own: &mut Table, kind: &KindInfo, address: &Address) -> Vec<Key> {
        let Some(node) = take(own, WITHOUT) else { return Vec::new() };
        let mut all = Vec::new();
        for item in node.list().unwrap_or_default() {
            let name = item.text().unwrap_or_default();
            let Some(property) = kind.details.iter().find(|property| property.name == name) else {
                let problem = Problem::new(item.at, format!("{address} has no property `{name}`"));
                self.problem(problem.nearest(name, kind.properties.iter().copied()));
                continue;
            };
            if property.default.is_none() {
                let message = format!("{address} cannot be without `{name}`");
                self.problem(Problem::new(item.at, message).label("it is required"));
            } else if own.get(name).is_some() {
                self.problem(Problem::new(item.at, format!("`{name}` is declared as well")));
            } else {
                all.push(Key { at: item.at, name: name.to_owned() });
            }
        }
        if node.list().is_none() {
            self.problem(Problem::new(node.at, "`without` has to be a list of properties"));
        }
        all
    }

    /// The tags that every resource has, and those that are given.
    fn tags(&self, table: &Table, name: &str, at: Span, given: Option<Node>) -> Node {
        let named = ["name", "identifier"].into_iter().find_map(|key| table.get(key)?.text());
        let ours = self.world.context.tags(named.unwrap_or(name));
        let key = |name: String| Key { at, name };
        let mut all: Vec<(Key, Node)> = ours
            .into_iter()
            .map(|(name, value)| (key(name), Node::new(at, Value::Text(value))))
            .collect();
        let Some(given) = given else { return Node::new(at, Value::Table(Table(all))) };
        let Value::Table(given) = given.value else { return given };
        for (key, node) in given.0 {
            let lower = key.name.to_lowercase();
            if lower.starts_with("payctl:") || lower.starts_with("aws:") {
                let message =
                    format!("the tag `{}` is not to be set: its name is reserved", key.name);
                self.problem(Problem::new(key.at, message));
            }
            all.retain(|(ours, _)| ours.name.to_lowercase() != lower);
            all.push((key, node));
        }
        Node::new(at, Value::Table(Table(all)))
    }

    /// A deployment is of all that belongs to its API: it is filled in once all that is declared.
    fn content(&self, kind: &KindInfo, table: &mut Table, at: Span) {
        if kind.properties.contains(&CONTENT) && table.get(CONTENT).is_none() {
            let key = Key { at, name: CONTENT.to_owned() };
            table.0.push((key, Node::new(at, Value::Text(String::new()))));
        }
    }

    /// Makes deployments of which nothing is said be of all that belongs to their API.
    pub(crate) fn fill_contents(&mut self) {
        let open: Vec<usize> = (0..self.resources.len())
            .filter(|nth| self.resources[*nth].declared.properties.get(CONTENT) == Some(&"".into()))
            .collect();
        for nth in open {
            let Declared { address, properties, .. } = &self.resources[nth].declared;
            let Some(api) = references(&properties["api"]).into_iter().next() else { continue };
            // What refers to the deployment, as a stage, comes after it.
            let mut parts = Stack::new("", "");
            for Placed { declared, .. } in &self.resources {
                let before = declared.address.kind() != address.kind()
                    && !declared.dependencies().contains_key(address);
                if before {
                    parts.declare(declared.clone());
                }
            }
            if let Ok(content) = serde_json::to_value(Content::of(&parts, &api.address)) {
                self.resources[nth].declared.properties[CONTENT] = content;
            }
        }
    }

    /// Whether there is what is referred to.
    pub(crate) fn check_references(&mut self) {
        let references = self.world.references.take();
        let all: BTreeSet<&Address> =
            self.resources.iter().map(|placed| &placed.declared.address).collect();
        for (at, reference) in &references {
            if self.world.problems.borrow().are_enough() {
                break;
            }
            let Reference { address, output, .. } = reference;
            let Some(kind) = self.kinds.get(address.kind()) else {
                let problem = Problem::new(*at, format!("there is no kind `{}`", address.kind()));
                self.problem(problem.nearest(address.kind(), self.kinds.keys().copied()));
                continue;
            };
            let of_part = |(part, logical): &(&PartInfo, String)| {
                let rest = address.name().strip_prefix(logical.as_str());
                let is_within = |rest: &str| rest.is_empty() || rest.starts_with(['-', '/']);
                part.declares.iter().any(|(kind, _)| *kind == address.kind())
                    && (logical == "main" || rest.is_some_and(is_within))
            };
            if !all.contains(address) && self.failed_parts.iter().any(of_part) {
                continue;
            }
            if !all.contains(address) {
                let problem = Problem::new(*at, format!("there is no {address} in this stack"));
                let of_kind = all.iter().filter(|one| one.kind() == address.kind());
                let near = crate::nearest(address.as_str(), all.iter().map(|one| one.as_str()));
                let known: Vec<&str> = of_kind.map(|one| one.as_str()).collect();
                self.problem(match near {
                    Some(near) => problem.label(format!("did you mean `{near}`?")),
                    None => problem.nearest(address.as_str(), known),
                });
                continue;
            }
            if !output.is_empty() && kind.outputs.iter().all(|(name, _)| name != output) {
                let message = format!("{address} has no output `{output}`");
                let known = kind.outputs.iter().map(|(name, _)| *name);
                self.problem(Problem::new(*at, message).nearest(output, known));
            }
        }
        for (at, wanted, Reference { address, output, .. }) in std::mem::take(&mut self.typed) {
            let Some(kind) = self.kinds.get(address.kind()) else { continue };
            let Some((_, given)) = kind.outputs.iter().find(|(name, _)| *name == output) else {
                continue;
            };
            // What is any text fits any.
            if *given == wanted || *given == "String" {
                continue;
            }
            let message = format!("`{output}` of {address} is none of what is taken here");
            let meant = kind.outputs.iter().find(|(_, sort)| *sort == wanted);
            self.problem(Problem::new(at, message).label(match meant {
                Some((meant, _)) => format!("it takes `${{{address}.{meant}}}`"),
                None => format!("this is a {given}, and it takes a {wanted}"),
            }));
        }
    }

    /// Whether two would have one name.
    pub(crate) fn check_names(&self) {
        let mut seen: BTreeMap<String, &Placed> = BTreeMap::new();
        for placed in &self.resources {
            let Declared { address, properties, .. } = &placed.declared;
            let Some(kind) = self.kinds.get(address.kind()) else { continue };
            if kind.unique_by.is_empty() {
                continue;
            }
            let values: Vec<String> =
                kind.unique_by.iter().map(|name| properties[*name].to_string()).collect();
            let values = values.join(" ");
            // IAM and RDS take names that differ in case for one (IAM's and RDS's guides on naming).
            let values = match kind.service() {
                "iam" | "rds" => values.to_lowercase(),
                _ => values,
            };
            let key = format!("{} {values}", kind.kind);
            if let Some(first) = seen.insert(key, placed)
                && (placed.is_own || first.is_own)
            {
                let by = kind.unique_by.join(" and ");
                let message = format!(
                    "{address} and {} have the same {by}: AWS would take them for one",
                    first.declared.address
                );
                self.problem(Problem::new(placed.at, message));
            }
        }
    }

    /// Adds all to the stack in an order in which each comes after what it refers to.
    pub(crate) fn finish(&mut self, stack: &mut Stack, base: Option<&Stack>, outputs: &Table) {
        let declared: Vec<&Declared> = self.resources.iter().map(|p| &p.declared).collect();
        let ordered: Vec<usize> = match order::of(&declared) {
            Ok(ordered) => ordered,
            Err(cycle) => {
                let at = self.has(&cycle[0]).map(|placed| placed.at).unwrap_or_default();
                let path: Vec<String> = cycle.iter().map(ToString::to_string).collect();
                let message = format!("dependency cycle: {}", path.join(" → "));
                self.problem(Problem::new(at, message).label("each refers to the next"));
                return;
            }
        };
        let all = std::mem::take(&mut self.resources).into_iter();
        let mut all: Vec<Option<Declared>> = all.map(|placed| Some(placed.declared)).collect();
        ordered.into_iter().filter_map(|nth| all[nth].take()).for_each(|one| stack.declare(one));
        let own: BTreeSet<&str> = outputs.names().collect();
        for (name, value) in base.iter().flat_map(|base| base.outputs()) {
            if !own.contains(name.as_str()) {
                stack.output(name, value);
            }
        }
        for (key, node) in &outputs.0 {
            stack.output(&key.name, &node.json());
        }
    }
}

/// What a deployment of an API is of.
const CONTENT: &str = "content";

/// Takes an entry out of a table.
pub(crate) fn take(table: &mut Table, name: &str) -> Option<Node> {
    let place = table.0.iter().position(|(key, _)| key.name == name)?;
    Some(table.0.remove(place).1)
}

/// Whether a value speaks of the resource's own properties.
fn speaks_of_itself(node: &Node) -> bool {
    match &node.value {
        Value::Text(text) => text.contains("${self."),
        Value::List(items) => items.iter().any(speaks_of_itself),
        Value::Table(table) => {
            table.0.iter().any(|(key, node)| key.name.contains("${self.") || speaks_of_itself(node))
        }
        _ => false,
    }
}
