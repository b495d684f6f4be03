//! What is wrong with a file of usage, and where.

/// A place in a text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub at: Span,
    /// What is wrong.
    pub message: String,
    /// What is meant, or what is to be done there, in a few words; else empty.
    pub label: String,
}

impl Problem {
    pub(crate) fn new(at: Span, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), label: String::new() }
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Labelled with the one of `known` that is nearest to `given`, else with all of them.
    pub(crate) fn nearest(self, given: &str, known: &[&str]) -> Self {
        let distance = |known: &&&str| strsim::damerau_levenshtein(given, known);
        match known.iter().min_by_key(distance) {
            Some(near) if distance(&near) <= 1 + given.len() / 3 => {
                self.label(format!("did you mean `{near}`?"))
            }
            _ if known.len() > 12 => self,
            Some(_) => self.label(format!("known here: {}", known.join(", "))),
            None => self,
        }
    }
}

impl From<std::ops::Range<usize>> for Span {
    fn from(range: std::ops::Range<usize>) -> Self {
        Self { start: range.start, end: range.end }
    }
}
