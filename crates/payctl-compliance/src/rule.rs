//! A rule: what a control asks of a resource, and what it says.

use crate::subject::Of;

/// What a rule says of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Pass,
    Fail(String),
    Unknown(String),
    /// It is not of this resource.
    Skip,
}

/// What a control asks of the resources of some kinds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    pub(crate) control: &'static str,
    pub(crate) kinds: &'static [&'static str],
    /// The properties that it looks at: the evidence.
    pub(crate) looks: &'static [&'static str],
    /// Without one, it is judged by what the account is asked alone.
    pub(crate) judge: Option<fn(&Of<'_>) -> Said>,
    /// What has to be asked where there is no function.
    pub(crate) needs: &'static str,
    /// Whether it is asked of those systems only that the control names.
    pub(crate) asked_of_systems: bool,
}

impl Rule {
    pub(crate) const fn of(
        control: &'static str,
        kinds: &'static [&'static str],
        looks: &'static [&'static str],
        judge: fn(&Of<'_>) -> Said,
    ) -> Self {
        Self { control, kinds, looks, judge: Some(judge), needs: "", asked_of_systems: false }
    }

    /// It is asked of those systems only that the control names.
    pub(crate) const fn of_systems(mut self) -> Self {
        self.asked_of_systems = true;
        self
    }

    /// It cannot be judged by what a stack declares or has.
    pub(crate) const fn asks(control: &'static str, needs: &'static str) -> Self {
        Self { control, kinds: &[], looks: &[], judge: None, needs, asked_of_systems: false }
    }
}

/// It holds, or does not for that reason.
pub(crate) fn holds(holds: bool, why: impl Into<String>) -> Said {
    if holds { Said::Pass } else { Said::Fail(why.into()) }
}

/// Nothing was found that breaks it, or the first that does.
pub(crate) fn none<T: std::fmt::Display>(found: Option<T>, why: &str) -> Said {
    found.map_or(Said::Pass, |found| Said::Fail(format!("{found} {why}")))
}
