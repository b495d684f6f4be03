//! What is wrong with a document, and where.

use std::collections::HashSet;
use std::fmt::{self, Display, Formatter};

use crate::tree::Span;

/// One mistake in a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Where.
    pub at: Span,
    /// What is wrong.
    pub message: String,
    /// What is meant, or what is to be done there, in a few words; else empty.
    pub label: String,
    /// What to do.
    pub hint: Option<String>,
}

/// Every mistake that was found in a document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Problems {
    all: Vec<Problem>,
    /// Those that are there, as one mistake shows up once, however many ways lead to it.
    seen: HashSet<(Span, String)>,
}

/// How many are kept: whoever has more mends these first.
const MOST: usize = 500;

impl Problem {
    pub(crate) fn new(at: Span, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), label: String::new(), hint: None }
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Labelled with the one of `known` that is nearest to `given`, or with some of them.
    pub(crate) fn nearest<'a>(self, given: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        if let Some(near) = nearest(given, known.iter().copied()) {
            return self.label(format!("did you mean `{near}`?"));
        }
        match known.len() {
            0 => self,
            1..=12 => self.label(format!("known here: {}", known.join(", "))),
            _ => self,
        }
    }
}

impl Problems {
    pub(crate) fn push(&mut self, problem: Problem) {
        if self.all.len() < MOST && self.seen.insert((problem.at, problem.message.clone())) {
            self.all.push(problem);
        }
    }

    pub(crate) fn extend(&mut self, others: Self) {
        others.all.into_iter().for_each(|problem| self.push(problem));
    }

    /// Whether no more are kept.
    pub(crate) fn are_enough(&self) -> bool {
        self.all.len() >= MOST
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(crate) fn unless_empty<T>(self, value: T) -> Result<T, Self> {
        match self.is_empty() {
            true => Ok(value),
            false => Err(self),
        }
    }

    /// They, in the order of the document.
    #[must_use]
    pub fn sorted(mut self) -> Vec<Problem> {
        self.all.sort_by_key(|problem| problem.at.start);
        self.all
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        let mut problems = Self::default();
        problems.push(problem);
        problems
    }
}

impl Display for Problems {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let all: Vec<&str> = self.all.iter().map(|problem| problem.message.as_str()).collect();
        f.write_str(&all.join("; "))
    }
}

/// Of what is `known`, what `given` may have been meant to be.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |known: &&str| strsim::damerau_levenshtein(given, known);
    let nearest = known.into_iter().min_by_key(distance)?;
    (distance(&nearest) <= 1 + given.len() / 3).then_some(nearest)
}
