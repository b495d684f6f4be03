//! `payctl list`: the environments of this folder, and of the account.

use clap::Args;
use jiff::Timestamp;
use payctl_engine::Store;
use payctl_engine::state::Loaded;
use payctl_engine::state::history::{Ended, Run};
use payctl_stack::Suffix;
use payctl_stack::config::Config;
use serde::Serialize;

use super::history::short;
use crate::account::{self, Regions};
use crate::connection::shared;
use crate::environments::{self, Known};
use crate::error::{CliError, Exit};
use crate::global::Global;
use crate::life::{self, minute};
use crate::local::running;
use crate::{configuration, document, report};

/// The format's version.
const FORMAT: u32 = 1;

/// List the environments of this folder, or of the account
///
/// This folder's are those whose state it keeps. The account's are found by their tags, with one list
/// of what is tagged a region: AWS adds to it and takes off it within minutes.
#[derive(Debug, Args)]
#[command(
    alias = "ls",
    after_help = "\
Examples:
  payctl list                            the environments of this folder
  payctl list --account                  and those of the account, in its region
  payctl list --account --regions all    those of every region that is on"
)]
pub(crate) struct ListArgs {
    /// Also ask AWS which environments the account has in this region
    #[arg(long)]
    account: bool,
    /// Ask these regions instead, or `all`
    #[arg(long, value_name = "REGIONS", value_parser = account::regions, requires = "account",
          conflicts_with_all = ["region", "sandbox"])]
    regions: Option<Regions>,
    /// Print all as JSON
    #[arg(long)]
    json: bool,
}

/// What is told of the environments.
#[derive(Serialize)]
struct List {
    format: u32,
    environments: Vec<Row>,
    /// The regions that could not be asked.
    unread: Vec<String>,
}

/// What is told of one.
#[derive(Clone, Serialize)]
struct Row {
    stack: String,
    suffix: String,
    sandbox: bool,
    account: Option<String>,
    region: Option<String>,
    state: StateIs,
    /// How many are recorded in the state.
    resources: Option<usize>,
    /// How many AWS lists with its tags, where it was asked.
    tagged: Option<usize>,
    /// Until when it is to be there, by its tags, where they were asked for.
    expires: Option<Timestamp>,
    changed_at: Option<Timestamp>,
    last_run: Option<LastRun>,
}

/// How an environment's state is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum StateIs {
    /// It is in this folder.
    Here,
    /// It is, and a run is under way.
    Running,
    /// It is, and the last run was interrupted.
    Interrupted,
    /// It is, and it is empty.
    Deleted,
    /// It is, and cannot be read.
    Unreadable,
    /// It is not in this folder.
    Elsewhere,
}

/// The run that changed something last, from this folder.
#[derive(Clone, Serialize)]
struct LastRun {
    id: String,
    command: String,
    began: String,
    who: String,
    from: String,
}

pub(super) async fn run(global: &Global, args: &ListArgs) -> Result<Exit, CliError> {
    let mut config = configuration::read(global.config.as_deref(), global.systems)?;
    let mut global = global.clone();
    global.shared = shared(&global, &config)?;
    // What is there is told whatever the document says.
    if let Err(error) = document::load(&mut global, &mut config) {
        report::warn(&error.message);
    }
    let global = &global;
    let mut rows = here(global)?;
    let mut unread = Vec::new();
    if args.account {
        unread = add_account(global, &config, args.regions.as_ref(), &mut rows).await?;
    }
    rows.retain(|row| is_asked_for(global, row));
    if args.json {
        report::json(&List { format: FORMAT, environments: rows, unread })?;
    } else if rows.is_empty() {
        let states = global.states(global.sandbox);
        let account = match (args.account, &args.regions) {
            (false, _) => "",
            (true, None) => ", nor has the account one in this region",
            (true, Some(_)) => ", nor has the account one in these regions",
        };
        report::say(&format!("no environment is known in {states}{account}"));
    } else {
        report::data(&table(&rows));
        if rows
            .iter()
            .any(|row| row.resources.zip(row.tagged).is_some_and(|(all, tagged)| tagged < all))
        {
            report::say(
                "AWS's list of tags leaves out what has none, such as routes, and IAM's roles",
            );
        }
    }
    Ok(Exit::Done)
}

/// Whether it is of the stack and suffix that were typed. What the process's environment names is
/// no wish to see less.
fn is_asked_for(global: &Global, row: &Row) -> bool {
    let typed =
        |option: &str, value: Option<&str>, is: &str| !global.is_typed(option) || value == Some(is);
    typed("stack", global.stack.as_deref(), &row.stack)
        && typed("suffix", global.suffix.as_ref().map(Suffix::as_str), &row.suffix)
}

/// The environments of this folder; with --sandbox, of its sandbox only.
fn here(global: &Global) -> Result<Vec<Row>, CliError> {
    let of = |sandbox: bool| -> Result<Vec<Row>, CliError> {
        let states = global.states(sandbox);
        let known = environments::known(global.systems, &states)?;
        let known = known
            .into_iter()
            .map(|Known { system, suffix, store, .. }| (system.name.to_owned(), suffix, store));
        let others = environments::of_documents(global.systems, &states)?;
        let all = known.chain(others);
        Ok(all.filter_map(|(stack, suffix, store)| row(&stack, &suffix, &store, sandbox)).collect())
    };
    Ok(match global.sandbox {
        true => of(true)?,
        false => [of(false)?, of(true)?].concat(),
    })
}

/// What the state says of it; nothing where a folder was made and no state.
fn row(stack: &str, suffix: &Suffix, store: &Store, sandbox: bool) -> Option<Row> {
    // What tells of it is no part of what the environment is.
    let last = store.history().ok().and_then(|mut past| past.pop());
    let ended = last.as_ref().map(|past| past.end.as_ref().map(|end| end.outcome));
    let last_run = last.map(|past| {
        let Run { id, command, began, who, from, .. } = past.run;
        LastRun { id, command, began, who, from }
    });
    let mut row = Row {
        stack: stack.to_owned(),
        suffix: suffix.to_string(),
        sandbox,
        account: None,
        region: None,
        state: StateIs::Unreadable,
        resources: None,
        tagged: None,
        expires: None,
        changed_at: None,
        last_run,
    };
    let Ok(Loaded { state, replayed, .. }) = store.load() else { return Some(row) };
    let state = state?;
    let broken_off = matches!(ended, Some(None | Some(Ended::Interrupted)));
    row.state = if running(store).is_some() {
        StateIs::Running
    } else if state.is_empty() {
        StateIs::Deleted
    } else if replayed > 0 || !state.pending.is_empty() || broken_off {
        StateIs::Interrupted
    } else {
        StateIs::Here
    };
    row.resources = Some(state.resources.len());
    let changed = i64::try_from(state.changed_at).ok().filter(|seconds| *seconds > 0);
    row.changed_at = changed.and_then(|seconds| Timestamp::from_second(seconds).ok());
    (row.account, row.region) = (Some(state.account), Some(state.region));
    Some(row)
}

/// Adds what the account has in the regions. Answers which of them could not be asked.
async fn add_account(
    global: &Global,
    config: &Config,
    regions: Option<&Regions>,
    rows: &mut Vec<Row>,
) -> Result<Vec<String>, CliError> {
    let account = account::environments(global, config, regions).await?;
    let id = &account.facts.account;
    for (region, there) in &account.regions {
        let is_here = |row: &Row| {
            row.sandbox == global.sandbox
                && row.account.as_ref() == Some(id)
                && row.region.as_ref() == Some(region)
        };
        for row in rows.iter_mut().filter(|row| is_here(row)) {
            row.tagged = Some(0);
        }
        for found in &there.environments {
            let same = |row: &&mut Row| {
                is_here(row) && row.stack == found.stack && row.suffix == found.suffix
            };
            let expires = found.expires.as_ref().and_then(|said| life::end(&said.value));
            match rows.iter_mut().find(same) {
                Some(row) => (row.tagged, row.expires) = (Some(found.resources), expires),
                None => rows.push(Row {
                    stack: found.stack.clone(),
                    suffix: found.suffix.clone(),
                    sandbox: global.sandbox,
                    account: Some(id.clone()),
                    region: Some(region.clone()),
                    state: StateIs::Elsewhere,
                    resources: None,
                    tagged: Some(found.resources),
                    expires,
                    changed_at: None,
                    last_run: None,
                }),
            }
        }
    }
    Ok(account.unread)
}

fn table(rows: &[Row]) -> String {
    const HEADS: [&str; 9] = [
        "STACK",
        "SUFFIX",
        "ACCOUNT",
        "REGION",
        "STATE",
        "RESOURCES",
        "ENDS (UTC)",
        "CHANGED (UTC)",
        "BY",
    ];
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let line = |row: &Row| {
        let sandbox = row.sandbox.then(|| "sandbox".to_owned());
        [
            row.stack.clone(),
            row.suffix.clone(),
            or_none(sandbox.or_else(|| row.account.clone())),
            or_none(row.region.clone()),
            row.state.word().to_owned(),
            or_none(row.count()),
            or_none(row.expires.map(minute)),
            or_none(row.changed_at.map(minute)),
            or_none(row.last_run.as_ref().map(|run| short(&run.who).to_owned())),
        ]
    };
    report::table(&HEADS, rows.iter().map(line))
}

impl Row {
    /// How many resources it has, by the state and by AWS's list.
    fn count(&self) -> Option<String> {
        match (self.resources, self.tagged) {
            (Some(recorded), None) => Some(recorded.to_string()),
            (Some(recorded), Some(tagged)) => {
                Some(format!("{recorded} in the state, {tagged} tagged"))
            }
            (None, Some(tagged)) => Some(format!("{tagged} tagged")),
            (None, None) => None,
        }
    }
}

impl StateIs {
    fn word(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Deleted => "deleted",
            Self::Unreadable => "unreadable",
            Self::Elsewhere => "elsewhere",
        }
    }
}
