//! The lock of a shared state: a document that its holder renews, and what may be concluded from
//! it. Nothing here asks a bucket or a clock; times are told by who calls, as the time since some
//! moment on that machine's own clock, which goes on while the machine sleeps.
//!
//! No clock is compared with another's: a holder counts from when it last began to renew, who waits
//! counts from when it first saw the document as it is.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Holder;
use super::objects::Tag;

#[cfg(test)]
mod model;

/// The format this version writes.
pub(super) const FORMAT: u32 = 1;
/// How long a document that is not renewed stands for a process that may be alive. Our choice.
pub(super) const LEASE: Duration = Duration::from_secs(60);
/// How often it is renewed: some renewals may fail and nothing is lost. Our choice.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(10);
/// How long before its lease ends a holder begins no changing call any more: as long as a call may
/// take to reach AWS, which is how long payctl lets a connection be silent.
pub(super) const GUARD: Duration = Duration::from_secs(30);

/// What the lock's object holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Document {
    pub(super) format: u32,
    /// Grows with each holder: the number that a holder's journal is written under.
    pub(super) epoch: u64,
    /// Tells holders apart, in this epoch too, should two try at once.
    pub(super) nonce: String,
    /// Who holds it; nobody once it was given back.
    pub(super) holder: Option<Holder>,
    /// The holder's process on its machine; see [`process`].
    pub(super) process: String,
    /// How often it was renewed.
    pub(super) renewed: u64,
    /// How long it stands, in seconds.
    pub(super) lease: u64,
    /// The epochs of holders that did not give it back and whose journal is not known to be closed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) unclosed: BTreeSet<u64>,
}

impl Document {
    /// What a new holder writes in place of `previous`.
    pub(super) fn taken(
        previous: Option<&Self>,
        holder: Holder,
        nonce: String,
        process: String,
    ) -> Self {
        let mut unclosed = BTreeSet::new();
        if let Some(previous) = previous {
            unclosed.clone_from(&previous.unclosed);
            unclosed.extend(previous.holder.is_some().then_some(previous.epoch));
        }
        Self {
            format: FORMAT,
            epoch: previous.map_or(0, |previous| previous.epoch) + 1,
            nonce,
            holder: Some(holder),
            process,
            renewed: 0,
            lease: LEASE.as_secs(),
            unclosed,
        }
    }

    /// The epochs whose journal may say what the state does not: the present holder's, and those that
    /// nobody is known to have closed.
    pub(super) fn open_epochs(&self) -> BTreeSet<u64> {
        let own = self.holder.is_some().then_some(self.epoch);
        self.unclosed.iter().copied().chain(own).collect()
    }

    /// What its holder writes to go on.
    pub(super) fn renewed(&self) -> Self {
        Self { renewed: self.renewed + 1, ..self.clone() }
    }

    /// What its holder writes when nobody else can write to an earlier one's journal any more.
    pub(super) fn closed(&self) -> Self {
        Self { unclosed: BTreeSet::new(), ..self.renewed() }
    }

    /// What its holder writes at its end; `unsure` where its journal is not known to be empty, and to
    /// stay so.
    pub(super) fn given_back(&self, unsure: bool) -> Self {
        let mut unclosed = self.unclosed.clone();
        unclosed.extend(unsure.then_some(self.epoch));
        Self { holder: None, process: String::new(), unclosed, ..self.renewed() }
    }
}

/// What may be done with the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may be taken.
    Free,
    /// Its holder may be alive: that is known at the latest after so long, if it is not renewed.
    Undecided(Duration),
    /// Its holder is alive: it was renewed while we looked.
    Alive,
}

/// One who waits for the lock, and what it saw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Watch {
    seen: Option<(Tag, Duration)>,
    /// Whether the present holder was seen to renew.
    alive: Option<u64>,
}

impl Watch {
    /// What to conclude from the document as it is `now`; `has_ended` tells of a holder on this very
    /// machine whether its process has.
    pub(super) fn look(
        &mut self,
        tag: &Tag,
        document: &Document,
        now: Duration,
        has_ended: Option<bool>,
    ) -> Verdict {
        if document.holder.is_none() || has_ended == Some(true) {
            return Verdict::Free;
        }
        match &self.seen {
            _ if has_ended == Some(false) && self.seen.is_none() => {
                self.alive = Some(document.epoch);
                self.seen = Some((tag.clone(), now));
                Verdict::Alive
            }
            Some((seen, since)) if seen == tag => {
                let waited = now.saturating_sub(*since);
                match Duration::from_secs(document.lease).checked_sub(waited) {
                    None | Some(Duration::ZERO) => Verdict::Free,
                    Some(left) if self.alive != Some(document.epoch) => Verdict::Undecided(left),
                    Some(_) => Verdict::Alive,
                }
            }
            seen => {
                let renewed = seen.is_some() && document.renewed > 0;
                self.alive = renewed.then_some(document.epoch);
                self.seen = Some((tag.clone(), now));
                match renewed {
                    true => Verdict::Alive,
                    false => Verdict::Undecided(Duration::from_secs(document.lease)),
                }
            }
        }
    }
}

/// Whether a holder that began its last renewal that came through at `renewed` may begin a changing
/// call `now`.
pub(super) fn may_change(renewed: Duration, now: Duration) -> bool {
    now.saturating_sub(renewed) < LEASE.saturating_sub(GUARD)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder() -> Holder {
        Holder { pid: 1, host: "h".into(), command: "up".into(), since: "now".into() }
    }

    fn taken(previous: Option<&Document>) -> Document {
        Document::taken(previous, holder(), "n".into(), "p".into())
    }

    fn tag(text: &str) -> Tag {
        Tag(text.to_owned())
    }

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn one_that_is_not_renewed_is_free_after_its_lease_and_not_before() {
        let (document, mut watch) = (taken(None), Watch::default());
        // Whatever the watcher's clock says: only differences count.
        let look = |watch: &mut Watch, now| watch.look(&tag("a"), &document, now, None);
        assert_eq!(look(&mut watch, at(1000)), Verdict::Undecided(LEASE));
        assert_eq!(look(&mut watch, at(1059)), Verdict::Undecided(at(1)));
        assert_eq!(look(&mut watch, at(1060)), Verdict::Free);
    }

    #[test]
    fn one_that_is_renewed_is_alive_and_counted_anew() {
        let (document, mut watch) = (taken(None), Watch::default());
        watch.look(&tag("a"), &document, at(0), None);
        let document = document.renewed();
        assert_eq!(watch.look(&tag("b"), &document, at(59), None), Verdict::Alive);
        assert_eq!(watch.look(&tag("b"), &document, at(118), None), Verdict::Alive);
        assert_eq!(watch.look(&tag("b"), &document, at(119), None), Verdict::Free);
        // The next holder is another.
        let next = taken(Some(&document));
        assert_eq!(watch.look(&tag("c"), &next, at(119), None), Verdict::Undecided(LEASE));
    }

    #[test]
    fn one_of_this_machine_is_known_to_be_alive_and_has_a_lease_as_well() {
        let (document, mut watch) = (taken(None), Watch::default());
        let look = |watch: &mut Watch, now| watch.look(&tag("a"), &document, now, Some(false));
        assert_eq!(look(&mut watch, at(0)), Verdict::Alive);
        assert_eq!(look(&mut watch, at(59)), Verdict::Alive);
        assert_eq!(look(&mut watch, at(60)), Verdict::Free);
    }

    #[test]
    fn one_that_was_given_back_or_whose_process_ended_is_free() {
        let (document, mut watch) = (taken(None), Watch::default());
        assert_eq!(watch.look(&tag("a"), &document, at(0), Some(true)), Verdict::Free);
        let back = document.given_back(false);
        assert_eq!(watch.look(&tag("b"), &back, at(0), None), Verdict::Free);
        assert_eq!(taken(Some(&back)).unclosed, BTreeSet::new());
        assert_eq!(taken(Some(&document.given_back(true))).unclosed, [1].into());
    }

    #[test]
    fn who_takes_over_has_all_to_close_that_nobody_closed() {
        let second = taken(Some(&taken(None)));
        let third = taken(Some(&second));
        assert_eq!((third.epoch, third.unclosed.clone()), (3, [1, 2].into()));
        assert_eq!(taken(Some(&third.closed())).unclosed, [3].into());
    }

    #[test]
    fn no_call_begins_so_late_that_another_could_hold_the_lock_when_it_arrives() {
        // A holder's last renewal begins no later than another sees it.
        for late in 0..=LEASE.as_secs() {
            let may = may_change(at(5), at(5 + late));
            assert!(!may || at(late) + GUARD <= LEASE, "{late}");
        }
        assert!(may_change(at(5), at(5)) && may_change(at(5), at(34)));
        assert!(HEARTBEAT * 2 < LEASE - GUARD, "one renewal may fail");
    }
}
