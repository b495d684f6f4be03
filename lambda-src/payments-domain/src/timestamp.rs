//! A time as text.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A time in UTC, as `2026-11-22T01:38:18.250Z`: always this long, so that the order of the texts
/// is the order of the times.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(String);

/// The text is not a timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a timestamp must be written as 2026-11-22T01:38:18.250Z")]
pub struct TimestampError;

/// Digits where this has digits, and all else as it is here.
const SHAPE: &[u8] = b"0000-00-00T00:00:00.000Z";

/// The last millisecond of the year 9999.
const LAST: u64 = 253_402_300_799_999;

impl Timestamp {
    /// Writes milliseconds since 1970; what is after the year 9999 is its end.
    #[must_use]
    pub fn from_milliseconds(since: u64) -> Self {
        let since = since.min(LAST);
        let (mut days, time) = (since / 86_400_000, since % 86_400_000);
        let (mut year, mut month) = (1970, 1);
        while days >= days_of_year(year) {
            days -= days_of_year(year);
            year += 1;
        }
        while days >= days_of_month(year, month) {
            days -= days_of_month(year, month);
            month += 1;
        }
        let (hour, minute) = (time / 3_600_000, time / 60_000 % 60);
        let (second, rest) = (time / 1_000 % 60, time % 1_000);
        let day = days + 1;
        Self(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{rest:03}Z"))
    }

    /// What comes before every time, and is none.
    #[must_use]
    pub fn before_all() -> Self {
        Self(String::from_utf8_lossy(SHAPE).into_owned())
    }

    /// The date alone: `2026-11-22`.
    #[must_use]
    pub fn date(&self) -> &str {
        self.0.split('T').next().unwrap_or_default()
    }

    /// The timestamp as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn days_of_year(year: u64) -> u64 {
    365 + u64::from(is_leap(year))
}

fn days_of_month(year: u64, month: u64) -> u64 {
    match month {
        2 => 28 + u64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Takes the shape. Whether a month has such a day is not looked at: a text like it sorts all right.
impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = |(byte, shape): (u8, &u8)| match shape {
            b'0' => byte.is_ascii_digit(),
            other => byte == *other,
        };
        let all = text.len() == SHAPE.len() && text.bytes().zip(SHAPE).all(fits);
        if all { Ok(Self(text.to_owned())) } else { Err(TimestampError) }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::DateTime;
    use aws_smithy_types::date_time::Format;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_times_are_written_as_they_should() {
        for (since, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_795_311_498_250, "2026-11-22T01:38:18.250Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (u64::MAX, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Timestamp::from_milliseconds(since).to_string(), text);
        }
        assert_eq!(Timestamp::from_milliseconds(1_795_311_498_250).date(), "2026-11-22");
        assert!(Timestamp::before_all() < Timestamp::from_milliseconds(0));
    }

    #[test]
    fn other_texts_are_refused() {
        let good = "2026-11-22T01:38:18.250Z";
        assert!(good.parse::<Timestamp>().is_ok());
        for (place, _) in good.char_indices() {
            let mut other = good.to_owned();
            other.replace_range(place..=place, "x");
            assert_eq!(other.parse::<Timestamp>(), Err(TimestampError), "{other}");
        }
        for text in ["", "2026-11-22T01:38:18Z", "2026-11-22T01:38:18.2500Z", &good[..23]] {
            assert_eq!(text.parse::<Timestamp>(), Err(TimestampError), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_time_is_written_as_others_do_and_reads_back(since in 0..=LAST, other in 0..=LAST) {
            let written = Timestamp::from_milliseconds(since);
            let seconds = DateTime::from_secs(i64::try_from(since / 1_000).unwrap());
            let seconds = seconds.fmt(Format::DateTime).unwrap();
            let whole = format!("{}.{:03}Z", seconds.trim_end_matches('Z'), since % 1_000);
            prop_assert_eq!(written.as_str(), whole);
            prop_assert_eq!(written.as_str().parse::<Timestamp>(), Ok(written.clone()));
            let other_written = Timestamp::from_milliseconds(other);
            prop_assert_eq!(written.cmp(&other_written), since.cmp(&other));
        }
    }
}
