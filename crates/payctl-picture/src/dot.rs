//! A picture for Graphviz: <https://graphviz.org/doc/info/lang.html>.

use std::fmt::Write as _;

use crate::model::{Colour, Graph};
use crate::names::{self, plain};
use crate::outline::{Part, parts, uses};
use crate::palette;

/// A picture in the DOT language, with a cluster for each group.
#[must_use]
pub fn dot(graph: &Graph, colour: Colour) -> String {
    let parts = parts(graph, colour);
    let mut out = String::from("digraph payctl {\n");
    let title = format!("{} · {}", plain(&graph.title), plain(&graph.subtitle));
    let _ = writeln!(
        out,
        "  graph [label={}, labelloc=t, rankdir=LR, fontname=Helvetica];",
        quoted(&title)
    );
    out.push_str(
        "  node [shape=box, style=\"filled,rounded\", fontname=Helvetica, fontsize=10];\n",
    );
    let _ = writeln!(out, "  edge [color={}];", quoted(palette::light("line")));
    let (mut depth, mut clusters) = (1, 0);
    for part in &parts {
        match part {
            Part::Open(title) => {
                let _ = writeln!(out, "{}subgraph cluster_{clusters} {{", "  ".repeat(depth));
                depth += 1;
                clusters += 1;
                let _ = writeln!(out, "{}label={};", "  ".repeat(depth), quoted(title));
            }
            Part::Close => {
                depth -= 1;
                let _ = writeln!(out, "{}}}", "  ".repeat(depth));
            }
            Part::Node(number, node) => {
                let kind = plain(&names::kind(node.kind()));
                let mark = node.mark(colour);
                let name = plain(node.name());
                // The line breaks are the language's own, all else is text.
                let said = mark.map(|mark| format!("\\n({})", mark.words)).unwrap_or_default();
                let label = format!("\"{}\\n{}{said}\"", escaped(&kind), escaped(&name));
                let ground = palette::light("card");
                let pen = mark.map_or("dim", |mark| mark.hue);
                let _ = writeln!(
                    out,
                    "{}n{number} [label={label}, tooltip={}, fillcolor={}, color={}];",
                    "  ".repeat(depth),
                    quoted(&plain(&node.address)),
                    quoted(ground),
                    quoted(palette::light(pen)),
                );
            }
        }
    }
    for ((from, to), properties) in uses(&parts) {
        let why = match properties {
            [] => "after".to_owned(),
            _ => plain(&properties.join(", ")),
        };
        let _ = writeln!(out, "  n{from} -> n{to} [tooltip={}];", quoted(&why));
    }
    out.push_str("}\n");
    out
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// A text in quotes: Graphviz reads a backslash in a label as the beginning of something.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
