//! A document: what stands where in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use payctl_engine::{Address, Kinds};
use payctl_stack::config::Config;
use payctl_stack::{System, Systems};

use crate::item::Item;
use crate::parameter::Parameter;
use crate::problem::{Problem, Problems};
use crate::read::{self, Format};
use crate::scope::{MOST_ZONES, named, named_in};
use crate::tree::{Node, Span, Table};
use crate::{house, parts};

/// Where a document is from.
#[derive(Clone, Debug)]
pub struct Source {
    /// What it is called, such as the path of its file.
    pub name: String,
    /// The folder that paths in it start from.
    pub folder: PathBuf,
    /// How it is written.
    pub format: Format,
    /// What it says.
    pub text: String,
}

/// What a document says.
#[derive(Debug)]
pub struct Document {
    /// Where it is from.
    pub source: Source,
    /// The stack's name.
    pub name: String,
    /// What it is, in a line.
    pub description: String,
    /// The system it extends.
    pub extends: Option<&'static System>,
    /// Values of that system's parameters.
    pub(crate) given: Table,
    /// Parameters of its own.
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) changes: Vec<(Span, Address, Table)>,
    pub(crate) removes: Vec<(Span, Address)>,
    pub(crate) resources: Vec<Item>,
    pub(crate) parts: Vec<Item>,
    pub(crate) outputs: Table,
    /// What was found wrong when it was read.
    pub(crate) misread: Problems,
    /// Whether it was checked, and is right.
    pub(crate) checked: AtomicBool,
    /// How many zones it speaks of, once that was counted.
    zones: OnceLock<usize>,
}

/// How long a stack's name may be: it stands in names of roles and in tags.
pub const LONGEST_NAME: usize = 24;

/// How many resources a document may have: AWS's own templates have 500 at most
/// (CloudFormation's guide, "quotas").
const MOST_RESOURCES: usize = 10_000;

/// What a document may have besides its resources.
const SECTIONS: [&str; 10] = [
    "$schema",
    "name",
    "description",
    "extends",
    "parameters",
    "parameter",
    "change",
    "remove",
    "part",
    "outputs",
];

/// Whether a stack may be called so.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let fits = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    text.split('-').all(fits) && text.len() <= LONGEST_NAME
}

impl Document {
    /// One without anything.
    pub(crate) fn empty(source: Source, name: &str) -> Self {
        Self {
            source,
            name: name.to_owned(),
            description: String::new(),
            extends: None,
            given: Table::default(),
            parameters: Vec::new(),
            changes: Vec::new(),
            removes: Vec::new(),
            resources: Vec::new(),
            parts: Vec::new(),
            outputs: Table::default(),
            misread: Problems::default(),
            checked: AtomicBool::new(false),
            zones: OnceLock::new(),
        }
    }

    /// Reads `source`. Of its mistakes, [`Document::check`] tells.
    ///
    /// # Errors
    /// What keeps it from being read at all.
    pub fn read(
        source: Source,
        systems: Systems,
        kinds: &Kinds,
    ) -> Result<Self, Box<(Source, Problems)>> {
        let table = match read::read(&source.text, source.format) {
            Ok(table) => table,
            Err(problems) => return Err(Box::new((source, problems))),
        };
        let mut reader = Reader { systems, kinds, problems: Problems::default() };
        let mut document = reader.document(table, source);
        document.misread = reader.problems;
        Ok(document)
    }

    /// Whether [`Document::check`] found it right.
    pub(crate) fn is_checked(&self) -> bool {
        self.checked.load(Ordering::Relaxed)
    }

    /// The handlers whose code it names, and zip files as `zip:PATH`.
    pub(crate) fn handlers(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let own = self.resources.iter().chain(&self.parts).map(|item| &item.properties);
        for table in own.clone().chain(self.changes.iter().map(|(_, _, table)| table)) {
            let mut named_here = BTreeSet::new();
            named(table, "handler.", &mut named_here);
            found.extend(named_here.into_iter().map(|(name, _)| name));
            let mut zips = BTreeSet::new();
            named(table, "zip:", &mut zips);
            found.extend(zips.into_iter().map(|(path, _)| format!("zip:{path}")));
        }
        for part in &self.parts {
            found.extend(parts::handlers(part));
        }
        found
    }

    /// In which line each resource stands that it declares itself, or changes. What parts make stands
    /// in none.
    #[must_use]
    pub fn lines(&self) -> BTreeMap<String, usize> {
        let declared = self.resources.iter().map(|item| (item.at, item.address()));
        let changed = self.changes.iter().map(|(at, address, _)| (*at, address.clone()));
        let mut all: Vec<(Span, Address)> = declared.chain(changed).collect();
        all.sort_by_key(|(at, _)| at.start);
        let (mut line, mut counted) = (1, 0);
        let line_of = |(at, address): (Span, Address)| {
            line += self.source.text[counted..at.start].matches('\n').count();
            counted = at.start;
            (address.to_string(), line)
        };
        all.into_iter().map(line_of).collect()
    }

    /// Whether it says what only matters to one that extends a system.
    pub(crate) fn speaks_of_a_system(&self) -> bool {
        !(self.given.0.is_empty() && self.changes.is_empty() && self.removes.is_empty())
    }

    /// Whether it, or the system it extends, has a parameter of that name.
    #[must_use]
    pub fn takes(&self, name: &str, config: &Config) -> bool {
        let of_base = self.extends.and_then(|system| {
            Some(serde_json::to_value(config).ok()?.get(system.name)?.get(name).is_some())
        });
        self.parameters.iter().any(|one| one.name == name) || of_base == Some(true)
    }

    /// How many zones it names.
    pub(crate) fn zones(&self) -> usize {
        *self.zones.get_or_init(|| self.count_zones())
    }

    fn count_zones(&self) -> usize {
        let mut found = BTreeSet::new();
        for (_, _, table) in &self.changes {
            named(table, "zone.", &mut found);
        }
        for item in self.resources.iter().chain(&self.parts) {
            named(&item.properties, "zone.", &mut found);
            // Those of defaults that count.
            for (key, node) in house::of(&item.what).iter().flat_map(|table| &table.0) {
                if item.properties.get(&key.name).is_none() {
                    named_in(node, "zone.", &mut found);
                }
            }
        }
        let numbers = found.iter().filter_map(|(number, _)| number.parse::<usize>().ok());
        let of_parts = self.parts.iter().map(parts::zones);
        numbers.chain(of_parts).filter(|number| *number <= MOST_ZONES).max().unwrap_or_default()
    }
}

struct Reader<'a> {
    systems: Systems,
    kinds: &'a Kinds,
    problems: Problems,
}

impl Reader<'_> {
    fn wrong(&mut self, at: Span, message: impl Into<String>) {
        self.problems.push(Problem::new(at, message));
    }

    fn document(&mut self, table: Table, source: Source) -> Document {
        let begin = Span { start: 0, end: source.text.lines().next().map_or(0, str::len) };
        let mut document = Document::empty(source, "");
        let services: BTreeSet<&str> = self.kinds.values().map(|kind| kind.service()).collect();
        let (mut has_name, mut says_extends, mut first_of_base) = (false, false, None);
        for (key, node) in table.0 {
            let base_only = matches!(key.name.as_str(), "parameters" | "change" | "remove");
            if base_only && first_of_base.is_none() {
                first_of_base = Some(key.clone());
            }
            match key.name.as_str() {
                "$schema" => {}
                "name" => {
                    has_name = true;
                    document.name = self.name(&node);
                }
                "description" => document.description = self.text(&key.name, &node),
                "extends" => {
                    says_extends = true;
                    document.extends = self.extends(&node);
                }
                "parameters" => document.given = self.table(&key.name, node),
                "parameter" => {
                    for (key, node) in self.table("parameter", node).0 {
                        let read = Parameter::read(&key, &node, &mut self.problems);
                        document.parameters.extend(read);
                    }
                }
                "change" => {
                    for (key, node) in self.table("change", node).0 {
                        let address = self.address(key.at, &key.name);
                        let table = self.table(&key.name, node);
                        document.changes.extend(address.map(|address| (key.at, address, table)));
                    }
                }
                "remove" => document.removes = self.removes(&node),
                "part" => {
                    for (part, node) in self.table("part", node).0 {
                        if parts::names().all(|name| name != part.name) {
                            let message = format!("there is no part `{}`", part.name);
                            let problem = Problem::new(part.at, message);
                            self.problems.push(problem.nearest(&part.name, parts::names()));
                            continue;
                        }
                        let items = self.items(&part.name, node);
                        document.parts.extend(items);
                    }
                }
                "outputs" => document.outputs = self.table(&key.name, node),
                service if services.contains(service) => {
                    let service = service.to_owned();
                    for (kind, node) in self.table(&service, node).0 {
                        let full = format!("{service}.{}", kind.name);
                        if !self.kinds.contains_key(full.as_str()) {
                            let known = self.kinds.keys().copied();
                            let problem =
                                Problem::new(kind.at, format!("there is no kind `{full}`"));
                            let of_service =
                                known.clone().filter(|k| k.split('.').next() == Some(&*service));
                            let near = crate::nearest(&full, of_service.clone());
                            self.problems.push(match near {
                                Some(near) => problem.label(format!("did you mean `{near}`?")),
                                None => problem.nearest(&full, of_service),
                            });
                            continue;
                        }
                        let items = self.items(&full, node);
                        document.resources.extend(items);
                    }
                }
                other => {
                    let message = format!("there is neither a section nor a service `{other}`");
                    let known = SECTIONS[1..].iter().copied().chain(services.iter().copied());
                    let problem = Problem::new(key.at, message).nearest(other, known);
                    self.problems.push(match problem.label.is_empty() {
                        true => problem.hint(
                            "resources are written [SERVICE.KIND.NAME], such as [sqs.queue.refunds]: \
                             `payctl kinds` lists the kinds",
                        ),
                        false => problem,
                    });
                }
            }
        }
        let count = document.resources.len() + document.parts.len();
        if count > MOST_RESOURCES {
            let message = format!("there are {count} resources, and {MOST_RESOURCES} are the most");
            let hint = "several stacks are planned, and fail, apart from each other";
            self.problems.push(Problem::new(begin, message).hint(hint));
            document.resources.clear();
        }
        if !has_name {
            self.problems.push(
                Problem::new(begin, "the document needs a `name`")
                    .hint("such as `name = \"refunds\"` in its first line"),
            );
        }
        if let (Some(key), None, false) = (first_of_base, document.extends, says_extends) {
            let names: Vec<&str> = self.systems.listed().map(|system| system.name).collect();
            self.problems.push(
                Problem::new(key.at, format!("`{}` is about a system that is extended", key.name))
                    .hint(format!("name it first: extends = one of {}", names.join(", "))),
            );
        }
        document
    }

    fn name(&mut self, node: &Node) -> String {
        let name = self.text("name", node);
        if name.is_empty() {
            return name;
        }
        if !is_name(&name) {
            let message = format!(
                "a stack's name has lower-case letters, digits and single dashes, at most {LONGEST_NAME}"
            );
            self.wrong(node.at, message);
        } else if self.systems.named(&name).is_some() {
            let problem = Problem::new(node.at, format!("`{name}` is a system of payctl's"));
            self.problems.push(
                problem.hint(format!(
                    "give it a name of its own, and extend it: extends = \"{name}\""
                )),
            );
        }
        name
    }

    fn extends(&mut self, node: &Node) -> Option<&'static System> {
        let name = self.text("extends", node);
        let found = self.systems.listed().find(|system| system.name == name);
        if found.is_none() {
            let known = self.systems.listed().map(|system| system.name);
            let problem = Problem::new(node.at, format!("there is no system `{name}`"));
            self.problems.push(problem.nearest(&name, known));
        }
        found
    }

    fn text(&mut self, what: &str, node: &Node) -> String {
        match node.text() {
            Some(text) => text.to_owned(),
            None => {
                let problem = Problem::new(node.at, format!("`{what}` has to be a text"));
                self.problems.push(problem.label(format!("this is {}", node.sort())));
                String::new()
            }
        }
    }

    fn table(&mut self, what: &str, node: Node) -> Table {
        let (at, sort) = (node.at, node.sort());
        match node.value {
            crate::tree::Value::Table(table) => table,
            _ => {
                let problem = Problem::new(at, format!("`{what}` has to be a table"));
                self.problems.push(problem.label(format!("this is {sort}")));
                Table::default()
            }
        }
    }

    fn address(&mut self, at: Span, text: &str) -> Option<Address> {
        let read = Address::parse(text);
        if let Err(error) = &read {
            self.wrong(at, error.to_string());
        }
        read.ok()
    }

    fn removes(&mut self, node: &Node) -> Vec<(Span, Address)> {
        let Some(items) = node.list() else {
            self.wrong(node.at, "`remove` has to be a list of addresses");
            return Vec::new();
        };
        let mut all = Vec::new();
        for item in items {
            let text = self.text("remove", item);
            let address = (!text.is_empty()).then(|| self.address(item.at, &text)).flatten();
            all.extend(address.map(|address| (item.at, address)));
        }
        all
    }

    /// The resources or parts of one sort.
    fn items(&mut self, what: &str, node: Node) -> Vec<Item> {
        let mut all = Vec::new();
        for (key, node) in self.table(what, node).0 {
            let fits = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
            let logical = key.name;
            if logical.is_empty() || logical.len() > 64 || !logical.chars().all(fits) {
                self.wrong(key.at, "a name has 1 to 64 letters, digits and - _ . /");
            } else if logical.starts_with("account/") {
                self.wrong(key.at, "names that begin with account/ are of what environments share");
            }
            let properties = self.table(&logical, node);
            all.push(Item { at: key.at, what: what.to_owned(), logical, properties });
        }
        all
    }
}
