//! A part for people: its parameters, and what it is made of.

use std::fmt::Write as _;

use payctl_stack::parts::PartInfo;
use serde_json::Value;

use super::kind::{LONGEST_DEFAULT, columns, members, parts, said, words};
use super::text::wrapped;
use super::{BOLD, DIM, paint};

/// One of its parameters.
struct Parameter {
    name: String,
    /// Its type, and what it takes.
    head: Vec<String>,
    doc: String,
}

/// Everything that a part says of itself.
pub(crate) fn part(part: &PartInfo) -> String {
    let schema = part.schema();
    let mut text = format!("{}\n", paint(BOLD, format!("part.{}", part.name)));
    let _ = writeln!(text, "{}", wrapped("", 0, &said(&schema), columns()));
    let _ = write!(text, "\n{}\n", paint(DIM, "Parameters"));
    for parameter in parameters(&schema) {
        text += &entry(&parameter);
    }
    for (name, of_part) in parts(&schema["properties"], &schema) {
        let _ = write!(text, "\n{}\n", paint(DIM, name));
        for line in members(of_part, &schema) {
            let _ = writeln!(text, "{}", wrapped("  ", 6, &line, columns()));
        }
    }
    let _ = write!(text, "\n{}\n", paint(DIM, "Resources"));
    for (kind, called) in part.declares {
        let _ = writeln!(text, "{}", wrapped(&format!("  {kind}: "), 6, called, columns()));
    }
    if !part.outputs.is_empty() {
        let title = format!("Outputs, as ${{part.{}:NAME.OUTPUT}}", part.name);
        let _ = write!(text, "\n{}\n", paint(DIM, title));
        for (name, doc) in part.outputs {
            let _ = writeln!(text, "{}", wrapped(&format!("  {name}: "), 6, doc, columns()));
        }
    }
    text
}

/// What a part says of the parameter of that name, if it has one.
pub(crate) fn parameter(part: &PartInfo, name: &str) -> Option<String> {
    let schema = part.schema();
    let parameter = parameters(&schema).into_iter().find(|parameter| parameter.name == name)?;
    let title = format!("part.{}.{name}", part.name);
    let mut text = format!("{}\n{}", paint(BOLD, title), entry(&parameter));
    for (name, of_part) in parts(&schema["properties"][name], &schema) {
        let _ = write!(text, "\n{}\n", paint(DIM, name));
        for line in members(of_part, &schema) {
            let _ = writeln!(text, "{}", wrapped("  ", 6, &line, columns()));
        }
    }
    Some(text)
}

/// The names of its parameters.
pub(crate) fn names(part: &PartInfo) -> Vec<String> {
    parameters(&part.schema()).into_iter().map(|parameter| parameter.name).collect()
}

/// The part in a line.
pub(crate) fn line(part: &PartInfo) -> String {
    let doc = said(&part.schema());
    doc.split([':', '.']).next().unwrap_or_default().to_owned()
}

/// The part as a section of a page.
pub(crate) fn markdown(part: &PartInfo) -> String {
    let schema = part.schema();
    let cell = |text: &str| text.replace('\n', " ").replace('|', "\\|");
    let mut text = format!("## {}\n\n{}\n\n", part.name, doc(&schema));
    text += "| parameter | type | takes | what it is |\n|---|---|---|---|\n";
    for Parameter { name, head, doc } in parameters(&schema) {
        let (sort, takes) = head
            .split_first()
            .map_or(("", ""[..].to_owned()), |(sort, takes)| (sort.as_str(), takes.join("; ")));
        let _ = writeln!(text, "| `{name}` | {} | {} | {} |", cell(sort), cell(&takes), cell(&doc));
    }
    for (name, of_part) in parts(&schema["properties"], &schema) {
        let _ = write!(text, "\n`{name}`: {}\n\n", said(of_part));
        for line in members(of_part, &schema) {
            let _ = writeln!(text, "- {line}");
        }
    }
    text += "\nIt makes:\n\n";
    for (kind, called) in part.declares {
        let service = kind.split('.').next().unwrap_or_default();
        let _ = writeln!(text, "- [`{kind}`]({service}.md): {called}");
    }
    if !part.outputs.is_empty() {
        let _ = write!(text, "\nOutputs, as `${{part.{}:NAME.OUTPUT}}`:\n\n", part.name);
        for (name, doc) in part.outputs {
            let _ = writeln!(text, "- `{name}`: {doc}");
        }
    }
    text
}

/// Those that have to be said first, then the others, each in the order of the alphabet.
fn parameters(schema: &Value) -> Vec<Parameter> {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let is_required = |name: &str| required.iter().any(|one| one == name);
    let all = schema["properties"].as_object().into_iter().flatten();
    let mut all: Vec<Parameter> = all
        .map(|(name, of_parameter)| {
            let mut head = vec![words(of_parameter, schema, name)];
            match &of_parameter["default"] {
                _ if is_required(name) => head.push("required".to_owned()),
                Value::Null => head.push("may be left out".to_owned()),
                default if default.to_string().len() > LONGEST_DEFAULT => {
                    head.push("may be left out".to_owned());
                }
                default => head.push(format!("{default} where nothing is said")),
            }
            let (least, most) = (&of_parameter["minimum"], &of_parameter["maximum"]);
            match (least.as_f64(), most.as_f64()) {
                (Some(_), Some(_)) => head.push(format!("{least} to {most}")),
                (Some(_), None) => head.push(format!("{least} or more")),
                _ => {}
            }
            Parameter { name: name.clone(), head, doc: doc(of_parameter) }
        })
        .collect();
    all.sort_by_key(|parameter| (!is_required(&parameter.name), parameter.name.clone()));
    all
}

/// Its doc comment with its paragraphs.
fn doc(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().to_owned()
}

/// A parameter's line, and what it is below.
fn entry(parameter: &Parameter) -> String {
    let begin = format!("  {}: ", parameter.name);
    let mut text = wrapped(&begin, 6, &parameter.head.join(" · "), columns()) + "\n";
    for paragraph in parameter.doc.split("\n\n").filter(|text| !text.is_empty()) {
        let paragraph = paragraph.replace('\n', " ");
        text += &(wrapped("      ", 6, &paragraph, columns()) + "\n");
    }
    text
}
