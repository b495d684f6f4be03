//! A rule: what a control asks of a resource, and what it says.

use serde_json::Value;

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

/// What is asked of a setting of the account's: its name, and what it says of its value.
pub(crate) type OfSetting = (&'static str, fn(&Value) -> Said);

/// What a control asks of the resources of some kinds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    pub(crate) control: &'static str,
    pub(crate) kinds: &'static [&'static str],
    /// The properties that it looks at: the evidence.
    pub(crate) looks: &'static [&'static str],
    /// Without one, it is judged by a setting of the account's, if at all.
    pub(crate) judge: Option<fn(&Of<'_>) -> Said>,
    /// The setting of the account's that it is of.
    pub(crate) setting: Option<OfSetting>,
    /// What has to be asked where nothing is known.
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
        Self { kinds, looks, judge: Some(judge), ..Self::asks(control, "") }
    }

    /// It is asked of those systems only that the control names.
    pub(crate) const fn of_systems(mut self) -> Self {
        self.asked_of_systems = true;
        self
    }

    /// It cannot be judged by what a stack declares or has.
    pub(crate) const fn asks(control: &'static str, needs: &'static str) -> Self {
        Self {
            control,
            kinds: &[],
            looks: &[],
            judge: None,
            setting: None,
            needs,
            asked_of_systems: false,
        }
    }

    /// It is of a setting of the account's, of which `needs` says what tells of it.
    pub(crate) const fn of_account(
        control: &'static str,
        setting: &'static str,
        needs: &'static str,
        judge: fn(&Value) -> Said,
    ) -> Self {
        Self { setting: Some((setting, judge)), ..Self::asks(control, needs) }
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
