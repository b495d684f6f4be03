//! What is drawn: resources, what each uses, and what is known of each.

use std::fmt;

/// What is drawn. Values of properties are no part of it, so that no picture shows one.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Which environment it is, such as `pci-core dev`.
    pub title: String,
    /// Where it is and how much there is of it, such as `us-east-1 · 43 to create`.
    pub subtitle: String,
    /// The resources. Their order says nothing.
    pub nodes: Vec<Node>,
}

/// A resource.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Its address, `SERVICE.KIND:NAME`, which no other has.
    pub address: String,
    /// What it uses. What is not among the nodes is not drawn.
    pub uses: Vec<Use>,
    /// What a plan does with it.
    pub action: Option<Action>,
    /// How it is.
    pub health: Option<Health>,
    /// What it costs a month.
    pub cost: Option<Cost>,
    /// What else is told where it is pointed at.
    pub note: Option<String>,
}

/// That a resource uses another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The other's address.
    pub address: String,
    /// The properties that refer to it; empty where it only has to be there first.
    pub properties: Vec<String>,
}

/// What a plan does with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Action {
    Create,
    Adopt,
    Update,
    Replace,
    Delete,
    Forget,
    Keep,
}

/// How a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// It is there, and nobody but payctl changed it.
    Well,
    /// It is there and was changed outside payctl.
    Drifted,
    /// Its creation or change was interrupted.
    Unfinished,
    /// It was deleted outside payctl.
    Missing,
    /// It is not there yet.
    Absent,
}

/// What a resource costs a month, in millionths of a US dollar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cost {
    /// So much, when nothing happens.
    Known(u64),
    /// Something, at a price that is not known.
    Unknown,
}

/// What colours say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// Nothing.
    #[default]
    None,
    /// What a plan does.
    Action,
    /// How each is.
    Health,
    /// What each costs.
    Cost,
}

impl Node {
    /// Its kind, such as `ec2.subnet`.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.address.split_once(':').map_or(self.address.as_str(), |(kind, _)| kind)
    }

    /// Its name, such as `private-1`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.address.split_once(':').map_or("", |(_, name)| name)
    }

    /// The service it is of, such as `ec2`.
    #[must_use]
    pub fn service(&self) -> &str {
        self.kind().split_once('.').map_or(self.kind(), |(service, _)| service)
    }

    /// What its colour says, where something is known.
    pub(crate) fn mark(&self, colour: Colour) -> Option<Mark> {
        match colour {
            Colour::None => None,
            Colour::Action => self.action.map(Mark::of_action),
            Colour::Health => self.health.map(Mark::of_health),
            Colour::Cost => Some(Mark::of_cost(self.cost)),
        }
    }
}

/// A colour with the sign and the words that say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    /// Its place in a legend.
    pub(crate) rank: u8,
    /// The colour's name in the palette.
    pub(crate) hue: &'static str,
    /// What stands for it where there is no colour.
    pub(crate) sign: &'static str,
    /// What it means.
    pub(crate) words: &'static str,
}

impl Mark {
    pub(crate) fn of_action(action: Action) -> Self {
        let (rank, hue, sign, words) = match action {
            Action::Create => (0, "green", "+", "create"),
            Action::Adopt => (1, "cyan", "+", "adopt"),
            Action::Update => (2, "amber", "~", "update"),
            Action::Replace => (3, "purple", "±", "replace"),
            Action::Delete => (4, "red", "−", "delete"),
            Action::Forget => (5, "grey", "−", "forget"),
            Action::Keep => (6, "grey", "", "unchanged"),
        };
        Self { rank, hue, sign, words }
    }

    fn of_health(health: Health) -> Self {
        let (rank, hue, sign, words) = match health {
            Health::Well => (0, "green", "✓", "in place"),
            Health::Drifted => (1, "amber", "≠", "changed outside payctl"),
            Health::Unfinished => (2, "purple", "…", "not finished"),
            Health::Missing => (3, "red", "✗", "deleted outside payctl"),
            Health::Absent => (4, "grey", "", "not deployed"),
        };
        Self { rank, hue, sign, words }
    }

    fn of_cost(cost: Option<Cost>) -> Self {
        const DOLLAR: u64 = 1_000_000;
        let (rank, hue, words) = match cost {
            None | Some(Cost::Known(0)) => (0, "grey", "no cost by itself"),
            Some(Cost::Known(micros)) if micros < DOLLAR => (1, "blue1", "under 1 USD"),
            Some(Cost::Known(micros)) if micros < 10 * DOLLAR => (2, "blue2", "1 to 10 USD"),
            Some(Cost::Known(micros)) if micros < 100 * DOLLAR => (3, "blue3", "10 to 100 USD"),
            Some(Cost::Known(_)) => (4, "blue4", "100 USD or more"),
            Some(Cost::Unknown) => (5, "amber", "price not known"),
        };
        let sign = if rank == 5 { "?" } else { "" };
        Self { rank, hue, sign, words }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(micros) => {
                let cents = (micros + 5_000) / 10_000;
                match cents {
                    0 if *micros > 0 => f.write_str("<0.01"),
                    _ => write!(f, "{}.{:02}", cents / 100, cents % 100),
                }
            }
            Self::Unknown => f.write_str("?"),
        }
    }
}
