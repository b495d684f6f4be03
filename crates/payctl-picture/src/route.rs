//! The ways of lines between cards: along the grid, around cards and titles, with few bends and
//! crossings, and none on top of another.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::card::GRID;
use crate::layout::{Layout, Rect};
use crate::scene::Link;

/// What a step of a way costs more where it bends, crosses another, follows a frame's border, or
/// runs along another for want of room.
const BEND: u32 = 6;
const CROSSING: u32 = 10;
const BORDER: u32 = 8;
const SHARED: u32 = 60;

/// Right, down, left, up.
const STEPS: [(i64, i64); 4] = [(1, 0), (0, 1), (-1, 0), (0, -1)];

/// The corners of each line, from its first card's edge to its second's, in px.
pub(crate) fn routes(layout: &Layout<'_>, links: &[Link<'_>]) -> Vec<Vec<(u32, u32)>> {
    let mut paper = Paper::new(layout);
    let mut order: Vec<usize> = (0..links.len()).collect();
    // Short ones have the least choice.
    order.sort_by_key(|nth| {
        let link = &links[*nth];
        (distance(&layout.cards[link.from], &layout.cards[link.to]), *nth)
    });
    let mut routes = vec![Vec::new(); links.len()];
    for nth in order {
        let (from, to) = (&layout.cards[links[nth].from], &layout.cards[links[nth].to]);
        let way = paper.way(from, to);
        paper.mark(&way);
        routes[nth] = corners(&way);
    }
    routes
}

/// How far apart two cards are.
fn distance(one: &Rect, other: &Rect) -> u32 {
    let apart = |a: u32, a_end: u32, b: u32, b_end: u32| {
        b.saturating_sub(a_end).max(a.saturating_sub(b_end))
    };
    apart(one.x, one.right(), other.x, other.right())
        + apart(one.y, one.bottom(), other.y, other.bottom())
}

/// The points of the grid, and what is at each.
struct Paper {
    columns: i64,
    rows: i64,
    points: Vec<Point>,
}

#[derive(Clone, Copy, Default)]
struct Point {
    /// A card or a title.
    blocked: bool,
    /// A line runs through, along each axis: horizontally, vertically.
    lines: [bool; 2],
    /// A frame's border runs through.
    border: [bool; 2],
}

impl Paper {
    fn new(layout: &Layout<'_>) -> Self {
        let columns = i64::from(layout.width / GRID) + 1;
        let rows = i64::from(layout.height / GRID) + 1;
        let count = usize::try_from(columns * rows).unwrap_or_default();
        let mut paper = Self { columns, rows, points: vec![Point::default(); count] };
        for rect in &layout.cards {
            paper.each(rect, |point, _| point.blocked = true);
        }
        for frame in &layout.frames {
            paper.each(&frame.title(), |point, _| point.blocked = true);
            paper.each(&frame.rect, |point, edges| {
                point.border[0] |= edges[1];
                point.border[1] |= edges[0];
            });
        }
        paper
    }

    /// Does something with each point of a rectangle; says whether it is on its left or right, and
    /// on its upper or lower edge.
    fn each(&mut self, rect: &Rect, mut does: impl FnMut(&mut Point, [bool; 2])) {
        for y in (rect.y..=rect.bottom()).step_by(GRID as usize) {
            for x in (rect.x..=rect.right()).step_by(GRID as usize) {
                let edges = [x == rect.x || x == rect.right(), y == rect.y || y == rect.bottom()];
                if let Some(at) = self.at(i64::from(x / GRID), i64::from(y / GRID)) {
                    does(&mut self.points[at], edges);
                }
            }
        }
    }

    fn at(&self, x: i64, y: i64) -> Option<usize> {
        let inside = (0..self.columns).contains(&x) && (0..self.rows).contains(&y);
        inside.then(|| usize::try_from(y * self.columns + x).ok()).flatten()
    }

    fn place(&self, at: usize) -> (i64, i64) {
        let at = i64::try_from(at).unwrap_or_default();
        (at % self.columns, at / self.columns)
    }

    /// The cheapest way, as points that follow each other.
    fn way(&self, from: &Rect, to: &Rect) -> Vec<(i64, i64)> {
        let goals: Vec<(usize, usize)> = self.doors(to).collect();
        let mut is_goal = vec![0u8; self.points.len()];
        for (door, side) in &goals {
            is_goal[*door] |= 1 << side;
        }
        // One entry for each point and direction.
        let count = self.points.len() * 4;
        let mut costs = vec![u32::MAX; count];
        let mut before = vec![usize::MAX; count];
        let mut open = BinaryHeap::new();
        for (door, side) in self.doors(from) {
            let state = door * 4 + side;
            let cost = self.door_cost(from, door, side);
            if cost < costs[state] {
                costs[state] = cost;
                open.push(Reverse((cost, state)));
            }
        }
        let mut best: Option<(u32, usize)> = None;
        while let Some(Reverse((cost, state))) = open.pop() {
            if best.is_some_and(|(least, _)| cost >= least) {
                break;
            }
            if cost > costs[state] {
                continue;
            }
            let (at, direction) = (state / 4, state % 4);
            // Into a card against the side that a line would leave it by.
            let inward = (direction + 2) % 4;
            if is_goal[at] & (1 << inward) != 0 && before[state] != usize::MAX {
                let whole = cost + self.door_cost(to, at, inward);
                if best.is_none_or(|(least, _)| whole < least) {
                    best = Some((whole, state));
                }
            }
            let (x, y) = self.place(at);
            for (turn, (right, down)) in STEPS.iter().enumerate() {
                if turn == (direction + 2) % 4 {
                    continue;
                }
                let Some(next) = self.at(x + right, y + down) else { continue };
                if self.points[next].blocked && is_goal[next] & (1 << ((turn + 2) % 4)) == 0 {
                    continue;
                }
                let bends = turn != direction;
                // What leaves a card leaves it straight, and what comes to one comes straight.
                if bends && self.points[at].blocked {
                    continue;
                }
                let cost = cost + 1 + self.step_cost(at, direction, turn);
                let after = next * 4 + turn;
                if cost < costs[after] {
                    costs[after] = cost;
                    before[after] = state;
                    open.push(Reverse((cost, after)));
                }
            }
        }
        let Some((_, mut state)) = best else { return Vec::new() };
        let mut way = vec![self.place(state / 4)];
        while before[state] != usize::MAX {
            state = before[state];
            way.push(self.place(state / 4));
        }
        way.reverse();
        way
    }

    /// The points of a card's edges where a line may end, but for the corners, with the direction
    /// out of the card.
    fn doors(&self, rect: &Rect) -> impl Iterator<Item = (usize, usize)> {
        let step = GRID as usize;
        let across = (rect.x + GRID..rect.right()).step_by(step);
        let along = (rect.y + GRID..rect.bottom()).step_by(step);
        let (rect, across2, along2) = (*rect, across.clone(), along.clone());
        let all = across
            .map(move |x| (x, rect.bottom(), 1))
            .chain(across2.map(move |x| (x, rect.y, 3)))
            .chain(along.map(move |y| (rect.right(), y, 0)))
            .chain(along2.map(move |y| (rect.x, y, 2)));
        all.filter_map(|(x, y, side)| {
            let at = self.at(i64::from(x / GRID), i64::from(y / GRID))?;
            (!self.points[at].lines.contains(&true)).then_some((at, side))
        })
    }

    /// Lines end near the middle of an edge rather than at a corner.
    fn door_cost(&self, rect: &Rect, door: usize, side: usize) -> u32 {
        let (x, y) = self.place(door);
        let off = match side % 2 {
            1 => (x * i64::from(GRID)).abs_diff(i64::from(rect.x + rect.width / 2)),
            _ => (y * i64::from(GRID)).abs_diff(i64::from(rect.y + rect.height / 2)),
        };
        u32::try_from(off).unwrap_or_default() / GRID / 4
    }

    /// What going on from a point costs beyond a step.
    fn step_cost(&self, at: usize, direction: usize, turn: usize) -> u32 {
        let point = &self.points[at];
        let axis = turn % 2;
        let mut cost = 0;
        if turn != direction {
            cost += BEND;
            // A bend on another line would look like a junction.
            if point.lines.contains(&true) {
                cost += SHARED;
            }
        } else if point.lines[axis] {
            cost += SHARED;
        } else if point.lines[1 - axis] {
            cost += CROSSING;
        }
        if point.border[axis] {
            cost += BORDER;
        }
        cost
    }

    /// Notes that a line runs there.
    fn mark(&mut self, way: &[(i64, i64)]) {
        for pair in way.windows(2) {
            let axis = usize::from(pair[0].0 == pair[1].0);
            for (x, y) in pair {
                if let Some(at) = self.at(*x, *y) {
                    self.points[at].lines[axis] = true;
                }
            }
        }
    }
}

/// The corners of a way, its ends included, in px.
fn corners(way: &[(i64, i64)]) -> Vec<(u32, u32)> {
    let px = |(x, y): &(i64, i64)| {
        let of = |n: i64| u32::try_from(n).unwrap_or_default() * GRID;
        (of(*x), of(*y))
    };
    let bends = |three: &[(i64, i64)]| three[0].0 != three[2].0 && three[0].1 != three[2].1;
    let (Some(first), Some(last)) = (way.first(), way.last()) else { return Vec::new() };
    let mut all = vec![px(first)];
    all.extend(way.windows(3).filter(|three| bends(three)).map(|three| px(&three[1])));
    all.push(px(last));
    all
}
