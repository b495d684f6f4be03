//! When what happens, as bars below each other.

use maud::{Markup, html};

use super::{Bar, Timeline};
use crate::names::plain;

/// More of them say no more.
const MOST: usize = 40;

pub(super) fn section(timeline: &Timeline) -> Markup {
    let Timeline { summary, bars } = timeline;
    let whole = bars.iter().map(|bar| bar.end_s).fold(0.0, f64::max).max(1.0);
    let mut longest: Vec<&Bar> = bars.iter().collect();
    let length = |bar: &Bar| bar.end_s - bar.begin_s;
    longest.sort_by(|a, b| b.critical.cmp(&a.critical).then(length(b).total_cmp(&length(a))));
    longest.truncate(MOST);
    longest.sort_by(|a, b| {
        a.begin_s
            .total_cmp(&b.begin_s)
            .then(a.end_s.total_cmp(&b.end_s))
            .then(a.address.cmp(&b.address))
    });
    let left = bars.len() - longest.len();
    html! {
        p { (plain(summary)) ". Bold: what all else waits for." }
        div .scroll tabindex="0" role="region" aria-label="Timeline" {
            div .chart {
                ol {
                    @for bar in longest {
                        li .critical[bar.critical] {
                            span .mono { (plain(&bar.address)) }
                            svg viewBox="0 0 1000 12" preserveAspectRatio="none" aria-hidden="true" {
                                rect x=(part(bar.begin_s, whole)) y="1" height="10" rx="2"
                                    width=(part(length(bar), whole).max(2)) {}
                            }
                            span .number { (duration(length(bar))) }
                        }
                    }
                }
            }
        }
        @if left > 0 { p .dim { "And " (left) " shorter ones." } }
    }
}

/// Its part of the whole, in thousandths.
fn part(seconds: f64, whole: f64) -> u32 {
    let part = (seconds / whole * 1000.0).round().clamp(0.0, 1000.0);
    // From 0 to 1000.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let part = part as u32;
    part
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => "< 1 s".to_owned(),
        s if s < 100.0 => format!("{s:.0} s"),
        s => format!("{:.0} min", s / 60.0),
    }
}
