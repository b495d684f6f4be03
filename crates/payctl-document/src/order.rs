//! An order in which everything comes after what it refers to.

use std::collections::HashMap;

use payctl_engine::{Address, Declared};

/// The places in `all` in such an order, otherwise as they come.
///
/// # Errors
/// A cycle, the first of it again as its last.
pub(crate) fn of(all: &[&Declared]) -> Result<Vec<usize>, Vec<Address>> {
    let places: HashMap<&Address, usize> =
        all.iter().enumerate().map(|(nth, declared)| (&declared.address, nth)).collect();
    // Of what is missing somebody else speaks.
    let needs: Vec<Vec<usize>> = all
        .iter()
        .map(|declared| {
            let named = declared.dependencies().into_keys();
            named.filter_map(|address| places.get(&address).copied()).collect()
        })
        .collect();
    let mut ordered = Vec::with_capacity(all.len());
    let mut seen = vec![Mark::New; all.len()];
    for first in 0..all.len() {
        if seen[first] == Mark::New {
            visit(first, &needs, &mut seen, &mut ordered).map_err(|cycle| {
                cycle.into_iter().map(|nth| all[nth].address.clone()).collect::<Vec<_>>()
            })?;
        }
    }
    Ok(ordered)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    /// On the way from the first to here.
    Begun,
    Done,
}

/// Without recursion, as a chain may be as long as the document.
fn visit(
    first: usize,
    needs: &[Vec<usize>],
    seen: &mut [Mark],
    ordered: &mut Vec<usize>,
) -> Result<(), Vec<usize>> {
    seen[first] = Mark::Begun;
    let mut way: Vec<(usize, usize)> = vec![(first, 0)];
    while let Some((here, next)) = way.last_mut() {
        let Some(needed) = needs[*here].get(*next).copied() else {
            seen[*here] = Mark::Done;
            ordered.push(*here);
            way.pop();
            continue;
        };
        *next += 1;
        match seen[needed] {
            Mark::New => {
                seen[needed] = Mark::Begun;
                way.push((needed, 0));
            }
            Mark::Begun => {
                let begin = way.iter().position(|(nth, _)| *nth == needed).unwrap_or_default();
                let cycle = way[begin..].iter().map(|(nth, _)| *nth);
                return Err(cycle.chain([needed]).collect());
            }
            Mark::Done => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn declared(name: &str, needs: &[&str]) -> Declared {
        let refers: Vec<_> =
            needs.iter().map(|need| json!({ "$ref": format!("a.b:{need}.id") })).collect();
        Declared {
            address: Address::new("a.b", name),
            properties: json!({ "needs": refers }),
            after: [].into(),
        }
    }

    fn names(all: &[Declared]) -> Result<Vec<String>, Vec<String>> {
        let all: Vec<&Declared> = all.iter().collect();
        let name = |address: &Address| address.name().to_owned();
        of(&all)
            .map(|ordered| ordered.into_iter().map(|nth| name(&all[nth].address)).collect())
            .map_err(|cycle| cycle.iter().map(name).collect())
    }

    #[test]
    fn what_is_referred_to_comes_first_and_a_cycle_is_named() {
        let all = [declared("a", &["c"]), declared("b", &[]), declared("c", &["b", "missing"])];
        assert_eq!(names(&all).unwrap(), ["b", "c", "a"]);
        let all = [declared("a", &["b"]), declared("b", &["c"]), declared("c", &["b"])];
        assert_eq!(names(&all).unwrap_err(), ["b", "c", "b"]);
        assert_eq!(names(&[declared("a", &["a"])]).unwrap_err(), ["a", "a"]);
    }

    #[test]
    fn a_chain_may_be_as_long_as_the_document() {
        let name = |nth: usize| nth.to_string();
        let all: Vec<Declared> =
            (0..20_000).map(|nth| declared(&name(nth), &[&name(nth + 1)])).collect();
        assert_eq!(names(&all).unwrap()[0], "19999");
    }
}
