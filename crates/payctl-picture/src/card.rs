//! Cards: what one service has in one place, kind by kind.

use crate::model::{Colour, Cost, Mark, Node};
use crate::names;
use crate::text::{fitted, width, wrapped};

/// How large things are, in px. All sizes of cards are multiples of the grid.
pub(crate) const GRID: u32 = 10;
pub(crate) const PADDING: u32 = 12;
pub(crate) const TITLE: u32 = 28;
pub(crate) const HEAD: u32 = 21;
pub(crate) const ROW: u32 = 18;
pub(crate) const SENTENCE: u32 = 16;
pub(crate) const COLUMN_GAP: u32 = 20;
/// Fonts.
pub(crate) const TITLE_FONT: u32 = 14;
pub(crate) const ROW_FONT: u32 = 12;
pub(crate) const HEAD_FONT: u32 = 11;
/// The room of the mark before a row.
pub(crate) const MARK: u32 = 18;
/// A name that is wider is cut; the whole one stands where it is pointed at.
const WIDEST_NAME: u32 = 220;
/// A column of more than that is made two.
const TALLEST: u32 = 190;
const NARROWEST: u32 = 150;
/// So many resources whose names differ in their number share a row.
const FOLDED: usize = 3;

/// What one service has in one place.
#[derive(Clone, Debug)]
pub(crate) struct Card<'g> {
    pub(crate) title: String,
    pub(crate) count: usize,
    pub(crate) columns: Vec<Column<'g>>,
    pub(crate) sentences: Vec<String>,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// Lines below each other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Column<'g> {
    pub(crate) lines: Vec<Line<'g>>,
    pub(crate) width: u32,
}

/// A line of a card.
#[derive(Clone, Debug)]
pub(crate) enum Line<'g> {
    /// The kind of those that follow.
    Kind(String),
    /// A resource, or some that differ in their number.
    Row { text: String, mark: Option<Mark>, right: String, nodes: Vec<&'g Node> },
}

impl Line<'_> {
    pub(crate) fn height(&self) -> u32 {
        match self {
            Self::Kind(_) => HEAD,
            Self::Row { .. } => ROW,
        }
    }
}

impl<'g> Card<'g> {
    /// The card of `nodes`, which are all of one service, in the order to be shown.
    pub(crate) fn new(
        title: &str,
        nodes: &[&'g Node],
        sentences: &[String],
        colour: Colour,
    ) -> Self {
        let mut lines: Vec<Line<'g>> = Vec::new();
        let mut kinds: Vec<&str> = Vec::new();
        for node in nodes {
            if !kinds.contains(&node.kind()) {
                kinds.push(node.kind());
            }
        }
        for kind in kinds {
            lines.push(Line::Kind(names::plain(&names::kind(kind))));
            let all = nodes.iter().copied().filter(|node| node.kind() == kind);
            lines.extend(rows(&all.collect::<Vec<_>>(), colour));
        }
        let columns = columns(lines);
        let gaps = COLUMN_GAP * u32::try_from(columns.len()).unwrap_or(1).saturating_sub(1);
        let inner = columns.iter().map(|column| column.width).sum::<u32>() + gaps;
        let head = width(title, TITLE_FONT) + 40;
        let least = if sentences.is_empty() { NARROWEST } else { 230 };
        let width = up(inner.max(head).max(least) + 2 * PADDING);
        let room = width - 2 * PADDING;
        let sentences: Vec<String> =
            sentences.iter().flat_map(|text| wrapped(text, HEAD_FONT, room)).collect();
        let of_column = |column: &Column<'_>| column.lines.iter().map(Line::height).sum::<u32>();
        let tallest = columns.iter().map(of_column).max().unwrap_or_default();
        let said = SENTENCE * u32::try_from(sentences.len()).unwrap_or_default();
        let height = up(TITLE + said + tallest + PADDING);
        let count = nodes.len();
        Self { title: title.to_owned(), count, columns, sentences, width, height }
    }
}

/// The next multiple of the grid.
pub(crate) fn up(px: u32) -> u32 {
    px.div_ceil(GRID) * GRID
}

/// The rows of one kind.
fn rows<'g>(nodes: &[&'g Node], colour: Colour) -> Vec<Line<'g>> {
    let mut rows = Vec::new();
    let mut left = nodes;
    while let Some(first) = left.first() {
        let mark = first.mark(colour);
        let run = run(left, colour);
        let (all, rest) = left.split_at(if run >= FOLDED { run } else { 1 });
        let text = match all {
            [one] => names::plain(one.name()),
            _ => {
                let last = all.last().map_or("", |node| node.name());
                let number = last.rsplit('-').next().unwrap_or_default();
                names::plain(&format!("{} … {number}", first.name()))
            }
        };
        let right = match colour {
            Colour::Cost => sum(all),
            _ => String::new(),
        };
        let text = fitted(&text, ROW_FONT, WIDEST_NAME);
        rows.push(Line::Row { text, mark, right, nodes: all.to_vec() });
        left = rest;
    }
    rows
}

/// How many at the beginning differ in nothing but a number that counts up.
fn run(nodes: &[&Node], colour: Colour) -> usize {
    let numbered = |node: &Node| {
        let (base, number) = node.name().rsplit_once('-')?;
        Some((base.to_owned(), number.parse::<u32>().ok()?))
    };
    let Some((base, number)) = nodes.first().and_then(|node| numbered(node)) else { return 1 };
    let mark = nodes[0].mark(colour);
    let continues = |(node, expected): &(&&Node, u32)| {
        numbered(node) == Some((base.clone(), *expected)) && node.mark(colour) == mark
    };
    nodes.iter().zip(number..).take_while(continues).count()
}

/// What they cost together; nothing is said of nothing.
fn sum(nodes: &[&Node]) -> String {
    let mut known = 0;
    for node in nodes {
        match node.cost {
            Some(Cost::Known(micros)) => known += micros,
            Some(Cost::Unknown) => return "?".to_owned(),
            None => {}
        }
    }
    if known == 0 { String::new() } else { Cost::Known(known).to_string() }
}

/// The lines in columns of about the same height.
fn columns(lines: Vec<Line<'_>>) -> Vec<Column<'_>> {
    let total: u32 = lines.iter().map(Line::height).sum();
    let count = total.div_ceil(TALLEST).clamp(1, 4);
    let limit = total.div_ceil(count) + ROW;
    let mut columns = vec![Column::default()];
    let mut height = 0;
    let mut kind = String::new();
    let mut lines = lines.into_iter().peekable();
    while let Some(line) = lines.next() {
        // A kind stands in one column with the first of it.
        let next = match (&line, lines.peek()) {
            (Line::Kind(_), Some(next)) => next.height(),
            _ => 0,
        };
        if height > 0 && height + line.height() + next > limit {
            let mut column = Column::default();
            height = 0;
            // What goes on says of what.
            if let Line::Row { .. } = line {
                column.width = width(&kind, HEAD_FONT);
                column.lines.push(Line::Kind(kind.clone()));
                height = HEAD;
            }
            columns.push(column);
        }
        if let Line::Kind(text) = &line {
            kind.clone_from(text);
        }
        height += line.height();
        if let Some(column) = columns.last_mut() {
            column.width = column.width.max(line_width(&line));
            column.lines.push(line);
        }
    }
    columns
}

fn line_width(line: &Line<'_>) -> u32 {
    match line {
        Line::Kind(text) => width(text, HEAD_FONT),
        Line::Row { text, right, mark, .. } => {
            let mark = if mark.is_some() { MARK } else { 0 };
            let right = if right.is_empty() { 0 } else { width(right, ROW_FONT) + 14 };
            mark + width(text, ROW_FONT) + right
        }
    }
}
