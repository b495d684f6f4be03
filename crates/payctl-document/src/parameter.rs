//! Parameters of a document's own: what it asks whoever deploys it.

use payctl_engine::Constraint;

use crate::problem::{Problem, Problems};
use crate::shape::Shape;
use crate::tree::{Key, Node, Span, Table, Value};

/// A parameter, as a document declares it.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) at: Span,
    pub(crate) name: String,
    sort: Sort,
    pub(crate) default: Option<Node>,
    doc: String,
    range: (Option<f64>, Option<f64>),
    one_of: Vec<Node>,
}

/// What its values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    String,
    Integer,
    Number,
    Boolean,
    List,
}

const SORTS: [(&str, Sort); 5] = [
    ("string", Sort::String),
    ("integer", Sort::Integer),
    ("number", Sort::Number),
    ("boolean", Sort::Boolean),
    ("list", Sort::List),
];

/// The JSON Schema of one.
pub(crate) fn schema() -> serde_json::Value {
    let sorts: Vec<&str> = SORTS.iter().map(|(name, _)| *name).collect();
    serde_json::json!({
        "type": "object",
        "description": "What the document asks whoever deploys it: ${param.NAME} stands for the value.",
        "properties": {
            "type": { "enum": sorts },
            "default": { "description": "The value where none is given. Without it one has to be." },
            "doc": { "type": "string", "description": "What it is." },
            "min": { "type": "number", "description": "The least number, or the fewest characters or entries." },
            "max": { "type": "number", "description": "The greatest number, or the most characters or entries." },
            "one_of": { "type": "array", "description": "The only values." },
        },
        "required": ["type"],
        "additionalProperties": false,
    })
}

impl Parameter {
    pub(crate) fn read(key: &Key, node: &Node, problems: &mut Problems) -> Option<Self> {
        let whose = format!("parameter `{}`", key.name);
        let Some(table) = node.table() else {
            problems.push(Problem::new(node.at, format!("{whose} has to be a table")));
            return None;
        };
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if key.name.is_empty() || !key.name.chars().all(fits) {
            problems.push(Problem::new(
                key.at,
                "a parameter's name has lower-case letters, digits and _",
            ));
        }
        let mut wrong = Problems::default();
        Shape::new(schema()).check(&whose, key.at, table, &mut wrong, &mut Vec::new());
        if !wrong.is_empty() {
            problems.extend(wrong);
            return None;
        }
        let sort = table.get("type").and_then(Node::text);
        let (_, sort) = SORTS.into_iter().find(|(name, _)| Some(*name) == sort)?;
        let number = |name: &str| table.get(name).and_then(|node| node.json().as_f64());
        let parameter = Self {
            at: key.at,
            name: key.name.clone(),
            sort,
            default: table.get("default").cloned(),
            doc: table.get("doc").and_then(Node::text).unwrap_or_default().to_owned(),
            range: (number("min"), number("max")),
            one_of: table.get("one_of").and_then(Node::list).unwrap_or_default().to_vec(),
        };
        if let (Some(least), Some(most)) = parameter.range
            && least > most
        {
            problems.push(Problem::new(key.at, format!("{whose} has a `min` above its `max`")));
        }
        if let Some(default) = &parameter.default
            && let Err(why) = parameter.check(default)
        {
            problems.push(Problem::new(default.at, format!("the default of {whose} {why}")));
        }
        Some(parameter)
    }

    /// The value that `text`, as somebody types it, stands for.
    pub(crate) fn typed(&self, text: &str) -> Node {
        let value = match self.sort {
            Sort::String => None,
            Sort::Integer => text.parse().ok().map(Value::Integer),
            Sort::Number => text.parse().ok().map(Value::Float),
            Sort::Boolean => text.parse().ok().map(Value::Bool),
            Sort::List => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                let node = |item: &str| Node::new(Span::default(), Value::Text(item.to_owned()));
                Some(Value::List(items.map(node).collect()))
            }
        };
        // What cannot be read stays a text, which is then refused with what is meant.
        Node::new(Span::default(), value.unwrap_or_else(|| Value::Text(text.to_owned())))
    }

    /// Why `value` is none that it takes.
    pub(crate) fn check(&self, value: &Node) -> Result<(), String> {
        let (is, wanted) = match (&value.value, self.sort) {
            (Value::Text(text), Sort::String) => (text.chars().count() as f64, "characters"),
            (Value::Integer(number), Sort::Integer | Sort::Number) => (*number as f64, ""),
            (Value::Float(number), Sort::Number) => (*number, ""),
            (Value::Bool(_), Sort::Boolean) => return Ok(()),
            (Value::List(items), Sort::List) if items.iter().all(|item| item.text().is_some()) => {
                (items.len() as f64, "entries")
            }
            _ => return Err(format!("is {value}, and has to be {}", self.words())),
        };
        let range = Constraint { range: self.range, ..Constraint::default() };
        if range.check(&serde_json::json!(is)).is_err() {
            return Err(format!("is {value}, and has to be {range} {wanted}")
                .trim_end()
                .to_owned());
        }
        if !self.one_of.is_empty() && !self.one_of.iter().any(|one| one.json() == value.json()) {
            let words: Vec<String> = self.one_of.iter().map(ToString::to_string).collect();
            return Err(format!("is {value}, and has to be one of {}", words.join(", ")));
        }
        Ok(())
    }

    fn words(&self) -> &'static str {
        match self.sort {
            Sort::String => "a text",
            Sort::Integer => "a whole number",
            Sort::Number => "a number",
            Sort::Boolean => "true or false",
            Sort::List => "a list of texts",
        }
    }

    /// What it is, for whoever has to give it.
    pub(crate) fn about(&self) -> String {
        match self.doc.is_empty() {
            true => self.words().to_owned(),
            false => self.doc.clone(),
        }
    }
}

/// Reads a value of a system's parameter as it is typed: as TOML where it is that, else as a text.
pub(crate) fn as_toml(text: &str) -> Node {
    let line = format!("v = {text}");
    let read = crate::read::read(&line, crate::read::Format::Toml).ok();
    let found = read.and_then(|Table(entries)| entries.into_iter().next());
    found.map_or_else(
        || Node::new(Span::default(), Value::Text(text.to_owned())),
        |(_, node)| node.placed(Span::default()),
    )
}
