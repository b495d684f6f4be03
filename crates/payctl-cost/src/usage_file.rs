//! Reads a file of usage, and says what is wrong with it and where.
//!
//! ```toml
//! [usage]                                    # of the environment, in a month
//! requests = 3_000_000
//!
//! [usage.dynamodb.table]                     # of each table
//! write_units = 2_000_000
//!
//! [usage.lambda.function.payment-processor]  # of one; also [usage."lambda.function:…"]
//! requests    = 3_000_000
//! duration_ms = 120
//! ```

use std::collections::BTreeSet;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::bill::ENVIRONMENT;
use crate::kind::{Measure, measure};
use crate::money::Quantity;
use crate::prices::Prices;
use crate::problem::{Problem, Span};
use crate::services::{kind, kinds};
use crate::usage::Usage;

/// What may be said of the environment.
pub(crate) const OF_ENVIRONMENT: &[Measure] = &[
    measure("requests", "requests from outside: what each API and each web ACL gets"),
    measure("messages", "messages through each queue that gets no dead letters"),
    measure("gb_out", "GB to the internet"),
    measure("gb_between_zones", "GB between zones, each direction"),
];

/// Why a usage is not one.
type Problems = Vec<Problem>;

impl Usage {
    /// Reads `text`, the TOML of a file with a table `[usage]`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(text: &str) -> Result<Self, Problems> {
        Self::read_as(text, true)
    }

    /// Reads the table `[usage]` of `text`, a configuration of which the rest is somebody else's.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read_within(text: &str) -> Result<Self, Problems> {
        Self::read_as(text, false)
    }

    fn read_as(text: &str, alone: bool) -> Result<Self, Problems> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut problems: Problems = Vec::new();
        for error in errors {
            let at = error.span().map(Span::from).unwrap_or_default();
            problems.push(Problem::new(at, error.message().trim()));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut reader = Reader { usage: Self::default(), problems };
        reader.file(table.get_ref(), alone);
        match reader.problems.is_empty() {
            true => Ok(reader.usage),
            false => Err(reader.problems),
        }
    }

    /// Checks that everything is declared of which something was said.
    ///
    /// # Errors
    /// What is not.
    pub fn check<'a>(&self, addresses: impl IntoIterator<Item = &'a str>) -> Result<(), Problems> {
        let addresses: Vec<&str> = addresses.into_iter().collect();
        let kinds: BTreeSet<&str> =
            addresses.iter().filter_map(|one| one.split(':').next()).collect();
        let mut problems = Vec::new();
        for (whose, said) in self.said() {
            let known = whose.is_empty() || kinds.contains(whose) || addresses.contains(&whose);
            if !known {
                let message = format!("{whose} is not declared");
                let same_kind: Vec<&str> = match whose.split_once(':') {
                    Some((kind, _)) => addresses
                        .iter()
                        .copied()
                        .filter(|one| one.split(':').next() == Some(kind))
                        .collect(),
                    None => Vec::new(),
                };
                problems.push(Problem::new(said.at, message).nearest(whose, &same_kind));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

/// What may be said, for people: whose, the measure, what it is.
pub fn measures() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let of_environment = OF_ENVIRONMENT.iter().map(|one| (ENVIRONMENT, one.name, one.what));
    let of_kinds =
        kinds().flat_map(|kind| kind.measures.iter().map(|one| (kind.name, one.name, one.what)));
    of_environment.chain(of_kinds)
}

struct Reader {
    usage: Usage,
    problems: Problems,
}

type Entry<'a, 'i> = (&'a Spanned<std::borrow::Cow<'i, str>>, &'a Spanned<DeValue<'i>>);

/// In the order of the file: a table comes in that of the alphabet.
fn entries<'a, 'i>(table: &'a DeTable<'i>) -> Vec<Entry<'a, 'i>> {
    let mut all: Vec<Entry<'a, 'i>> = table.iter().collect();
    all.sort_by_key(|(key, _)| key.span().start);
    all
}

fn span<T>(spanned: &Spanned<T>) -> Span {
    spanned.span().into()
}

impl Reader {
    fn wrong(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    fn file(&mut self, table: &DeTable<'_>, alone: bool) {
        for (key, value) in entries(table) {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("usage", DeValue::Table(usage)) => self.environment(usage),
                ("usage", _) => {
                    self.wrong(Problem::new(span(value), "`usage` is a table: [usage]"))
                }
                (_, _) if !alone => {}
                (other, _) => {
                    let message = format!("a file of usage has no `{other}`, only [usage]");
                    self.wrong(Problem::new(span(key), message));
                }
            }
        }
    }

    fn environment(&mut self, table: &DeTable<'_>) {
        for (key, value) in entries(table) {
            let name = key.get_ref().as_ref();
            match value.get_ref() {
                DeValue::Table(inner) if name.contains(':') => self.resource(name, key, inner),
                DeValue::Table(inner) if name.contains('.') => self.kind(name, span(key), inner),
                DeValue::Table(inner) => self.service(name, key, inner),
                _ => self.measure("", OF_ENVIRONMENT, key, value),
            }
        }
    }

    /// `[usage.lambda]`, in which kinds are.
    fn service(
        &mut self,
        service: &str,
        at: &Spanned<std::borrow::Cow<'_, str>>,
        table: &DeTable<'_>,
    ) {
        let known = kinds().any(|kind| kind.name.split('.').next() == Some(service));
        if !known {
            // Some of a service's kinds may cost nothing: the kind says so.
            let services: BTreeSet<&str> =
                kinds().filter_map(|kind| kind.name.split('.').next()).collect();
            let services: Vec<&str> = services.into_iter().collect();
            let message = format!("there is no service `{service}` that is paid for by usage");
            return self.wrong(Problem::new(span(at), message).nearest(service, &services));
        }
        for (key, value) in entries(table) {
            match value.get_ref() {
                DeValue::Table(inner) => {
                    self.kind(&format!("{service}.{}", key.get_ref()), span(key), inner)
                }
                _ => {
                    let message =
                        format!("`{}` has to stand below a kind of `{service}`", key.get_ref());
                    self.wrong(Problem::new(span(key), message));
                }
            }
        }
    }

    fn kind(&mut self, name: &str, at: Span, table: &DeTable<'_>) {
        let Some(kind) = self.known_kind(name, at) else { return };
        for (key, value) in entries(table) {
            match value.get_ref() {
                DeValue::Table(inner) => {
                    let address = format!("{name}:{}", key.get_ref());
                    self.measures(&address, kind, inner);
                }
                _ => self.measure(name, kind, key, value),
            }
        }
    }

    fn resource(
        &mut self,
        address: &str,
        at: &Spanned<std::borrow::Cow<'_, str>>,
        table: &DeTable<'_>,
    ) {
        let name = address.split(':').next().unwrap_or_default();
        if let Some(kind) = self.known_kind(name, span(at)) {
            self.measures(address, kind, table);
        }
    }

    fn measures(&mut self, address: &str, known: &'static [Measure], table: &DeTable<'_>) {
        for (key, value) in entries(table) {
            self.measure(address, known, key, value);
        }
    }

    fn known_kind(&mut self, name: &str, at: Span) -> Option<&'static [Measure]> {
        let problem = match kind(name) {
            Some(kind) if !kind.measures.is_empty() => return Some(kind.measures),
            Some(_) => Problem::new(at, format!("{name} costs the same however it is used")),
            None if is_free(name) => {
                Problem::new(at, format!("{name} costs nothing, however it is used"))
            }
            None => {
                let names: Vec<&str> = kinds().map(|kind| kind.name).collect();
                Problem::new(at, format!("there is no kind {name}")).nearest(name, &names)
            }
        };
        self.wrong(problem);
        None
    }

    fn measure(
        &mut self,
        whose: &str,
        known: &'static [Measure],
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let name = key.get_ref().as_ref();
        if !known.iter().any(|measure| measure.name == name) {
            let names: Vec<&str> = known.iter().map(|measure| measure.name).collect();
            let whose = if whose.is_empty() { ENVIRONMENT } else { whose };
            let message = format!("the usage of {whose} has no `{name}`");
            return self.wrong(Problem::new(span(key), message).nearest(name, &names));
        }
        let number = match value.get_ref() {
            DeValue::Integer(digits) if digits.radix() == 10 => Quantity::parse(digits.as_str()),
            DeValue::Float(digits) => Quantity::parse(digits.as_str()),
            _ => None,
        };
        match number {
            Some(quantity) => self.usage.say(whose, span(key), name, quantity),
            None => {
                let message = format!("`{name}` has to be a number");
                let label = "not negative, in plain digits, at most 6 of them behind the point";
                self.wrong(Problem::new(span(value), message).label(label));
            }
        }
    }
}

fn is_free(kind: &str) -> bool {
    Prices::built_in().free(kind).is_some()
}

#[cfg(test)]
mod tests;
