//! Versions of an engine, in the order of their numbers.

use std::fmt;

/// A version such as 16.6. Of 16 alone, the minor version is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    pub(crate) major: u32,
    minor: u32,
}

impl Version {
    /// The version that `text` is; none for one of another form, such as `16.4-limitless`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
        Some(Self { major: major.parse().ok()?, minor: minor.parse().ok()? })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Whether `seen` is as good as `wanted`: that version, or a later minor one of the same major
/// one. AWS installs those by itself, and takes none back.
pub(super) fn as_good(seen: &str, wanted: &str) -> bool {
    match (Version::parse(seen), Version::parse(wanted)) {
        (Some(seen), Some(wanted)) => seen.major == wanted.major && seen >= wanted,
        _ => seen == wanted,
    }
}

/// Whether it takes more than another minor version to come from `seen` to `wanted`.
pub(super) fn is_major(seen: &str, wanted: &str) -> bool {
    let major = |text| Version::parse(text).map(|version| version.major);
    major(seen) != major(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_number() {
        let parse = |text| Version::parse(text).unwrap();
        assert!(parse("16.10") > parse("16.9") && parse("9.6") < parse("16.1"));
        assert_eq!(parse("16"), parse("16.0"));
        assert_eq!(parse("16.10").to_string(), "16.10");
        for text in ["16.4-limitless", "8.0.mysql_aurora.3.04", "latest", ""] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_later_minor_version_is_as_good() {
        for (seen, wanted, good) in [
            ("16.6", "16.6", true),
            ("16.10", "16.6", true),
            ("16.6", "16", true),
            ("16.4", "16.6", false),
            ("17.2", "16.6", false),
            ("15.10", "16.6", false),
            ("16.4-limitless", "16.4-limitless", true),
            ("16.4-limitless", "16.4", false),
        ] {
            assert_eq!(as_good(seen, wanted), good, "{seen} for {wanted}");
        }
        assert!(is_major("16.6", "17.2") && !is_major("16.6", "16.10"));
    }
}
