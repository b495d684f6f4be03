//! Telling contents apart.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// A fingerprint of a payment's content: equal exactly when two payments say the same.
///
/// It is stored, so it must stay what it is from one version to the next.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Digest(String);

impl Digest {
    /// Fingerprints a list of parts; where one ends and the next begins counts.
    pub(crate) fn of(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Fingerprints one text.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        Self::of(&[text])
    }

    /// The fingerprint as 64 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_is_a_digest_of_one_part_and_is_shown_whole() {
        let digest = Digest::of_text("x");
        assert_eq!(digest, Digest::of(&["x"]));
        assert_ne!(digest, Digest::of(&["", "x"]));
        assert_eq!(format!("{digest:?}"), format!("Digest({})", digest.as_str()));
    }
}
