//! The bucket of a team's states: making it right, and bringing states there and back.

use std::path::Path;

use clap::ValueEnum;
use payctl_aws::{AwsError, Finding, Matter};
use payctl_engine::Store;
use payctl_engine::state::{NotPushed, Session, State};
use serde_json::{Map, Value, json};

use crate::ask::approve;
use crate::connection::shared;
use crate::environments::First;
use crate::error::{CliError, Exit};
use crate::global::Global;
use crate::local::{Local, lock};
use crate::states::{Shared, States};
use crate::{configuration, report, signals};

/// Where a state is brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Place {
    /// The bucket that the configuration names
    Bucket,
    /// The folder of this machine
    Folder,
}

/// Makes the bucket, or makes it right.
pub(super) async fn init(global: &Global, yes: bool) -> Result<Exit, CliError> {
    let shared = bucket(global)?;
    let url = shared.bucket.url();
    let lacking = lacking(&examine(&shared).await?);
    if lacking.is_empty() {
        report::say(&format!("{url} is as it has to be"));
        return Ok(Exit::Done);
    }
    for matter in &lacking {
        report::line(&format!("{url}: not so yet: {matter}"));
    }
    approve(yes, "Make it so? Only \"yes\" is accepted: ", "add --yes if it is to be made so")
        .await?;
    signals::changing();
    for matter in with_settings(&lacking) {
        shared.bucket.mend(matter).await.map_err(|error| failed(&shared, matter, error))?;
        report::say(&format!("{url}: {matter}"));
    }
    Ok(Exit::Done)
}

/// A bucket that is made has none of the settings.
fn with_settings(lacking: &[Matter]) -> Vec<Matter> {
    let made = lacking.contains(&Matter::Exists);
    if made { Matter::ALL.to_vec() } else { lacking.to_vec() }
}

fn lacking(findings: &[Finding]) -> Vec<Matter> {
    findings.iter().filter(|finding| !finding.holds).map(|finding| finding.matter).collect()
}

/// What the bucket is like.
pub(super) async fn examine(shared: &Shared) -> Result<Vec<Finding>, CliError> {
    let url = shared.bucket.url();
    let examined = shared.bucket.examine().await;
    examined.map_err(|error| CliError::aws(format!("failed to look at {url}"), &error.into()))
}

/// What a bucket of states is like.
pub(super) struct Looked {
    url: String,
    findings: Vec<Finding>,
}

/// Looks at the bucket of states, if there is one.
pub(super) async fn look(global: &Global) -> Result<Option<Looked>, CliError> {
    let Some(shared) = &global.shared else { return Ok(None) };
    Ok(Some(Looked { url: shared.bucket.url(), findings: examine(shared).await? }))
}

impl Looked {
    /// Whether it is as it has to be.
    pub(super) fn is_right(&self) -> bool {
        lacking(&self.findings).is_empty()
    }

    pub(super) fn tell(&self) {
        for Finding { matter, holds } in &self.findings {
            let holds = if *holds { "yes" } else { "no" };
            report::data(&format!("{}\n  {matter}: {holds}\n", self.url));
        }
    }

    /// The same for programs.
    pub(super) fn json(&self) -> Value {
        let findings = self.findings.iter();
        let matters: Map<String, Value> =
            findings.map(|one| (one.matter.name().to_owned(), one.holds.into())).collect();
        json!({ "url": self.url, "matters": matters })
    }
}

fn failed(shared: &Shared, matter: Matter, error: AwsError) -> CliError {
    let url = shared.bucket.url();
    CliError::aws(format!("failed to make {url} so: {matter}"), &error.into())
}

/// The bucket that the configuration names.
fn bucket(global: &Global) -> Result<Shared, CliError> {
    if global.sandbox {
        let message = "the sandbox's environments stay on this machine";
        return Err(CliError::failed(message).hint("leave out --sandbox for the bucket of states"));
    }
    let config = configuration::read(global.config.as_deref(), global.systems)?;
    shared(&Global { local_state: false, ..global.clone() }, &config)?.ok_or_else(no_bucket)
}

/// The configuration names none.
pub(crate) fn no_bucket() -> CliError {
    CliError::failed("the configuration names no bucket for states")
        .hint("put it into payctl.toml: [state] with bucket = \"NAME\"")
}

/// Prints the state, with what the journal says.
pub(super) fn pull(local: &Local) -> Result<Exit, CliError> {
    let Some(state) = local.load()?.state else {
        let (stack, suffix) = (local.system.name, &local.suffix);
        return Err(CliError::failed(format!("nothing is recorded of {stack} {suffix}")));
    };
    report::data(&state.to_text()?);
    Ok(Exit::Done)
}

/// Puts a state of elsewhere in place of what is there.
pub(super) async fn push(
    global: &Global,
    local: &Local,
    file: &Path,
    yes: bool,
) -> Result<Exit, CliError> {
    let bytes = std::fs::read(file).map_err(|source| {
        CliError::failed(format!("failed to read {}", file.display())).because(&source)
    })?;
    let state = State::from_text(&bytes, file)?;
    let here = (local.system.name, local.suffix.as_str());
    if (state.stack.as_str(), state.suffix.as_str()) != here {
        let State { stack, suffix, .. } = &state;
        let message = format!("{} is the state of {stack} {suffix}", file.display());
        return Err(CliError::failed(message).hint(format!("not of {} {}", here.0, here.1)));
    }
    let count = report::plural(state.resources.len(), "resource");
    let question = format!("Put these {count} in place of the state? Only \"yes\" is accepted: ");
    approve(yes, &question, "add --yes if it is to be put there").await?;
    let session = local.lock("state push", global).await?;
    signals::changing();
    session.push(state)?;
    report::say(&format!("{count} of {} are recorded in {}", file.display(), store_of(&session)));
    Ok(Exit::Done)
}

fn store_of(session: &Session) -> String {
    session.store().folder().display().to_string()
}

/// Brings state, journal and history to another place.
pub(super) async fn migrate(global: &Global, to: Place, yes: bool) -> Result<Exit, CliError> {
    let shared = bucket(global)?;
    let from_folder = Global { local_state: to == Place::Bucket, ..global.clone() };
    let (_, local) = Local::read(&from_folder, First::Named)?;
    local.say_guess();
    let places = [States::Bucket(shared.clone()), States::Folder(local.folder.clone())];
    let [target, source] = match to {
        Place::Bucket => places,
        Place::Folder => {
            let [bucket, folder] = places;
            [folder, bucket]
        }
    };
    let store = |states: &States| states.store(local.system.name, local.suffix.as_str());
    let (source, target): (Store, Store) = (store(&source), store(&target));
    let name = format!("{} {}", local.system.name, local.suffix);
    let place = |store: &Store| store.folder().display().to_string();
    let question = format!(
        "Bring the state of {name}\n  from {}\n  to {}? Only \"yes\" is accepted: ",
        place(&source),
        place(&target)
    );
    approve(yes, &question, "add --yes if it is to be brought there").await?;
    let from = lock(&source, "state migrate", global).await?;
    let to = lock(&target, "state migrate", global).await?;
    signals::changing();
    match from.move_to(&to)? {
        Some(count) => report::say(&format!(
            "{} of {name} are recorded in {} now",
            report::plural(count, "resource"),
            place(&target)
        )),
        None => report::say(&format!("nothing is recorded of {name} in {}", place(&source))),
    }
    Ok(Exit::Done)
}

impl From<NotPushed> for CliError {
    fn from(error: NotPushed) -> Self {
        match error {
            NotPushed::State(error) => Self::from(error),
            refused => Self::failed(refused.to_string())
                .hint("`payctl state pull` prints what is there; nothing was changed"),
        }
    }
}
