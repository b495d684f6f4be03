//! What `${…}` stands for, at one place of a document.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use payctl_aws::Partition;
use payctl_engine::{Address, Reference};
use payctl_stack::Context;
use serde_json::{Value as Json, json};

use crate::problem::{Problem, Problems, nearest};
use crate::text::{NoEnd, Piece, pieces};
use crate::tree::{Key, Node, Span, Table, Value};

/// What all of a document can say.
pub(crate) struct World<'a> {
    pub(crate) context: &'a Context<'a>,
    /// The stack's name.
    pub(crate) stack: &'a str,
    pub(crate) architecture: &'a str,
    /// The values of its own parameters.
    pub(crate) parameters: &'a BTreeMap<String, Node>,
    /// The stack's key, where it is known which one that is.
    pub(crate) key: Result<Address, String>,
    /// What was referred to, and where.
    pub(crate) references: RefCell<Vec<(Span, Reference)>>,
    /// Whether the stack's key was.
    pub(crate) asked_for_key: RefCell<bool>,
    pub(crate) problems: RefCell<Problems>,
    /// The outputs of the parts that have been declared, as `PART:NAME`.
    pub(crate) parts: RefCell<BTreeMap<String, PartOutputs>>,
    /// All parts that there are.
    pub(crate) parts_there: BTreeSet<String>,
    /// The text of the document, to find a place within a text.
    pub(crate) source: &'a str,
}

/// A part's outputs by name; none where it could not be declared, of which somebody has been told.
pub(crate) type PartOutputs = Option<BTreeMap<String, Node>>;

/// What one place of it can say besides.
#[derive(Clone, Copy, Default)]
pub(crate) struct Place<'a> {
    /// The resource's name where it has none of its own.
    pub(crate) name: Option<&'a str>,
    pub(crate) logical: Option<&'a str>,
    /// What is known of the resource already.
    pub(crate) own: Option<&'a Table>,
}

/// What a variable stands for.
enum Found {
    Known(Node),
    Output(Reference),
}

/// The zones that a document can name.
pub(crate) const MOST_ZONES: usize = 6;

impl World<'_> {
    pub(crate) fn problem(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    /// `node` with every variable replaced by what it stands for. What cannot be is told, and left.
    pub(crate) fn fill(&self, node: Node, place: &Place<'_>) -> Node {
        let value = match node.value {
            Value::Text(text) => return self.text(node.at, text, place),
            Value::List(items) => {
                let mut all = Vec::with_capacity(items.len());
                for item in items {
                    match (is_of_part(&item), self.fill(item, place)) {
                        // What is a list of a part's is a piece of this one.
                        (true, Node { value: Value::List(some), .. }) => all.extend(some),
                        (_, one) => all.push(one),
                    }
                }
                Value::List(all)
            }
            Value::Table(table) => Value::Table(self.fill_table(table, place)),
            other => other,
        };
        Node::new(node.at, value)
    }

    pub(crate) fn filled_table(&self, table: &Table, place: &Place<'_>) -> Table {
        self.fill_table(table.clone(), place)
    }

    pub(crate) fn fill_table(&self, table: Table, place: &Place<'_>) -> Table {
        let fill = |(key, node): (Key, Node)| (self.fill_key(key, place), self.fill(node, place));
        Table(table.0.into_iter().map(fill).collect())
    }

    fn fill_key(&self, key: Key, place: &Place<'_>) -> Key {
        if !key.name.contains("${") {
            return key;
        }
        let name = match self.text(key.at, key.name.clone(), place).value {
            Value::Text(name) => name,
            Value::Input(Json::Null) => return key,
            _ => {
                let message = "a key cannot be what is only known once something exists";
                self.problem(Problem::new(key.at, message));
                return key;
            }
        };
        Key { at: key.at, name }
    }

    fn text(&self, at: Span, text: String, place: &Place<'_>) -> Node {
        if !text.contains("${") {
            return Node::new(at, Value::Text(text));
        }
        let (whole, text) = (at, text.as_str());
        let all = match pieces(text) {
            Ok(all) => all,
            Err(NoEnd(begin)) => {
                let at = self.within(whole, text, begin..text.len());
                self.problem(
                    Problem::new(at, "`${` has no `}`").hint("`$${` stands for a literal `${`"),
                );
                return Node::new(whole, Value::Input(Json::Null));
            }
        };
        let mut parts: Vec<Json> = Vec::new();
        let mut known = String::new();
        let alone = all.len() == 1;
        for piece in all {
            let (variable, range) = match piece {
                Piece::Text(text) => {
                    known += &text;
                    continue;
                }
                Piece::Variable(variable, range) => (variable, range),
            };
            let at = self.within(whole, text, range);
            match self.variable(&variable, place) {
                Ok(Found::Known(found)) if alone => return found.placed(whole),
                Ok(Found::Known(found)) => match &found.value {
                    Value::Text(text) => known += text,
                    // Somebody has been told.
                    Value::Input(Json::Null) => {
                        return Node::new(whole, Value::Input(Json::Null));
                    }
                    Value::Input(input) => {
                        if !known.is_empty() {
                            parts.push(Json::String(std::mem::take(&mut known)));
                        }
                        match input.get("$join").and_then(Json::as_array) {
                            Some(inner) => parts.extend(inner.iter().cloned()),
                            None => parts.push(input.clone()),
                        }
                    }
                    Value::Integer(_) | Value::Float(_) | Value::Bool(_) => {
                        known += &found.to_string();
                    }
                    _ => {
                        let message = format!("`{variable}` is {}, not a text", found.sort());
                        self.problem(
                            Problem::new(at, message).label("it can only stand alone in a text"),
                        );
                    }
                },
                Ok(Found::Output(reference)) => {
                    self.references.borrow_mut().push((at, reference.clone()));
                    let path = format!("{}.{}", reference.address, reference.output);
                    let input = json!({ "$ref": path });
                    if alone {
                        return Node::new(whole, Value::Input(input));
                    }
                    if !known.is_empty() {
                        parts.push(Json::String(std::mem::take(&mut known)));
                    }
                    parts.push(input);
                }
                Err(problem) => {
                    self.problem(Problem { at, ..*problem });
                    return Node::new(whole, Value::Input(Json::Null));
                }
            }
        }
        if parts.is_empty() {
            return Node::new(whole, Value::Text(known));
        }
        if !known.is_empty() {
            parts.push(Json::String(known));
        }
        Node::new(whole, Value::Input(json!({ "$join": parts })))
    }

    /// The place of a part of a text that stands at `at`, as exactly as its spelling allows.
    fn within(&self, at: Span, text: &str, range: std::ops::Range<usize>) -> Span {
        let spelled = self.source.get(at.start..at.end).unwrap_or_default();
        match spelled.find(text) {
            Some(begin) => {
                Span { start: at.start + begin + range.start, end: at.start + begin + range.end }
            }
            // It has escapes.
            None => at,
        }
    }

    fn variable(&self, variable: &str, place: &Place<'_>) -> Result<Found, Box<Problem>> {
        let no = |message: String| Box::new(Problem::new(Span::default(), message));
        let text =
            |text: &str| Ok(Found::Known(Node::new(Span::default(), Value::Text(text.to_owned()))));
        let context = self.context;
        if let Some(path) = variable.strip_prefix("zip:") {
            return text(context.code(&format!("zip:{path}")).as_str());
        }
        if let Some(path) = variable.strip_prefix(OF_PART) {
            return self.of_part(path).map(Found::Known);
        }
        if variable.contains(':') {
            return self.output(variable).map(Found::Output);
        }
        let all = || {
            let mut all = vec![
                "account",
                "region",
                "suffix",
                "stack",
                "partition",
                "dns_suffix",
                "architecture",
            ];
            all.extend(place.name.map(|_| "name"));
            all
        };
        match (variable, variable.split_once('.')) {
            ("account", _) => text(context.account),
            ("region", _) => text(context.region),
            ("suffix", _) => text(context.suffix.as_str()),
            ("partition", _) => text(context.partition),
            ("dns_suffix", _) => text(Partition::named(context.partition).dns_suffix),
            ("stack", _) => text(self.stack),
            ("architecture", _) => text(self.architecture),
            // What every role may do at most, where the configuration says so.
            ("permissions_boundary", _) => Ok(Found::Known(Node::new(
                Span::default(),
                context
                    .permissions_boundary
                    .map_or(Value::Null, |arn| Value::Text(arn.to_string())),
            ))),
            // Those by which what is left of an instance can be found.
            ("offspring_tags", _) if place.logical.is_some() => {
                let logical = place.logical.unwrap_or_default();
                let group = Address::new("autoscaling.group", logical);
                let tags = payctl_engine::owner::tags_of_offspring(
                    self.stack,
                    context.suffix.as_str(),
                    &group,
                );
                Ok(Found::Known(Node::of_json(Span::default(), &json!(tags))))
            }
            ("name", _) if place.name.is_some() => text(place.name.unwrap_or_default()),
            (_, Some(("param", name))) => match self.parameters.get(name) {
                Some(value) => Ok(Found::Known(value.clone())),
                None => {
                    let known = self.parameters.keys().map(String::as_str);
                    let problem = no(format!("there is no parameter `{name}`"));
                    Err(Box::new(match self.parameters.is_empty() {
                        true => problem.label(format!("declare it: [parameter.{name}]")),
                        false => problem.nearest(name, known),
                    }))
                }
            },
            (_, Some(("zone", number))) => match number.parse::<usize>() {
                Ok(number @ 1..=MOST_ZONES) => {
                    // Where a region has fewer, that is told before anything is declared there.
                    let zones = &context.found.zones;
                    text(zones.get(number - 1).map(payctl_aws::Zone::as_str).unwrap_or_default())
                }
                _ => Err(no(format!("zones are numbered 1 to {MOST_ZONES}"))),
            },
            (_, Some(("handler", name))) => text(context.code(name).as_str()),
            (_, Some(("self", name))) => match place.own.map(|own| own.get(name)) {
                Some(Some(node)) => Ok(Found::Known(node.clone())),
                Some(None) => Err(no(format!("`{name}` of this resource is not known here"))),
                None => Err(no("`self` is the resource that a text belongs to".to_owned())),
            },
            (_, Some(("key", output))) => {
                *self.asked_for_key.borrow_mut() = true;
                match &self.key {
                    Ok(address) => Ok(Found::Output(Reference::new(address, output))),
                    Err(why) => Err(no(why.clone())),
                }
            }
            _ => {
                let problem = no(format!("there is no variable `{variable}`"));
                let known = all();
                let near = nearest(variable, known.iter().copied());
                Err(Box::new(match near {
                    Some(near) => problem.label(format!("did you mean `{near}`?")),
                    None => problem.hint(format!(
                        "there are {}, param.NAME, zone.N, handler.NAME, self.PROPERTY, key.OUTPUT, zip:PATH, \
                         part.PART:NAME.OUTPUT and ADDRESS.OUTPUT such as sqs.queue:refunds.arn; `$${{` stands \
                         for a literal `${{`",
                        known.join(", ")
                    )),
                }))
            }
        }
    }

    /// The output of a part that `path` names, such as `network:main.app`.
    fn of_part(&self, path: &str) -> Result<Node, Box<Problem>> {
        let no = |message: String| Problem::new(Span::default(), message);
        let Some((part, output)) = path.rsplit_once('.').filter(|(part, _)| part.contains(':'))
        else {
            let message = format!(
                "`{OF_PART}{path}` is not a part's output: those are part.PART:NAME.OUTPUT"
            );
            return Err(Box::new(no(message).hint("such as part.network:main.vpc")));
        };
        let parts = self.parts.borrow();
        let outputs = match parts.get(part) {
            Some(Some(outputs)) => outputs,
            // Somebody has been told.
            None if self.parts_there.contains(part) => {
                return Ok(Node::new(Span::default(), Value::Input(Json::Null)));
            }
            Some(None) => return Ok(Node::new(Span::default(), Value::Input(Json::Null))),
            None => {
                let given = format!("{OF_PART}{part}");
                let known = self.parts_there.iter().map(|part| format!("{OF_PART}{part}"));
                let known: Vec<String> = known.collect();
                let message = format!("there is no {given} in this stack");
                return Err(Box::new(
                    no(message).nearest(&given, known.iter().map(String::as_str)),
                ));
            }
        };
        outputs.get(output).cloned().ok_or_else(|| {
            let message = format!("{OF_PART}{part} has no output `{output}`");
            let known = outputs.keys().map(String::as_str);
            Box::new(match outputs.is_empty() {
                true => {
                    no(message).hint("its resources have some: `payctl explain part` lists them")
                }
                false => no(message).nearest(output, known),
            })
        })
    }

    /// The output that `path` names. Whether there is one is seen once all is declared.
    fn output(&self, path: &str) -> Result<Reference, Box<Problem>> {
        let wrong = || {
            let message = format!("`{path}` is not an output: those are ADDRESS.OUTPUT");
            let hint = format!(
                "such as sqs.queue:refunds.arn; a variable of IAM is written `$${{{path}}}`"
            );
            Box::new(Problem::new(Span::default(), message).hint(hint))
        };
        let (address, output) = path.rsplit_once('.').ok_or_else(wrong)?;
        let address = Address::parse(address).map_err(|_| wrong())?;
        // `aws:…` and the like are IAM's.
        match address.kind().contains('.') && !output.is_empty() {
            true => Ok(Reference::new(&address, output)),
            false => Err(wrong()),
        }
    }
}

/// What a reference to a part's output begins with.
const OF_PART: &str = "part.";

/// Whether a text is a reference to a part's output and nothing else.
fn is_of_part(node: &Node) -> bool {
    node.text().is_some_and(|text| text.starts_with("${part.") && text.ends_with('}'))
}

/// The variables of a kind that texts of `node` name: behind `prefix`, such as `handler.`.
pub(crate) fn named(table: &Table, prefix: &str, found: &mut BTreeSet<(String, Span)>) {
    table.0.iter().for_each(|(_, node)| named_in(node, prefix, found));
}

/// The same of one value.
pub(crate) fn named_in(node: &Node, prefix: &str, found: &mut BTreeSet<(String, Span)>) {
    match &node.value {
        Value::Text(text) if text.contains("${") => {
            for piece in pieces(text).unwrap_or_default() {
                if let Piece::Variable(variable, _) = piece
                    && let Some(name) = variable.strip_prefix(prefix)
                {
                    found.insert((name.to_owned(), node.at));
                }
            }
        }
        Value::List(items) => items.iter().for_each(|item| named_in(item, prefix, found)),
        Value::Table(table) => named(table, prefix, found),
        _ => {}
    }
}
