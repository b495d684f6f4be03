//! A timeline as bars: what ran when, what the end waited for, and what took longer than predicted.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use anstyle::Style;
use payctl_engine::Phase;
use payctl_engine::state::history::Ended;

use super::text::{clock, columns, cut_middle, wrapped};
use super::{BOLD, CYAN, DIM, RED, YELLOW, minutes, paint, plural, seconds};
use crate::prediction::Clock;
use crate::timeline::{Planned, Status, Timeline};

/// What takes a smaller part of the whole is left out, unless something is to be told of it.
const SHOWN: f64 = 0.02;
/// From so many columns on, what an operation waited for stands beside it.
const WIDE: usize = 120;
/// An address is given so many columns at most.
const LONGEST_NAME: usize = 40;

/// How a timeline is shown.
pub(crate) struct View<'a> {
    pub(crate) timeline: &'a Timeline,
    /// Whether the run goes on.
    pub(crate) goes_on: bool,
    /// Whether all of it is shown.
    pub(crate) whole: bool,
    pub(crate) width: usize,
}

impl View<'_> {
    pub(crate) fn text(&self) -> String {
        let Self { timeline, width, .. } = self;
        let run = format!("{} {}", timeline.head.command, timeline.head.run);
        let title = wrapped("", 2, &format!("{run}: {}", self.title()), *width);
        let mut out = format!("{}\n", title.replacen(&run, &paint(BOLD, &run), 1));
        let path = timeline.critical_path();
        let mut begun: Vec<usize> =
            (0..timeline.operations.len()).filter(|one| timeline.span(*one).is_some()).collect();
        let began = |index: &usize| timeline.operations[*index].began.unwrap_or_default();
        begun.sort_by(|one, other| began(one).total_cmp(&began(other)));
        let shown: Vec<usize> =
            begun.iter().copied().filter(|one| self.is_shown(*one, &path)).collect();
        if !shown.is_empty() {
            out.push('\n');
            self.bars(&mut out, &shown, &path);
        }
        let waiting = timeline.operations.len() - begun.len();
        let left = [
            (begun.len() - shown.len(), "took next to no time (-v shows them)"),
            (waiting, "not begun"),
        ];
        for (count, what) in left.into_iter().filter(|(count, _)| *count > 0) {
            let _ = writeln!(
                out,
                "{}",
                paint(DIM, wrapped("  ", 4, &format!("{count} more {what}"), *width))
            );
        }
        if !shown.is_empty() {
            let legend = "* the end waited for it; █ until its id was known or it was done, ▒ until \
                          it was ready";
            let _ = writeln!(out, "{}", paint(DIM, wrapped("", 2, legend, *width)));
        }
        self.late(&mut out, &begun);
        self.retries(&mut out);
        out
    }

    /// When it began, how long it took and how it ended.
    fn title(&self) -> String {
        let Timeline { head, end, .. } = self.timeline;
        let took = for_people(self.timeline.took());
        let how = match end {
            Some((_, Ended::Done)) => format!("done in {took}"),
            Some((_, Ended::Failed)) => format!("failed after {took}"),
            Some((_, Ended::Interrupted)) => format!("interrupted after {took}"),
            None if self.goes_on => format!("goes on; {took} until the last thing that happened"),
            None => format!("killed, {took} or more after it began"),
        };
        let place = match head.clock {
            Clock::Here => "",
            Clock::OfAws => " on AWS",
        };
        let began = head.began.replace('T', " ");
        let began = began.split('.').next().unwrap_or_default();
        let predicted = minutes(head.predicted_seconds);
        format!("began {began} UTC, {how} (predicted: {predicted}{place})")
    }

    fn is_shown(&self, index: usize, path: &[usize]) -> bool {
        let (began, ended) = self.timeline.span(index).unwrap_or_default();
        self.whole
            || path.contains(&index)
            || self.timeline.is_late(index)
            || self.timeline.operations[index].status != Status::Done
            || ended - began >= self.timeline.took() * SHOWN
    }

    fn bars(&self, out: &mut String, shown: &[usize], path: &[usize]) {
        let Self { timeline, width, .. } = self;
        let name = |index: usize| self.name(index);
        let longest = shown.iter().map(|one| columns(&name(*one))).max().unwrap_or_default();
        let names = longest.min(LONGEST_NAME).min(*width * 2 / 5);
        let times: Vec<String> = shown.iter().map(|one| self.time(*one)).collect();
        let time = times.iter().map(|time| columns(time)).max().unwrap_or_default();
        let after = if *width >= WIDE { 6 + LONGEST_NAME } else { 0 };
        let bar = width.saturating_sub(2 + names + 2 + 2 + time + after).max(4);
        // As the title rounds it.
        let end = clock(Duration::from_secs_f64(timeline.took().round()));
        let gap = bar.saturating_sub(4);
        let axis = format!("  {:names$}  0:00{end:>gap$}", "");
        let _ = writeln!(out, "{}", paint(DIM, axis));
        for (index, took) in shown.iter().zip(&times) {
            let critical = path.contains(index);
            let mark = if critical { paint(CYAN, "*") } else { " ".to_owned() };
            let shown = cut_middle(&name(*index), names);
            let style = self.style(*index, critical);
            let drawn = self.bar(*index, bar);
            let _ = write!(out, "{mark} {shown:<names$}  {}  {took:>time$}", paint(style, drawn));
            if let Some(of) = timeline.waited_for(*index).filter(|_| after > 0) {
                let of = cut_middle(&self.name(of), LONGEST_NAME - 2);
                let _ = write!(out, "  {}", paint(DIM, format!("after {of}")));
            }
            out.push('\n');
        }
    }

    /// A resource, and that it is what another replaced where that is so.
    fn name(&self, index: usize) -> String {
        let Planned { address, phase, action, .. } = self.timeline.planned(index);
        match action.replaces() && *phase == Phase::Delete {
            true => format!("{address} (old)"),
            false => address.to_string(),
        }
    }

    fn time(&self, index: usize) -> String {
        let (began, ended) = self.timeline.span(index).unwrap_or_default();
        let took = for_people(ended - began);
        match self.timeline.operations[index].status {
            Status::Failed => format!("{took}, failed"),
            Status::Running => format!("{took}, not done"),
            Status::Waiting | Status::Done | Status::Skipped => took,
        }
    }

    fn style(&self, index: usize, critical: bool) -> Style {
        match self.timeline.operations[index].status {
            Status::Failed => RED,
            _ if self.timeline.is_late(index) => YELLOW,
            _ if critical => CYAN,
            _ => Style::new(),
        }
    }

    /// The operation's time in so many columns, of which all of the run takes the whole.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    fn bar(&self, index: usize, width: usize) -> String {
        let (began, ended) = self.timeline.span(index).unwrap_or_default();
        let whole = self.timeline.took().max(0.001);
        let at = |seconds: f64| ((seconds / whole * width as f64).round() as usize).min(width);
        // What is there is seen, however short it was.
        let from = at(began).min(width - 1);
        let to = at(ended).max(from + 1);
        let created = self.timeline.operations[index].created.map_or(to, &at).clamp(from, to);
        let columns = (0..width).map(|column| match column {
            _ if column < from || column >= to => ' ',
            _ if column < created => '█',
            _ => '▒',
        });
        columns.collect()
    }

    /// What took longer than predicted.
    fn late(&self, out: &mut String, begun: &[usize]) {
        let late: Vec<usize> =
            begun.iter().copied().filter(|one| self.timeline.is_late(*one)).collect();
        if late.is_empty() {
            return;
        }
        let _ = writeln!(out, "\n{}", paint(YELLOW, "longer than predicted:"));
        for index in late {
            let Planned { predicted_seconds, measured_runs, .. } = self.timeline.planned(index);
            let from = match measured_runs {
                0 => "typical on AWS".to_owned(),
                runs => format!("median of {}", plural(*runs, "run")),
            };
            let (took, predicted) = (self.time(index), for_people(*predicted_seconds));
            let line = format!("{}: {took}; predicted {predicted} ({from})", self.name(index));
            let _ = writeln!(out, "{}", wrapped("  ", 4, &line, self.width));
        }
    }

    /// How often calls were made again, and why.
    fn retries(&self, out: &mut String) {
        let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
        for operation in &self.timeline.operations {
            for (code, count) in &operation.retries {
                *codes.entry(code).or_default() += count;
            }
        }
        if codes.is_empty() {
            return;
        }
        let codes: Vec<String> =
            codes.iter().map(|(code, count)| format!("{count} × {code}")).collect();
        let line = format!("calls made again: {}", codes.join(", "));
        let _ = writeln!(out, "\n{}", wrapped("", 2, &line, self.width));
    }
}

fn for_people(time: f64) -> String {
    seconds(Duration::from_secs_f64(time.max(0.0)))
}

#[cfg(test)]
mod tests;
