//! The suffix: what tells one environment's names from another's.

use std::fmt;
use std::str::FromStr;

/// The longest suffix: `payment-green-{suffix}` has to fit a target group's 32 characters.
pub(crate) const LONGEST: usize = 18;

/// An environment's suffix, part of every name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suffix(String);

/// A text that is no suffix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSuffix {
    /// It is empty.
    #[error("a suffix has at least one character")]
    Empty,
    /// It would make a name too long.
    #[error(
        "a suffix has at most {LONGEST} characters, and this one has {0}: the name of a target \
         group, payment-green-SUFFIX, would be longer than AWS's 32"
    )]
    TooLong(usize),
    /// It would make a name AWS refuses.
    #[error(
        "a suffix is made of lower-case letters, digits and single dashes between them, such as \
         dev or pr-142: it becomes part of bucket names, which allow nothing else"
    )]
    Characters,
}

impl Suffix {
    /// One that is as long as one may be.
    #[must_use]
    pub fn longest() -> Self {
        Self("x".repeat(LONGEST))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Suffix {
    type Err = BadSuffix;

    fn from_str(text: &str) -> Result<Self, BadSuffix> {
        let fits = |part: &str| {
            let mut bytes = part.bytes();
            !part.is_empty() && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        if text.is_empty() {
            return Err(BadSuffix::Empty);
        }
        if !text.split('-').all(fits) {
            return Err(BadSuffix::Characters);
        }
        if text.len() > LONGEST {
            return Err(BadSuffix::TooLong(text.len()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Suffix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_is_kept() {
        for good in ["dev", "pr-142", "a", "0", "123456789012345678"] {
            assert!(good.parse::<Suffix>().is_ok(), "{good}");
        }
        let long = "1234567890123456789";
        assert_eq!(long.parse::<Suffix>(), Err(BadSuffix::TooLong(19)));
        assert_eq!("".parse::<Suffix>(), Err(BadSuffix::Empty));
        for bad in ["-a", "a-", "a--b", "Dev", "a_b", "../../x", "a\n", "$(id)", "ä", "a\0", " "] {
            assert_eq!(bad.parse::<Suffix>(), Err(BadSuffix::Characters), "{bad:?}");
        }
    }
}
