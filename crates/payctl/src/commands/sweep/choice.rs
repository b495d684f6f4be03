//! Which environments are swept, and why.

use std::fmt::{self, Display, Formatter};

use jiff::Timestamp;
use payctl_aws::{Arn, Tagged};
use payctl_engine::state::history::Ended;
use payctl_engine::{Plan, State, Store};
use payctl_stack::Suffix;
use payctl_stack::config::Config;

use super::selection::Selection;
use crate::account::{self, Account, Region};
use crate::connection::shared;
use crate::environments::{self, Known};
use crate::error::CliError;
use crate::global::Global;
use crate::life::{end, minute};
use crate::{configuration, document, report};

/// An environment that is to be swept, and why.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) stack: String,
    pub(super) suffix: Suffix,
    pub(super) region: String,
    pub(super) why: String,
    /// What carries the end of its life, where that is the reason.
    pub(super) carrier: Option<Arn>,
}

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} in {}", self.stack, self.suffix, self.region)
    }
}

impl Place {
    /// The one that a saved plan is about.
    pub(super) fn of_plan(plan: &Plan) -> Result<Self, CliError> {
        let suffix =
            plan.owner.suffix.parse().map_err(|source| {
                CliError::failed("a plan names no environment").because(&source)
            })?;
        let (stack, region) = (plan.owner.stack.clone(), plan.region.clone());
        Ok(Self { stack, suffix, region, why: "as it was saved".to_owned(), carrier: None })
    }
}

/// What is known of an environment.
struct Found<'a> {
    stack: String,
    suffix: Suffix,
    region: &'a str,
    there: &'a Region,
    tagged: Option<&'a Tagged>,
    /// Its state in this folder.
    here: Option<Store>,
}

/// The environments that `selection` asks for.
pub(super) async fn choose(global: &Global, selection: &Selection) -> Result<Vec<Place>, CliError> {
    let config = configuration::read(global.config.as_deref(), global.systems)?;
    let global = &Global { shared: shared(global, &config)?, ..global.clone() };
    let account = account::environments(global, &config, selection.regions.as_ref()).await?;
    let mut places = Vec::new();
    for found in found(global, &account)? {
        if global.is_typed("stack") && global.stack.as_ref() != Some(&found.stack) {
            continue;
        }
        let Some((why, carrier)) = found.reasons(selection, Timestamp::now()).await? else {
            continue;
        };
        let Found { stack, suffix, region, .. } = found;
        if config.protected.iter().any(|protected| protected == suffix.as_str()) {
            report::say(&format!("{stack} {suffix} in {region}: it is protected, and stays"));
            continue;
        }
        places.push(Place { stack, suffix, region: region.to_owned(), why, carrier });
    }
    Ok(places)
}

/// All environments of the account, by their tags and by the states of this folder.
fn found<'a>(global: &Global, account: &'a Account) -> Result<Vec<Found<'a>>, CliError> {
    let states = states(global)?;
    let mut all = Vec::new();
    for (region, there) in &account.regions {
        let here = |stack: &str, suffix: &Suffix| {
            let is_same = |one: &&(State, Suffix, Store)| {
                one.0.region == *region
                    && one.0.account == account.facts.account
                    && one.0.stack == stack
                    && one.1 == *suffix
            };
            states.iter().find(is_same).map(|(_, _, store)| store.clone())
        };
        for tagged in &there.environments {
            // What no suffix can be is not of payctl's making.
            let Ok(suffix) = tagged.suffix.parse() else { continue };
            let (stack, here) = (tagged.stack.clone(), here(&tagged.stack, &suffix));
            all.push(Found { stack, suffix, region, there, tagged: Some(tagged), here });
        }
        let listed = |state: &State| {
            let mut tagged = there.environments.iter();
            tagged.any(|one| one.stack == state.stack && one.suffix == state.suffix)
        };
        for (state, suffix, _) in states.iter().filter(|(state, ..)| !listed(state)) {
            let (stack, here) = (state.stack.clone(), here(&state.stack, suffix));
            if here.is_some() {
                let suffix = suffix.clone();
                all.push(Found { stack, suffix, region, there, tagged: None, here });
            }
        }
    }
    Ok(all)
}

/// The states of this folder that know something.
fn states(global: &Global) -> Result<Vec<(State, Suffix, Store)>, CliError> {
    let states = global.states(global.sandbox);
    let known = environments::known(global.systems, &states)?.into_iter();
    let known = known.map(|Known { suffix, store, .. }| (suffix, store));
    let others = environments::of_documents(global.systems, &states)?.into_iter();
    let all = known.chain(others.map(|(_, suffix, store)| (suffix, store)));
    let live = |(suffix, store): (Suffix, Store)| {
        let state = store.load().ok()?.state.filter(|state| !state.is_empty())?;
        Some((state, suffix, store))
    };
    Ok(all.filter_map(live).collect())
}

impl Found<'_> {
    /// Why it is swept, and by whose tag; nothing where it is not.
    async fn reasons(
        &self,
        selection: &Selection,
        now: Timestamp,
    ) -> Result<Option<(String, Option<Arn>)>, CliError> {
        let (mut reasons, mut carrier) = (Vec::new(), None);
        if let Some(pattern) = &selection.pattern {
            if !pattern.fits(self.suffix.as_str()) {
                return Ok(None);
            }
            reasons.push(format!("its suffix fits {}", pattern.as_str()));
        }
        if selection.expired {
            let said = self.tagged.and_then(|tagged| tagged.expires.as_ref());
            let over = said.and_then(|said| Some((said, end(&said.value)?)));
            match over.filter(|(_, end)| *end <= now) {
                Some((said, end)) => {
                    reasons.push(format!("its life ended {} UTC", minute(end)));
                    // What was begun goes on, though what carried the end may be gone by now.
                    let is_begun = self.deletion_was_interrupted();
                    carrier = (!is_begun).then(|| said.carrier.clone());
                }
                // The end went with what carried it.
                None if said.is_none() && self.deletion_was_interrupted() => {
                    reasons.push("its deletion was interrupted".to_owned());
                }
                None => return Ok(None),
            }
        }
        if let Some(age) = selection.older_than {
            match self.made_at().await? {
                Some(made) if now.duration_since(made) > age => {
                    reasons.push(format!("it was made {} UTC", minute(made)));
                }
                Some(_) => return Ok(None),
                None => {
                    let Self { stack, suffix, region, .. } = self;
                    let what = format!("{stack} {suffix} in {region}");
                    report::say(&format!("{what}: AWS does not say how old it is, and it stays"));
                    return Ok(None);
                }
            }
        }
        Ok(Some((reasons.join(", "), carrier)))
    }

    /// Whether a deletion from this folder did not come to its end.
    fn deletion_was_interrupted(&self) -> bool {
        let last = self.here.as_ref().and_then(|store| store.history().ok()?.pop());
        last.is_some_and(|last| {
            let ended = last.end.map(|end| end.outcome);
            last.run.command == "destroy" && ended != Some(Ended::Done)
        })
    }

    /// When the oldest of it was made.
    async fn made_at(&self) -> Result<Option<Timestamp>, CliError> {
        let listed = self.tagged.map_or(&[][..], |tagged| &tagged.listed);
        let made = payctl_aws::made_at(&self.there.aws, listed).await.map_err(|error| {
            let what = format!("failed to ask how old {} {} is", self.stack, self.suffix);
            CliError::aws(what, &error.into())
        })?;
        Ok(made.and_then(|seconds| Timestamp::from_second(seconds).ok()))
    }
}

/// The name of the stack whose document is named.
pub(super) fn own_stack(global: &Global, config: &Config) -> Option<&'static str> {
    let (mut global, mut config) = (global.clone(), config.clone());
    // What is to be deleted is deleted whatever the document says.
    if let Err(error) = document::load(&mut global, &mut config) {
        report::warn(&error.message);
    }
    global.systems.own().map(|own| own.name)
}
