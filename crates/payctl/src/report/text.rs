//! Words: counts, durations, lines that fit.

use std::time::Duration;

use payctl_engine::{Action, Phase};

use super::{DIM, paint};

pub(crate) use payctl_document::nearest;

/// So many of a thing, such as `1 step` and `2 steps`.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A duration for people.
pub(crate) fn seconds(duration: Duration) -> String {
    // What rounds to a minute is one.
    if duration.as_secs_f64() < 59.95 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        let whole = duration.as_secs_f64().round();
        format!("{} min {:02} s", (whole / 60.0).floor(), whole % 60.0)
    }
}

/// How long a whole plan takes: no finer than anybody needs to decide whether to wait for it.
pub(crate) fn minutes(seconds: f64) -> String {
    if seconds < 60.0 { "under a minute".to_owned() } else { roughly(seconds) }
}

/// How long something still takes, so far as that can be said: to ten seconds, or to a minute.
pub(super) fn roughly(seconds: f64) -> String {
    match seconds {
        ..=50.0 => format!("about {} s", (seconds / 10.0).ceil().max(1.0) * 10.0),
        ..3600.0 => format!("about {} min", (seconds / 60.0).round().max(1.0)),
        _ => {
            let minutes = (seconds / 60.0).round();
            format!("about {} h {:02} min", (minutes / 60.0).floor(), minutes % 60.0)
        }
    }
}

/// Rows in columns, under their heads.
pub(crate) fn table<const N: usize>(
    heads: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> String {
    let rows: Vec<[String; N]> = rows.collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| columns(&row[column]));
        cells.max().unwrap_or_default().max(heads[column].len())
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |cells: [&str; N]| {
        let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    let rows = rows.iter().map(|row| line(std::array::from_fn(|column| row[column].as_str())));
    let heads = paint(DIM, line(*heads).trim_end()) + "\n";
    std::iter::once(heads).chain(rows).collect()
}

/// What is being done, in a word.
pub(crate) fn doing(action: Action, phase: Phase) -> &'static str {
    match (phase, action) {
        (Phase::Forget, _) => "forgetting",
        (Phase::Delete, _) => "deleting",
        (Phase::Apply, Action::Update) => "updating",
        (Phase::Apply, Action::Adopt) => "adopting",
        (Phase::Apply, _) => "creating",
    }
}

/// What was done, in a word of the same width.
pub(crate) fn done(action: Action, phase: Phase) -> String {
    let word = match (phase, action) {
        (Phase::Forget, _) => "forgotten",
        (Phase::Delete, _) => "deleted",
        (Phase::Apply, Action::Update) => "updated",
        (Phase::Apply, Action::Adopt) => "adopted",
        (Phase::Apply, _) => "created",
    };
    format!("{word:<9}")
}

/// A time that passes, as a clock shows it.
pub(super) fn clock(elapsed: Duration) -> String {
    let (minutes, seconds) = (elapsed.as_secs() / 60, elapsed.as_secs() % 60);
    match minutes {
        ..60 => format!("{minutes}:{seconds:02}"),
        _ => format!("{}:{:02}:{seconds:02}", minutes / 60, minutes % 60),
    }
}

/// How many columns `text` takes: of what is for people, a character is one.
pub(super) fn columns(text: &str) -> usize {
    text.chars().count()
}

/// A text of at most `width` characters; the rest is left out visibly.
pub(super) fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// The same, leaving out the middle: the end of a name tells as much as its beginning.
pub(super) fn cut_middle(text: &str, width: usize) -> String {
    let length = columns(text);
    if length <= width {
        return text.to_owned();
    }
    let kept = width.saturating_sub(1);
    let end = kept / 2;
    let begin: String = text.chars().take(kept - end).collect();
    let end: String = text.chars().skip(length - end).collect();
    format!("{begin}…{end}")
}

/// `begin` and then the words of `text`, in lines of at most `width`, all but the first of them
/// indented. A word that is longer than a line stands alone on one.
pub(super) fn wrapped(begin: &str, indent: usize, text: &str, width: usize) -> String {
    fold(begin, indent, text.split_whitespace(), " ", width)
}

/// The same for a list: lines break behind its commas only.
pub(super) fn listed<'a>(
    begin: &str,
    indent: usize,
    items: impl IntoIterator<Item = &'a str>,
    width: usize,
) -> String {
    fold(begin, indent, items, ", ", width)
}

fn fold<'a>(
    begin: &str,
    indent: usize,
    items: impl IntoIterator<Item = &'a str>,
    between: &str,
    width: usize,
) -> String {
    let mut out = begin.to_owned();
    let mut used = columns(begin);
    let mut items = items.into_iter().peekable();
    let mut first = true;
    while let Some(item) = items.next() {
        // A comma has to fit as well.
        let comma = if items.peek().is_some() { between.trim_end().len() } else { 0 };
        let gap = if first { 0 } else { between.len() };
        if used > indent && used + gap + columns(item) + comma > width {
            let end = if first { "" } else { between.trim_end() };
            out.truncate(out.trim_end().len());
            out += end;
            out.push('\n');
            out += &" ".repeat(indent);
            used = indent;
        } else if !first {
            out += between;
            used += gap;
        }
        out += item;
        used += columns(item);
        first = false;
    }
    out
}

/// As a sentence begins.
pub(crate) fn sentence(text: &str) -> String {
    let mut all = text.chars();
    all.next().map(|first| first.to_uppercase().chain(all).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_are_right() {
        let all: Vec<String> = [0, 1, 2].map(|count| plural(count, "step")).into();
        assert_eq!(all, ["0 steps", "1 step", "2 steps"]);
    }

    #[test]
    fn durations_have_the_unit_that_suits_them() {
        let all = [0.04, 59.94, 59.96, 61.0, 119.6, 3725.0];
        let all = all.map(|value| seconds(Duration::from_secs_f64(value)));
        assert_eq!(
            all,
            ["0.0 s", "59.9 s", "1 min 00 s", "1 min 01 s", "2 min 00 s", "62 min 05 s"]
        );
    }

    #[test]
    fn what_is_left_is_told_no_finer_than_it_is_known() {
        let all = [0.0, 12.0, 50.0, 51.0, 130.0, 3599.0, 4000.0].map(roughly);
        let min = ["about 1 min", "about 2 min", "about 60 min", "about 1 h 07 min"];
        assert_eq!(all[..3], ["about 10 s", "about 20 s", "about 50 s"]);
        assert_eq!(all[3..], min);
    }

    #[test]
    fn a_plan_takes_minutes() {
        let all = [0.0, 59.9, 60.0, 415.8, 3960.0].map(minutes);
        let told = ["under a minute", "under a minute", "about 1 min", "about 7 min"];
        assert_eq!(all[..4], told);
        assert_eq!(all[4], "about 1 h 06 min");
    }

    #[test]
    fn what_does_not_fit_is_cut_visibly() {
        assert_eq!(cut("payment-processor", 17), "payment-processor");
        assert_eq!(cut("payment-processor", 10), "payment-p…");
        assert_eq!(cut_middle("payment-processor", 17), "payment-processor");
        assert_eq!(cut_middle("payment-processor", 10), "payme…ssor");
        assert_eq!(cut_middle("ä→…ö", 3), "ä…ö");
        assert_eq!((cut("ab", 1), cut_middle("ab", 1)), ("…".to_owned(), "…".to_owned()));
    }

    #[test]
    fn lines_break_between_words_and_behind_commas() {
        assert_eq!(
            wrapped("note: ", 6, "a colleague would say it", 18),
            "note: a colleague\n      would say it"
        );
        let names = ["rds", "dynamodb", "s3", "a-very-long-name-indeed"];
        assert_eq!(
            listed("+ 4 kms.key: ", 4, names, 24),
            "+ 4 kms.key: rds,\n    dynamodb, s3,\n    a-very-long-name-indeed"
        );
        // A line may be full to its last column.
        assert_eq!(listed("", 0, ["abc", "def"], 8), "abc, def");
        assert_eq!(listed("", 0, ["abc", "def", "g"], 8), "abc,\ndef, g");
        assert_eq!(listed("x: ", 3, [""; 0], 8), "x: ");
    }

    #[test]
    fn a_near_miss_is_known() {
        assert_eq!(
            nearest("s3.bucket:file", ["s3.bucket:files", "kms.key:main"]),
            Some("s3.bucket:files")
        );
        assert_eq!(nearest("zebra", ["s3.bucket:files"]), None);
    }
}
