//! Every member that a kind sends is a property, or a constant that is read back, or its reason
//! stands in `members.txt`: what nobody compares, nobody sees changed by hand.
//!
//! The table has a section for each kind and a line for each member of its changing calls:
//!
//! | class | the member is |
//! |---|---|
//! | `property NAME` | what the property says |
//! | `constant NAME` | always the same; changed by hand, it shows as a change of the property |
//! | `target` | what the call is about: the thing itself, or that of a pair which names the other |
//! | `token` | what makes a repeated call the same one |
//! | `unread WHY` | always the same, and not compared |
//!
//! `NAME` is a property of the kind, or several with commas between. A member that ends in `*` is all
//! below it; `Create|Update.member` is one of both calls. A whole structure that the SDK shows as
//! redacted is one member.
//!
//! A case changes its properties one by one. Whatever changes with a property has to be of that
//! property here, and what is said to be of one that a call was told of has to change with it: so a
//! constant cannot pass for a property, nor a property for a constant. What only a creation sends
//! is held by review alone, and so is what a whole structure (`*`) has besides; and a member that
//! no case sends is not seen.

use std::collections::{BTreeMap, BTreeSet};

use payctl_engine::{Address, KindInfo};

use super::Case;
use crate::emulator::{Emulator, root};
use crate::members::Sent;

/// The emulator on which the case's calls are held against the table: the first that can do it.
pub(super) fn shown_on(case: &Case) -> Option<Emulator> {
    let all = [Emulator::Moto, Emulator::Ministack, Emulator::Sandbox];
    all.into_iter().find(|emulator| !case.excepted(*emulator, "create"))
}

/// A line of the table.
struct Entry {
    class: String,
    /// The properties, or the reason.
    about: String,
}

impl Entry {
    fn properties(&self) -> impl Iterator<Item = &str> {
        let named = ["property", "constant"].contains(&self.class.as_str());
        self.about.split(", ").filter(move |_| named)
    }
}

/// The table by kind and member.
fn table() -> BTreeMap<String, BTreeMap<String, Entry>> {
    let text = std::fs::read_to_string(root().join("tests/src/conformance/members.txt")).unwrap();
    let mut all: BTreeMap<String, BTreeMap<String, Entry>> = BTreeMap::new();
    let mut kind = String::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            name.clone_into(&mut kind);
            assert!(all.insert(kind.clone(), BTreeMap::new()).is_none(), "[{kind}] twice");
            continue;
        }
        let mut words = line.splitn(3, ' ').map(str::to_owned);
        let (member, class) = (words.next().expect(line), words.next().expect(line));
        let about = words.next().unwrap_or_default();
        let (operations, member) = member.split_once('.').expect(line);
        for operation in operations.split('|') {
            let entry = Entry { class: class.clone(), about: about.clone() };
            let entries = all.get_mut(&kind).expect("a section");
            let twice = entries.insert(format!("{operation}.{member}"), entry);
            assert!(twice.is_none(), "{kind} has {operation}.{member} twice");
        }
    }
    all
}

/// Whether the table's `member` is that one, or all above it.
fn covers(member: &str, sent: &str) -> bool {
    member.strip_suffix('*').map_or(member == sent, |above| sent.starts_with(above))
}

/// Holds what `kind` sent against its section.
pub(super) fn check(kind: &KindInfo, sent: &[Sent]) {
    let mut table = table();
    let entries = table.remove(kind.kind).unwrap_or_default();
    let mut wrong: BTreeSet<String> = BTreeSet::new();
    let mut idle: BTreeSet<&str> = entries.keys().map(String::as_str).collect();
    // By member and resource.
    let mut all: BTreeMap<String, BTreeMap<&Address, BTreeSet<&BTreeSet<String>>>> =
        BTreeMap::new();
    for call in sent {
        for (member, value) in &call.members {
            let of_member = all.entry(format!("{}.{member}", call.operation)).or_default();
            of_member.entry(&call.address).or_default().insert(value);
        }
    }
    for (member, values) in &all {
        let mut lines = entries.iter().filter(|(line, _)| covers(line, member));
        let Some((line, entry)) = lines.next() else {
            wrong.insert(format!("not in the table: {member}, sent as {values:?}"));
            continue;
        };
        wrong.extend(lines.map(|(other, _)| format!("in the table twice: {line}, {other}")));
        idle.remove(line.as_str());
        let same = ["constant", "unread"].contains(&entry.class.as_str());
        if same && values.values().any(|values| values.len() > 1) {
            wrong.insert(format!("{member} is no {}: {values:?}", entry.class));
        }
        for property in varying(sent, member) {
            let aside = ["target", "token"].contains(&entry.class.as_str());
            if !aside && !entry.properties().any(|named| named == property) {
                wrong.insert(format!("{member} is of the property {property}"));
            }
        }
    }
    for (line, entry) in entries.iter().filter(|(_, entry)| entry.class == "property") {
        let members = all.keys().filter(|member| covers(line, member));
        if members.clone().next().is_some() && members.clone().all(|one| stays(sent, one, entry)) {
            wrong.insert(format!("{line} stays as it is when {} changes", entry.about));
        }
    }
    wrong.extend(idle.into_iter().map(|member| format!("no longer sent: {member}")));
    for (member, entry) in &entries {
        let known = ["property", "constant", "target", "token", "unread"];
        if !known.contains(&entry.class.as_str()) {
            wrong.insert(format!("{member} is of no class: {}", entry.class));
        }
        if entry.class == "unread" && entry.about.is_empty() {
            wrong.insert(format!("{member} is unread without a reason"));
        }
        let unknown = entry.properties().filter(|name| !kind.properties.contains(name));
        wrong.extend(unknown.map(|name| format!("{member}: there is no property {name}")));
    }
    let wrong: Vec<String> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "{}, in members.txt:\n{}", kind.kind, wrong.join("\n"));
}

/// The properties whose change alone changes what is sent as `member`, a call's `Operation.member`.
fn varying(sent: &[Sent], member: &str) -> BTreeSet<String> {
    let (operation, member) = member.split_once('.').unwrap();
    let mut seen: BTreeMap<_, BTreeSet<&BTreeSet<String>>> = BTreeMap::new();
    for call in sent.iter().filter(|call| call.operation == operation) {
        if let (Some(changed), Some(value)) = (&call.changed, call.members.get(member)) {
            seen.entry((&call.address, changed)).or_default().insert(value);
        }
    }
    let varies = seen.into_iter().filter(|(_, values)| values.len() > 1);
    varies.map(|((_, property), _)| property.clone()).collect()
}

/// Whether `member` is sent, and always as the same, where the properties of `entry` change.
fn stays(sent: &[Sent], member: &str, entry: &Entry) -> bool {
    let (operation, member) = member.split_once('.').unwrap();
    let of_it = |call: &&Sent| {
        let changed = call.changed.as_deref();
        call.operation == operation && entry.properties().any(|property| changed == Some(property))
    };
    let values: Vec<_> = sent.iter().filter(of_it).map(|call| call.members.get(member)).collect();
    let [Some(first), others @ ..] = values.as_slice() else { return false };
    let hidden = first.iter().any(|value| value.contains("Redacted"));
    !hidden && !others.is_empty() && others.iter().all(|other| *other == Some(*first))
}

/// The table has no section but those of kinds.
pub fn every_section_is_of_a_kind() {
    let kinds = payctl_aws::kinds();
    let table = table();
    let unknown: Vec<_> =
        table.keys().filter(|kind| !kinds.kinds().contains_key(kind.as_str())).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
