//! Patterns of suffixes.

use std::str::FromStr;

/// What suffixes look like: each `*` stands for any characters, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(String);

impl Pattern {
    /// Whether `suffix` looks so.
    pub(super) fn fits(&self, suffix: &str) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = suffix.strip_prefix(first) else { return false };
        let Some(last) = parts.next_back() else { return rest.is_empty() };
        for part in parts {
            match rest.split_once(part) {
                Some((_, behind)) => rest = behind,
                None => return false,
            }
        }
        rest.ends_with(last)
    }

    /// As it was typed.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-*".contains(c);
        match !text.is_empty() && text.chars().all(fits) {
            true => Ok(Self(text.to_owned())),
            false => {
                Err("a pattern is a suffix with * for any characters, such as 'pr-*'".to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, fitting, others) in [
            ("pr-1", &["pr-1"][..], &["pr-12", "pr-", "xpr-1"][..]),
            ("pr-*", &["pr-1", "pr-", "pr-a-b"], &["pr", "dev", "xpr-1"]),
            ("*-test", &["a-test", "-test"], &["test", "a-tests"]),
            ("a*b*c", &["abc", "axxbxxc", "abcbc"], &["ac", "abxc-", "acb"]),
            ("ab*ba", &["abba", "ab-ba"], &["aba"]),
            ("*", &["dev"], &[]),
        ] {
            let parsed: Pattern = pattern.parse().unwrap();
            assert!(fitting.iter().all(|one| parsed.fits(one)), "{pattern}");
            assert!(!others.iter().any(|one| parsed.fits(one)), "{pattern}");
        }
        for bad in ["", "PR-*", "pr-?", "[a]*", "pr 1"] {
            assert!(bad.parse::<Pattern>().is_err(), "{bad}");
        }
    }
}
