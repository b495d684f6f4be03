//! How long an environment is to be there.

use std::str::FromStr;

use jiff::{SignedDuration, Span, SpanRelativeTo};

/// The shortest life: AWS's list of tags, by which an end is found, is minutes behind.
const SHORTEST: SignedDuration = SignedDuration::from_hours(1);
/// The longest one.
const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);
/// What says that an environment has no end.
const NEVER: &str = "never";

/// How long an environment is to be there, from an `up` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// So long.
    Lasts(SignedDuration),
    /// For good.
    Endless,
}

/// A text that is no life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a life is written like 72h or 14d, from 1h to 366d, or never")]
pub struct BadLife;

/// A time of hours, days or weeks, such as `72h` or `14d`. A day has 24 hours.
#[must_use]
pub fn time(text: &str) -> Option<SignedDuration> {
    let span: Span = text.parse().ok()?;
    span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
}

impl FromStr for Life {
    type Err = BadLife;

    fn from_str(text: &str) -> Result<Self, BadLife> {
        if text == NEVER {
            return Ok(Self::Endless);
        }
        let time = time(text).filter(|time| (SHORTEST..=LONGEST).contains(time));
        time.map(Self::Lasts).ok_or(BadLife)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_has_a_unit_and_bounds() {
        let hours = |hours| Ok(Life::Lasts(SignedDuration::from_hours(hours)));
        for (text, life) in
            [("72h", hours(72)), ("14d", hours(336)), ("1d 12h", hours(36)), ("1w", hours(168))]
        {
            assert_eq!(text.parse(), life, "{text}");
        }
        assert_eq!("never".parse(), Ok(Life::Endless));
        for bad in ["", "72", "59m", "-72h", "367d", "1 month", "1y", "soon", "Never"] {
            assert_eq!(bad.parse::<Life>(), Err(BadLife), "{bad}");
        }
    }
}
