//! What became of a run's operations, and what follows from that: what waited for what, what the end
//! waited for, and what took longer than predicted.

use std::collections::BTreeMap;

use payctl_engine::Action;
use payctl_engine::state::history::Ended;
use serde::Serialize;

use super::format::{Head, Planned};

/// What takes so many times longer than predicted, and so many seconds, is told to have.
const LATE_FACTOR: f64 = 1.5;
const LATE_S: f64 = 5.0;

/// The timeline of a run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Timeline {
    pub(crate) head: Head,
    /// What became of the operations, in the order in which they were planned.
    pub(crate) operations: Vec<Operation>,
    /// When it ended and how; none where it was killed or goes on.
    pub(crate) end: Option<(f64, Ended)>,
}

/// What became of an operation; in seconds since the run began.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Operation {
    pub(crate) began: Option<f64>,
    pub(crate) created: Option<f64>,
    pub(crate) ended: Option<f64>,
    pub(crate) status: Status,
    pub(crate) retries: BTreeMap<String, usize>,
}

/// How far an operation came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    #[default]
    Waiting,
    /// It was begun, and did not come to its end.
    Running,
    Done,
    Failed,
    /// What it waits for failed.
    Skipped,
}

impl Timeline {
    /// How long it took, as far as that is known: until the last thing that happened.
    pub(crate) fn took(&self) -> f64 {
        let known = self.operations.iter().flat_map(|one| [one.began, one.created, one.ended]);
        let last = known.flatten().fold(0.0, f64::max);
        self.end.map_or(last, |(at, _)| at)
    }

    pub(crate) fn planned(&self, index: usize) -> &Planned {
        &self.head.operations[index]
    }

    /// From when to when an operation went on; none where it was not begun.
    pub(crate) fn span(&self, index: usize) -> Option<(f64, f64)> {
        let Operation { began, ended, .. } = self.operations[index];
        Some((began?, ended.unwrap_or_else(|| self.took())))
    }

    /// What an operation waited for last, before it was begun; of several at once the first, as a
    /// prediction names it.
    pub(crate) fn waited_for(&self, index: usize) -> Option<usize> {
        let Planned { after_created, after_done, .. } = self.planned(index);
        let created = after_created.iter().filter_map(|of| Some((*of, self.id_known(*of)?)));
        let done = after_done.iter().filter_map(|of| Some((*of, self.operations.get(*of)?.ended?)));
        let later = |one: &(usize, f64), other: &(usize, f64)| {
            one.1.total_cmp(&other.1).then(other.0.cmp(&one.0))
        };
        let last = created.chain(done).max_by(later);
        last.map(|(of, _)| of).filter(|_| self.operations[index].began.is_some())
    }

    /// All that an operation waited for.
    pub(crate) fn awaited(&self, index: usize) -> impl Iterator<Item = usize> {
        let Planned { after_created, after_done, .. } = self.planned(index);
        let known = self.operations.len();
        after_created.iter().chain(after_done).copied().filter(move |of| *of < known)
    }

    /// When the id of what an operation is about was known.
    fn id_known(&self, index: usize) -> Option<f64> {
        let Operation { began, created, ended, .. } = self.operations.get(index)?;
        match self.planned(index).action {
            // Of what is there it was known all along.
            Action::Update | Action::Adopt => *began,
            _ => created.or(*ended),
        }
    }

    /// What the end waited for: the operation that ended last, what that waited for last, and so on;
    /// in the order of time.
    pub(crate) fn critical_path(&self) -> Vec<usize> {
        // Of those that a kill ended alike, the one that would have been the last; then the first.
        let ends = (0..self.operations.len()).filter_map(|one| {
            let (began, ended) = self.span(one)?;
            Some((one, ended, began + self.planned(one).predicted_seconds))
        });
        let last = ends.max_by(|one, other| {
            let ended = one.1.total_cmp(&other.1).then(one.2.total_cmp(&other.2));
            ended.then(other.0.cmp(&one.0))
        });
        let mut path: Vec<usize> = Vec::new();
        let mut next = last.map(|(index, ..)| index);
        while let Some(index) = next.filter(|index| !path.contains(index)) {
            path.push(index);
            next = self.waited_for(index);
        }
        path.reverse();
        path
    }

    /// Whether an operation took longer than predicted, by more than such times differ anyway. One
    /// that failed has worse to tell.
    pub(crate) fn is_late(&self, index: usize) -> bool {
        let predicted = self.planned(index).predicted_seconds;
        let took = self.span(index).map_or(0.0, |(began, ended)| ended - began);
        let failed = self.operations[index].status == Status::Failed;
        !failed && took > predicted * LATE_FACTOR + LATE_S
    }
}
