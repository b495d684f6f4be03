//! Which uses follow from no others.

use std::collections::{BTreeMap, BTreeSet};

/// Those pairs that no way over others leads along: the transitive reduction. What goes in a cycle
/// is left as it is.
pub(crate) fn direct<T: Ord + Copy>(pairs: &BTreeSet<(T, T)>) -> BTreeSet<(T, T)> {
    let mut next: BTreeMap<T, Vec<T>> = BTreeMap::new();
    for (from, to) in pairs {
        next.entry(*from).or_default().push(*to);
    }
    let mut reach: BTreeMap<T, BTreeSet<T>> = BTreeMap::new();
    for from in next.keys() {
        let mut open = vec![*from];
        let mut seen = BTreeSet::new();
        while let Some(at) = open.pop() {
            let new = next.get(&at).into_iter().flatten().filter(|to| seen.insert(**to));
            open.extend(new);
        }
        reach.insert(*from, seen);
    }
    let reaches = |from: T, to: T| reach.get(&from).is_some_and(|all| all.contains(&to));
    let is_direct = |(from, to): &(T, T)| {
        let others = next.get(from).into_iter().flatten().filter(|other| *other != to);
        reaches(*to, *from)
            || !others.into_iter().any(|other| reaches(*other, *to) && !reaches(*other, *from))
    };
    pairs.iter().copied().filter(is_direct).collect()
}
