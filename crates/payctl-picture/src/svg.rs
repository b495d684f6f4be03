//! A picture as SVG: real text, a title wherever something can be pointed at, colours by class.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use maud::{Markup, PreEscaped, html};

use crate::card::{
    COLUMN_GAP, Card, HEAD_FONT, Line, MARK, PADDING, ROW, ROW_FONT, SENTENCE, TITLE, TITLE_FONT,
};
use crate::layout::{FRAME_FONT, Layout, Placed, Rect};
use crate::model::{Colour, Graph, Mark, Node};
use crate::names::plain;
use crate::palette;
use crate::route::routes;
use crate::scene::{Link, Scene};
use crate::text::width;

/// Around all.
const MARGIN: u32 = 20;
/// Above the picture: what it is of, and the legend.
const HEADER: u32 = 80;
/// How round a line's bends are.
const ROUND: i64 = 6;

/// A picture of about `room` px width, as a file of its own: more where a card needs it.
#[must_use]
pub fn svg(graph: &Graph, colour: Colour, room: u32) -> String {
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    text.push_str(&picture(graph, colour, room).into_string());
    text.push('\n');
    text
}

/// The same for a page.
pub(crate) fn picture(graph: &Graph, colour: Colour, room: u32) -> Markup {
    let scene = Scene::new(graph, colour);
    let layout = Layout::new(&scene, room.saturating_sub(2 * MARGIN));
    let routes = routes(&layout, &scene.lines);
    let legend = legend(graph, colour);
    let legend_width: u32 = legend.iter().map(|(mark, _)| entry_width(mark)).sum();
    let whole = (layout.width.max(legend_width) + 2 * MARGIN, layout.height + HEADER + 2 * MARGIN);
    let inside = format!("translate({MARGIN} {})", MARGIN + HEADER);
    html! {
        svg .payctl-graph xmlns="http://www.w3.org/2000/svg" role="img"
            aria-labelledby="payctl-graph-title payctl-graph-desc"
            width=(whole.0) height=(whole.1) viewBox=(format!("0 0 {} {}", whole.0, whole.1)) {
            title #payctl-graph-title { (plain(&graph.title)) }
            desc #payctl-graph-desc { (description(&scene)) }
            style { (PreEscaped(style())) }
            defs {
                marker #payctl-arrow viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8"
                    markerHeight="8" markerUnits="userSpaceOnUse" orient="auto-start-reverse" {
                    path .arrow d="M0 0.5L8 4L0 7.5z" {}
                }
            }
            rect .ground width="100%" height="100%" {}
            text .title x=(MARGIN) y="38" { (plain(&graph.title)) }
            text .subtitle x=(MARGIN) y="58" { (plain(&graph.subtitle)) }
            (drawn_legend(&legend))
            g transform=(inside) {
                @for frame in &layout.frames { (drawn_frame(frame)) }
                @for (link, route) in scene.lines.iter().zip(&routes) {
                    (drawn_line(link, route, &scene))
                }
                @for (card, rect) in scene.cards.iter().zip(&layout.cards) {
                    (drawn_card(card, rect, colour))
                }
            }
        }
    }
}

/// What there is, for those who cannot see it.
fn description(scene: &Scene<'_>) -> String {
    let count: usize = scene.cards.iter().map(|card| card.count).sum();
    let cards: Vec<String> =
        scene.cards.iter().map(|card| format!("{} {}", card.title, card.count)).collect();
    format!("{count} resources: {}", cards.join(", "))
}

fn style() -> String {
    let colours = palette::variables(".payctl-graph");
    let hues = palette::COLOURS.iter().map(|(name, ..)| name);
    let mut marks = String::new();
    for hue in hues.skip_while(|name| **name != "green") {
        let _ = write!(marks, ".payctl-graph .{hue}{{fill:var(--{hue})}}");
    }
    format!(
        "{colours}\
         .payctl-graph{{font-family:system-ui,-apple-system,\"Segoe UI\",Helvetica,Arial,\
         \"Liberation Sans\",\"DejaVu Sans\",sans-serif;color-scheme:light dark}}\
         .payctl-graph text{{fill:var(--ink);font-size:{ROW_FONT}px}}\
         .payctl-graph .ground{{fill:var(--ground)}}\
         .payctl-graph .title{{font-size:20px;font-weight:600}}\
         .payctl-graph .subtitle{{font-size:13px;fill:var(--dim)}}\
         .payctl-graph .frame{{stroke:var(--border);stroke-width:1}}\
         .payctl-graph .lane{{fill:var(--lane)}}\
         .payctl-graph .network{{fill:var(--network);stroke:var(--accent);stroke-width:1.5}}\
         .payctl-graph .tier{{fill:var(--tier);stroke-dasharray:5 4}}\
         .payctl-graph .of-frame{{font-size:{FRAME_FONT}px;font-weight:600;fill:var(--dim)}}\
         .payctl-graph .box{{fill:var(--card);stroke:var(--border)}}\
         .payctl-graph .card-title{{font-size:{TITLE_FONT}px;font-weight:600}}\
         .payctl-graph .count,.payctl-graph .kind,.payctl-graph .sentence{{\
         font-size:{HEAD_FONT}px;fill:var(--dim)}}\
         .payctl-graph .sentence{{font-style:italic}}\
         .payctl-graph .end{{text-anchor:end;font-variant-numeric:tabular-nums}}\
         .payctl-graph .sign{{font-size:10px;font-weight:700;text-anchor:middle;fill:var(--card)}}\
         .payctl-graph .line path{{fill:none;stroke:var(--line);stroke-width:1.5}}\
         .payctl-graph .line .wide{{stroke:transparent;stroke-width:9}}\
         .payctl-graph .line:hover .thin{{stroke:var(--accent);stroke-width:3}}\
         .payctl-graph .arrow{{fill:var(--line)}}\
         {marks}"
    )
}

/// What the colours in the picture say, and of how many.
fn legend(graph: &Graph, colour: Colour) -> Vec<(Mark, usize)> {
    let mut counts: BTreeMap<Mark, usize> = BTreeMap::new();
    for mark in graph.nodes.iter().filter_map(|node| node.mark(colour)) {
        *counts.entry(mark).or_default() += 1;
    }
    counts.into_iter().collect()
}

fn entry_width(mark: &Mark) -> u32 {
    // Room for a number behind it.
    MARK + width(mark.words, ROW_FONT) + width(" (1000)", ROW_FONT) + 14
}

fn drawn_legend(legend: &[(Mark, usize)]) -> Markup {
    let mut x = MARGIN;
    let entries = legend.iter().map(|(mark, count)| {
        let at = x;
        x += entry_width(mark);
        html! {
            (drawn_mark(mark, at, MARGIN + HEADER - 22))
            text x=(at + MARK) y=(MARGIN + HEADER - 18) { (mark.words) " (" (count) ")" }
        }
    });
    let entries: Vec<Markup> = entries.collect();
    html! { @for entry in entries { (entry) } }
}

/// A dot with a sign in it, at the left of `x`, around `y`.
fn drawn_mark(mark: &Mark, x: u32, y: u32) -> Markup {
    html! {
        circle .(mark.hue) cx=(x + 6) cy=(y) r="6" {}
        @if !mark.sign.is_empty() {
            text .sign x=(x + 6) y=(format!("{}.5", y + 3)) { (mark.sign) }
        }
    }
}

fn drawn_frame(Placed { frame, rect }: &Placed<'_>) -> Markup {
    html! {
        rect .frame .(frame.class) x=(rect.x) y=(rect.y) width=(rect.width) height=(rect.height)
            rx="8" {}
        text .of-frame x=(rect.x + 14) y=(rect.y + 23) { (frame.title) }
    }
}

fn drawn_card(card: &Card<'_>, rect: &Rect, colour: Colour) -> Markup {
    let mut y = rect.y + TITLE;
    let said: Vec<(u32, &String)> = card
        .sentences
        .iter()
        .map(|sentence| {
            y += SENTENCE;
            (y - 5, sentence)
        })
        .collect();
    let mut x = rect.x + PADDING;
    let mut lines = Vec::new();
    let total: u32 = card.columns.iter().map(|column| column.width).sum::<u32>();
    let gaps = u32::try_from(card.columns.len()).unwrap_or(1).saturating_sub(1) * COLUMN_GAP;
    // What the card is wider than its columns, these share.
    let spare = rect.width.saturating_sub(2 * PADDING + total + gaps);
    let share = spare / u32::try_from(card.columns.len()).unwrap_or(1).max(1);
    for column in &card.columns {
        let mut y = y;
        let room = column.width + share;
        for line in &column.lines {
            y += line.height();
            lines.push(drawn(line, x, y, room, colour));
        }
        x += room + COLUMN_GAP;
    }
    html! {
        g .card {
            rect .box x=(rect.x) y=(rect.y) width=(rect.width) height=(rect.height) rx="6" {}
            text .card-title x=(rect.x + PADDING) y=(rect.y + 21) { (card.title) }
            text .count .end x=(rect.right() - PADDING) y=(rect.y + 21) { (card.count) }
            @for (y, sentence) in &said {
                text .sentence x=(rect.x + PADDING) y=(y) { (sentence) }
            }
            @for line in lines { (line) }
        }
    }
}

fn drawn(line: &Line<'_>, x: u32, y: u32, room: u32, colour: Colour) -> Markup {
    match line {
        Line::Kind(text) => html! { text .kind x=(x) y=(y - 5) { (text) } },
        Line::Row { text, mark, right, nodes } => {
            let indent = if mark.is_some() { MARK } else { 0 };
            html! {
                g .row {
                    title { (told(nodes, colour)) }
                    rect fill="transparent" x=(x) y=(y - ROW) width=(room) height=(ROW) {}
                    @if let Some(mark) = mark { (drawn_mark(mark, x, y - 9)) }
                    text x=(x + indent) y=(y - 5) { (text) }
                    @if !right.is_empty() {
                        text .end x=(x + room) y=(y - 5) { (right) }
                    }
                }
            }
        }
    }
}

/// All that is known of resources.
fn told(nodes: &[&Node], colour: Colour) -> String {
    let mut all = Vec::new();
    for node in nodes {
        let mut text = plain(&node.address);
        if let Some(mark) = node.mark(colour) {
            let _ = write!(text, "\n  {}", mark.words);
        }
        if let Some(cost) = &node.cost {
            let _ = write!(text, "\n  {cost} USD a month");
        }
        if let Some(note) = &node.note {
            let _ =
                write!(text, "\n  {}", note.lines().map(plain).collect::<Vec<_>>().join("\n  "));
        }
        let uses: BTreeSet<String> = node.uses.iter().map(|used| plain(&used.address)).collect();
        if !uses.is_empty() {
            let _ = write!(text, "\n  uses {}", Vec::from_iter(uses).join(", "));
        }
        all.push(text);
    }
    all.join("\n")
}

fn drawn_line(link: &Link<'_>, route: &[(u32, u32)], scene: &Scene<'_>) -> Markup {
    let name = |number: usize| scene.cards[number].title.as_str();
    let way = if link.both { "and" } else { "→" };
    let mut text = format!("{} {way} {}", name(link.from), name(link.to));
    for (from, to) in &link.pairs {
        let used = from.uses.iter().find(|used| used.address == to.address);
        let properties = used.map(|used| used.properties.join(", ")).unwrap_or_default();
        let _ = write!(text, "\n{} → {}", plain(&from.address), plain(&to.address));
        if !properties.is_empty() {
            let _ = write!(text, " ({})", plain(&properties));
        }
    }
    let path = path(route);
    html! {
        g .line {
            title { (text) }
            path .wide d=(path) {}
            path .thin d=(path) marker-end="url(#payctl-arrow)"
                marker-start=[link.both.then_some("url(#payctl-arrow)")] {}
        }
    }
}

/// The way with round bends.
fn path(route: &[(u32, u32)]) -> String {
    let points: Vec<(i64, i64)> =
        route.iter().map(|(x, y)| (i64::from(*x), i64::from(*y))).collect();
    let mut d = String::new();
    for (nth, point) in points.iter().enumerate() {
        let (x, y) = *point;
        let (before, after) = (nth.checked_sub(1).map(|n| points[n]), points.get(nth + 1));
        match (before, after) {
            (None, _) => {
                let _ = write!(d, "M{x} {y}");
            }
            (Some(_), None) => {
                let _ = write!(d, "L{x} {y}");
            }
            (Some(before), Some(after)) => {
                let toward = |(tx, ty): (i64, i64)| {
                    let (dx, dy) = (tx - x, ty - y);
                    let round = ROUND.min((dx.abs() + dy.abs()) / 2);
                    (x + dx.signum() * round, y + dy.signum() * round)
                };
                let (bx, by) = toward(before);
                let (ax, ay) = toward(*after);
                let _ = write!(d, "L{bx} {by}Q{x} {y} {ax} {ay}");
            }
        }
    }
    d
}
