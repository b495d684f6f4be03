//! A picture for Mermaid, which GitHub and GitLab draw in Markdown:
//! <https://mermaid.js.org/syntax/flowchart.html>.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::model::{Colour, Graph};
use crate::names::{self, plain};
use crate::outline::{Part, parts, uses};
use crate::palette;

/// A picture as a flowchart, with a subgraph for each group.
#[must_use]
pub fn mermaid(graph: &Graph, colour: Colour) -> String {
    let parts = parts(graph, colour);
    let mut out = format!("---\ntitle: {}\n---\nflowchart LR\n", yaml(&graph.title));
    let mut groups = 0;
    // The groups that are open. Only the inmost are drawn: with others around them, Mermaid 11.17
    // fails on some graphs ("Cannot set properties of undefined (setting 'order')").
    let mut open: Vec<(&str, bool)> = Vec::new();
    let mut hues: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut next = parts.iter().skip(1);
    for part in &parts {
        let next = next.next();
        match part {
            Part::Open(title) => {
                let is_drawn = matches!(next, Some(Part::Node(..)));
                open.push((title, is_drawn));
                if is_drawn {
                    let path: Vec<&str> = open.iter().map(|(title, _)| *title).collect();
                    let _ = writeln!(out, "  subgraph g{groups}[{}]", quoted(&path.join(" · ")));
                    groups += 1;
                }
            }
            Part::Close => {
                if let Some((_, true)) = open.pop() {
                    out.push_str("  end\n");
                }
            }
            Part::Node(number, node) => {
                let mark = node.mark(colour);
                // Not with a sign at its beginning: Mermaid takes that for an item of a list.
                let said = mark.map(|mark| format!(" ({})", mark.words)).unwrap_or_default();
                let label = format!("{} {}{said}", names::kind(node.kind()), node.name());
                let _ = writeln!(out, "    n{number}[{}]", quoted(&label));
                if let Some(mark) = mark {
                    hues.entry(mark.hue).or_default().push(format!("n{number}"));
                }
            }
        }
    }
    for (from, to) in uses(&parts).into_keys() {
        let _ = writeln!(out, "  n{from} --> n{to}");
    }
    for (hue, nodes) in hues {
        let colour = palette::light(hue);
        let _ = writeln!(out, "  classDef {hue} stroke:{colour},stroke-width:2px");
        let _ = writeln!(out, "  class {} {hue}", nodes.join(","));
    }
    out
}

/// A text in quotes, in which Mermaid has numbers for characters that mean something to it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in plain(text).chars() {
        match c {
            '"' | '#' | '&' | '<' | '>' | '`' | ';' | '\\' | '%' | '[' | ']' | '{' | '}' | '|' => {
                let _ = write!(out, "#{};", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A text in YAML.
fn yaml(text: &str) -> String {
    format!("'{}'", plain(text).replace('\'', "''"))
}
