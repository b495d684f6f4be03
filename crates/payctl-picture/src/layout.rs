//! Where cards and frames stand on paper: in rows from top to bottom, as many beside each other as
//! there is room for.

use crate::card::{Card, GRID, up};
use crate::scene::{Frame, Scene};
use crate::text::width;

/// Between cards, and between frames: room for lines, which keep a grid's width apart.
const CARD_GAP: u32 = 50;
const FRAME_GAP: u32 = 40;
const FRAME_PADDING: u32 = 30;
pub(crate) const FRAME_TITLE: u32 = 40;
pub(crate) const FRAME_FONT: u32 = 13;

/// A rectangle, in px. All of it is on the grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rect {
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Rect {
    pub(crate) fn right(&self) -> u32 {
        self.x + self.width
    }

    pub(crate) fn bottom(&self) -> u32 {
        self.y + self.height
    }
}

/// A frame on paper.
pub(crate) struct Placed<'s> {
    pub(crate) frame: &'s Frame,
    pub(crate) rect: Rect,
}

impl Placed<'_> {
    /// Where its title stands.
    pub(crate) fn title(&self) -> Rect {
        let width = up(width(&self.frame.title, FRAME_FONT) + 30).min(self.rect.width);
        Rect { x: self.rect.x, y: self.rect.y, width, height: 30 }
    }
}

/// All of it on paper.
pub(crate) struct Layout<'s> {
    /// Outer frames before inner ones.
    pub(crate) frames: Vec<Placed<'s>>,
    /// The cards, in the scene's order.
    pub(crate) cards: Vec<Rect>,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl<'s> Layout<'s> {
    /// Lays `scene` out for paper of about `room` px width; more where a card needs it.
    pub(crate) fn new(scene: &'s Scene<'_>, room: u32) -> Self {
        let room = up(room);
        let block = stack(&scene.frames, &scene.cards, room);
        let mut layout = Self {
            frames: Vec::new(),
            cards: vec![Rect::default(); scene.cards.len()],
            width: block.width,
            height: block.height,
        };
        layout.put(&block, 0, 0);
        layout
    }

    fn put(&mut self, block: &Block<'s>, x: u32, y: u32) {
        let Block { width, height, .. } = *block;
        match block.content {
            Content::Card(number) => self.cards[number] = Rect { x, y, width, height },
            Content::Frame(frame) => {
                self.frames.push(Placed { frame, rect: Rect { x, y, width, height } });
            }
            Content::Rows => {}
        }
        for (part, right, down) in &block.parts {
            self.put(part, x + right, y + down);
        }
    }
}

/// Something with a size, and what is in it.
struct Block<'s> {
    content: Content<'s>,
    width: u32,
    height: u32,
    /// With how far right and down each is.
    parts: Vec<(Block<'s>, u32, u32)>,
}

#[derive(Clone, Copy)]
enum Content<'s> {
    Card(usize),
    Frame(&'s Frame),
    Rows,
}

/// Frames in rows; those of a row as high as each other, and all rows as wide.
fn stack<'s>(frames: &'s [Frame], cards: &[Card<'_>], room: u32) -> Block<'s> {
    let framed = frames.iter().map(|frame| framed(frame, cards, room)).collect();
    let mut block = rows(framed, room, FRAME_GAP);
    stretch(&mut block);
    block
}

fn framed<'s>(frame: &'s Frame, cards: &[Card<'_>], room: u32) -> Block<'s> {
    let inner = room.saturating_sub(2 * FRAME_PADDING);
    let inside = match frame.frames.is_empty() {
        false => stack(&frame.frames, cards, inner),
        true => {
            let card = |number: &usize| Block {
                content: Content::Card(*number),
                width: cards[*number].width,
                height: cards[*number].height,
                parts: Vec::new(),
            };
            let gap = if frame.has_lines { CARD_GAP } else { FRAME_PADDING };
            rows(frame.cards.iter().map(card).collect(), inner, gap)
        }
    };
    let title = up(width(&frame.title, FRAME_FONT) + 40);
    Block {
        content: Content::Frame(frame),
        width: (inside.width + 2 * FRAME_PADDING).max(title),
        height: inside.height + FRAME_TITLE + FRAME_PADDING,
        parts: vec![(inside, FRAME_PADDING, FRAME_TITLE)],
    }
}

/// Blocks beside each other, in as many rows as that takes.
fn rows<'s>(blocks: Vec<Block<'s>>, room: u32, gap: u32) -> Block<'s> {
    let mut parts = Vec::new();
    let (mut x, mut y, mut height, mut widest) = (0, 0, 0, 0);
    for block in blocks {
        if x > 0 && x + block.width > room {
            (x, y, height) = (0, y + height + gap, 0);
        }
        widest = widest.max(x + block.width);
        height = height.max(block.height);
        let right = x;
        x += block.width + gap;
        parts.push((block, right, y));
    }
    Block { content: Content::Rows, width: widest, height: y + height, parts }
}

/// Makes all rows of frames as wide as the widest, and the frames of a row as high as the highest.
fn stretch(block: &mut Block<'_>) {
    let whole = block.width;
    let mut from = 0;
    while from < block.parts.len() {
        let y = block.parts[from].2;
        let count = block.parts[from..].iter().take_while(|part| part.2 == y).count();
        let row = &mut block.parts[from..from + count];
        let used = row.last().map_or(0, |(last, right, _)| right + last.width);
        let share = (whole - used) / u32::try_from(count).unwrap_or(1) / GRID * GRID;
        let height = row.iter().map(|(one, ..)| one.height).max().unwrap_or_default();
        let last = count - 1;
        for (nth, (one, right, _)) in row.iter_mut().enumerate() {
            *right += share * u32::try_from(nth).unwrap_or_default();
            let width = if nth == last { whole - *right } else { one.width + share };
            widen(one, width);
            one.height = height;
        }
        from += count;
    }
}

/// Makes a frame wider: what is in it moves apart.
fn widen(block: &mut Block<'_>, width: u32) {
    let more = width - block.width;
    block.width = width;
    for (inside, ..) in &mut block.parts {
        if !matches!(inside.content, Content::Rows) {
            continue;
        }
        if inside.parts.iter().all(|(part, ..)| matches!(part.content, Content::Frame(_))) {
            inside.width += more;
            stretch(inside);
        }
    }
}
