//! How long things took here: the newest measurements of each kind, beside the states.
//!
//! A cache of this machine, without which typical times are taken: one that cannot be used is said,
//! and stops nothing.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use payctl_engine::state::write_private;
use payctl_engine::{Action, Operation, Phase};
use serde::{Deserialize, Serialize};

use crate::global::Global;
use crate::report;

/// The format this version writes.
const FORMAT: u32 = 1;
/// So many are kept of each; the oldest go first. An odd number, so that its median is one of them.
const KEPT: usize = 9;

/// Where something is carried out: what is measured in one place says nothing of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Place {
    #[default]
    Aws,
    /// What `--endpoint-url` names.
    Endpoint,
    Sandbox,
}

impl Place {
    pub(crate) fn of(global: &Global) -> Self {
        match (global.sandbox, &global.endpoint_url) {
            (true, _) => Self::Sandbox,
            (false, Some(_)) => Self::Endpoint,
            (false, None) => Self::Aws,
        }
    }

    /// The file beside the states; the sandbox's states have a folder of their own.
    fn file(self) -> &'static str {
        match self {
            Self::Aws | Self::Sandbox => "durations.json",
            Self::Endpoint => "durations-endpoint.json",
        }
    }
}

/// What is done to a resource, so far as its times are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Doing {
    Create,
    Update,
    Delete,
}

impl Doing {
    /// What an operation does; none where how long it takes says nothing of others: what is only
    /// recorded, and what an interrupted run began.
    pub(crate) fn of(operation: &Operation<'_>) -> Option<Self> {
        let step = operation.step;
        match (operation.phase, step.action) {
            (Phase::Forget, _) => None,
            (Phase::Delete, _) => Some(Self::Delete),
            (Phase::Apply, Action::Update) if step.reason.is_some() => None,
            (Phase::Apply, Action::Update) => Some(Self::Update),
            (Phase::Apply, Action::Adopt) => None,
            (Phase::Apply, _) => Some(Self::Create),
        }
    }
}

/// Seconds that one operation took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// Until its id was known.
    pub(crate) created: f64,
    /// In all.
    pub(crate) all: f64,
}

/// How long one operation takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Estimate {
    /// Seconds until its id is known.
    pub(crate) created: f64,
    /// Seconds in all.
    pub(crate) all: f64,
    /// How many runs it was measured in; 0 where it is the kind's typical time.
    pub(crate) runs: usize,
}

/// The measurements of each kind, oldest first.
type Kinds = BTreeMap<String, BTreeMap<Doing, Vec<Measured>>>;

/// What was measured in one place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Durations {
    pub(crate) place: Place,
    kinds: Kinds,
}

#[derive(Serialize, Deserialize)]
struct Document {
    format: u32,
    kinds: Kinds,
}

impl Durations {
    /// What is kept in `states`, the folder of the place.
    pub(crate) fn read(states: &Path, place: Place) -> Self {
        let path = states.join(place.file());
        let kinds = match load(&path) {
            Ok(kinds) => kinds,
            Err(why) => {
                report::warn(&format!(
                    "the durations in {} cannot be used, typical ones are: {why}",
                    path.display()
                ));
                Kinds::new()
            }
        };
        Self { place, kinds }
    }

    /// What these operations took.
    #[cfg(test)]
    pub(crate) fn of(place: Place, measured: &[(&str, Doing, Measured)]) -> Self {
        let mut kinds = Kinds::new();
        for (kind, doing, one) in measured {
            add(&mut kinds, (*kind).to_owned(), *doing, *one);
        }
        Self { place, kinds }
    }

    /// How long it takes, so far as that was measured.
    pub(crate) fn estimate(&self, operation: &Operation<'_>) -> Option<Estimate> {
        let doing = Doing::of(operation)?;
        let all = self.kinds.get(operation.step.address.kind())?.get(&doing)?;
        let of = |seconds: fn(&Measured) -> f64| median(all.iter().map(seconds));
        let (created, total) = (of(|one| one.created)?, of(|one| one.all)?);
        Some(Estimate { created: created.min(total), all: total, runs: all.len() })
    }

    /// Adds what was measured, each with the kind it is of, to what is kept in `states`.
    pub(crate) fn keep(
        states: &Path,
        place: Place,
        measured: impl IntoIterator<Item = (String, Doing, Measured)>,
    ) {
        let mut measured = measured.into_iter().peekable();
        if measured.peek().is_none() {
            return;
        }
        let path = states.join(place.file());
        // Where the state is in a bucket, nobody may have made the folder yet.
        let made = DirBuilder::new().recursive(true).mode(0o700).create(states);
        let kept = made.and_then(|()| File::open(states)).and_then(|folder| {
            // Runs of two environments may end at the same time.
            folder.lock()?;
            let mut kinds = match load(&path) {
                Ok(kinds) => kinds,
                Err(Unusable::Newer) => return Ok(()),
                // It is as good as none, and was said to be.
                Err(Unusable::Damaged(_)) => Kinds::new(),
            };
            for (kind, doing, one) in measured {
                add(&mut kinds, kind, doing, one);
            }
            let text = serde_json::to_string(&Document { format: FORMAT, kinds })?;
            write_private(&path, text.as_bytes()).map_err(std::io::Error::other)
        });
        if let Err(error) = kept {
            report::warn(&format!("how long it took is not kept in {}: {error}", path.display()));
        }
    }
}

/// Why what is kept cannot be used.
#[derive(Debug)]
enum Unusable {
    Newer,
    Damaged(String),
}

impl std::fmt::Display for Unusable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Newer => f.write_str("a newer version of payctl wrote them"),
            Self::Damaged(why) => f.write_str(why),
        }
    }
}

fn load(path: &Path) -> Result<Kinds, Unusable> {
    let damaged = |error: &dyn std::fmt::Display| Unusable::Damaged(error.to_string());
    let text = match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Kinds::new()),
        text => text.map_err(|error| damaged(&error))?,
    };
    let value: serde_json::Value =
        serde_json::from_slice(&text).map_err(|error| damaged(&error))?;
    if value["format"].as_u64().is_some_and(|format| format > u64::from(FORMAT)) {
        return Err(Unusable::Newer);
    }
    let Document { kinds, .. } = serde_json::from_value(value).map_err(|error| damaged(&error))?;
    Ok(kinds)
}

fn add(kinds: &mut Kinds, kind: String, doing: Doing, one: Measured) {
    let all = kinds.entry(kind).or_default().entry(doing).or_default();
    all.push(one);
    let surplus = all.len().saturating_sub(KEPT);
    all.drain(..surplus);
}

/// The one in the middle; of an even number the greater one.
fn median(all: impl Iterator<Item = f64>) -> Option<f64> {
    let mut all: Vec<f64> = all.collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn took(all: f64) -> (String, Doing, Measured) {
        ("rds.cluster".to_owned(), Doing::Create, Measured { created: all / 2.0, all })
    }

    fn kept(folder: &Path, place: Place) -> Vec<f64> {
        let all = Durations::read(folder, place).kinds;
        let all = all.get("rds.cluster").and_then(|kind| kind.get(&Doing::Create));
        all.into_iter().flatten().map(|one| one.all).collect()
    }

    #[test]
    fn the_newest_are_kept_for_each_place() {
        let folder = tempfile::tempdir().unwrap();
        for nth in 1..=12_u8 {
            Durations::keep(folder.path(), Place::Aws, [took(f64::from(nth))]);
        }
        Durations::keep(folder.path(), Place::Endpoint, [took(0.5)]);
        let newest: Vec<f64> = (4..=12).map(f64::from).collect();
        assert_eq!(kept(folder.path(), Place::Aws), newest);
        assert_eq!(kept(folder.path(), Place::Endpoint), [0.5]);
    }

    #[test]
    fn nothing_measured_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        Durations::keep(folder.path(), Place::Aws, []);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_damaged_is_begun_anew_and_what_is_newer_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("durations.json");
        fs::write(&path, r#"{"format":1,"kinds":{"rds.cluster":{"create":[{"crea"#).unwrap();
        assert_eq!(kept(folder.path(), Place::Aws), [0.0; 0]);
        Durations::keep(folder.path(), Place::Aws, [took(7.0)]);
        assert_eq!(kept(folder.path(), Place::Aws), [7.0]);
        let newer = r#"{"format":2,"measured":[]}"#;
        fs::write(&path, newer).unwrap();
        assert_eq!(kept(folder.path(), Place::Aws), [0.0; 0]);
        Durations::keep(folder.path(), Place::Aws, [took(7.0)]);
        assert_eq!(fs::read_to_string(&path).unwrap(), newer);
    }

    #[test]
    fn one_that_took_ages_does_not_move_the_median() {
        let of = |all: &[f64]| median(all.iter().copied());
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[3.0]), Some(3.0));
        assert_eq!(of(&[5.0, 4.0, 4000.0, 6.0, 5.5]), Some(5.5));
        assert_eq!(of(&[1.0, 2.0]), Some(2.0));
    }
}
