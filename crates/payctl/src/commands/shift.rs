//! `payctl shift`: moves requests between the blue and the green group.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::{ArgMatches, Args, FromArgMatches as _};
use payctl_aws::{Arn, AwsError, Task, cloudwatch, elbv2};
use payctl_engine::state::{Session, State};
use payctl_engine::{FailureKind, Stop};
use serde_json::{Value, json};

use super::system::SystemCommand;
use crate::environment::Environment;
use crate::environments::First;
use crate::error::{CliError, Exit};
use crate::global::Global;
use crate::handlers::Handlers;
use crate::local::{Local, running};
use crate::shift::{CHOICE, Ended, Recorded, Shift, TrafficTarget};
use crate::{report, signals};

/// For how long a share is watched, where nothing else is asked for.
const STEP: Duration = Duration::from_secs(5 * 60);
/// The format of `--json`.
const FORMAT: u32 = 1;
/// How often a change is looked for before it is called lost.
const TRIES: u32 = 10;

/// Move requests between the blue and the green target group
///
/// Without options it says how requests are divided. A gradual shift watches green's health and the
/// stack's alarms, and goes back to the last healthy share by itself. Killed or stopped, the same
/// command resumes; `--back` goes back. What was moved stays: `up` does not undo it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  payctl shift                              how requests are divided now
  payctl shift --gradual 10,25,50,100       more and more, under watch
  payctl shift --green 0                    all back to blue, at once")]
pub(crate) struct ShiftArgs {
    /// Give green so many of a hundred requests, at once and unwatched
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(0..=100),
          conflicts_with_all = ["gradual", "back"])]
    pub(crate) green: Option<u32>,
    /// Give it more and more, such as 10,25,50,100, as long as it is well
    #[arg(long, value_name = "PERCENT,...", value_parser = shares, conflicts_with = "back")]
    pub(crate) gradual: Option<Shares>,
    /// How long each share is watched, such as 90s [default: 5m]
    #[arg(long, value_name = "TIME", requires = "gradual", value_parser = step)]
    pub(crate) step: Option<Duration>,
    /// Give up the gradual shift that is under way: back to its last healthy share
    #[arg(long)]
    pub(crate) back: bool,
    /// With --green: send requests to green though it has no healthy target
    #[arg(long, requires = "green")]
    pub(crate) force: bool,
    /// Without other options: print how requests are divided as JSON
    #[arg(long, conflicts_with_all = ["green", "gradual", "back"])]
    pub(crate) json: bool,
}

/// Of a hundred requests, how many green gets, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shares(pub(crate) Vec<u32>);

/// The command, as systems name it.
pub(super) const COMMAND: SystemCommand = SystemCommand {
    name: NAME,
    augment: ShiftArgs::augment_args,
    run: |global, given| Box::pin(read_and_run(global, given)),
    task: Task::Shift,
    under_way,
    words: &["rollback", "promote", "switch", "canary", "traffic"],
    hint: "`payctl shift` moves requests between blue and green, `payctl shift --back` goes back",
};

const NAME: &str = "shift";

/// What a plan says of a shift that is under way.
fn under_way(state: &State) -> Option<String> {
    let Recorded { shift, .. } = Recorded::of(state)?;
    Some(format!("a shift to green is under way, {}: see `payctl shift`", shift.place()))
}

async fn read_and_run(global: &Global, given: &ArgMatches) -> Result<Exit, CliError> {
    let args = ShiftArgs::from_arg_matches(given)
        .map_err(|error| CliError::failed("failed to read the command line").because(&error))?;
    run(global, &args).await
}

async fn run(global: &Global, args: &ShiftArgs) -> Result<Exit, CliError> {
    let (global, local) = Local::read(global, First::Named)?;
    let global = &global;
    local.say_guess();
    let checked = Environment::open(global, local, Handlers::Ignored).await?;
    let groups = Groups::of(global, &checked)?;
    if args.green.is_none() && args.gradual.is_none() && !args.back {
        return tell(global, &checked, &groups, args.json).await;
    }
    let session = checked.local.lock("shift", global).await?;
    let environment = checked.reload()?;
    let pending = pending(&environment, &groups);
    let mut traffic = Traffic { environment, session, groups };
    if let Some(green) = args.green {
        if !args.force {
            traffic.check_targets(global, green).await?;
        }
        signals::changing();
        traffic.set(green).await?;
        if let Some(shift) = pending {
            report::say(&format!("the shift that was under way is over, {}", shift.place()));
            traffic.record(None)?;
        }
        report::say(&division(green));
        return Ok(Exit::Done);
    }
    let stop = Stop::default();
    let stopping = signals::stopping(&stop);
    let ended = match (&args.gradual, pending) {
        (None, Some(shift)) => shift.give_up(&mut traffic).await?,
        (None, None) => {
            return Err(CliError::failed("no gradual shift is under way, and nothing was moved")
                .hint("`payctl shift --green N` moves requests at once"));
        }
        (Some(Shares(steps)), Some(shift)) if shift.steps != *steps => {
            let message = format!("another shift is under way, {}", shift.place());
            return Err(CliError::failed(message)
                .hint("give its steps to go on, or --back to go back to its last healthy share"));
        }
        (Some(_), Some(mut shift)) => {
            shift.step = args.step.unwrap_or(shift.step);
            report::say(&format!("going on with the shift that is under way, {}", shift.place()));
            shift.run(&mut traffic, &stop).await?
        }
        (Some(Shares(steps)), None) => {
            let shift = begin(&traffic, steps, args.step.unwrap_or(STEP)).await?;
            shift.run(&mut traffic, &stop).await?
        }
    };
    drop(stopping);
    let now = traffic.green().await?;
    match ended {
        Ended::Done => Ok(Exit::Done),
        Ended::Back { .. } if args.back => {
            report::say(&format!("back at {}", division(now)));
            Ok(Exit::Done)
        }
        Ended::Back { why } => {
            let command = global.command("shift");
            let hint = format!("back at {}; `{command} --green 0` takes all off it", division(now));
            Err(CliError::failed(why).hint(hint))
        }
        Ended::Stopped => {
            report::say(&format!(
                "stopped at {}, which nobody watches: the same command goes on, `{} --back` goes \
                 back",
                division(now),
                global.command("shift")
            ));
            Ok(Exit::Interrupted)
        }
    }
}

/// A shift to `steps`, unless green is not well to begin with, or has more than that already.
async fn begin(traffic: &Traffic, steps: &[u32], step: Duration) -> Result<Shift, CliError> {
    let now = traffic.green().await?;
    if let Some(first) = steps.first().filter(|first| **first < now) {
        let message = format!("green has {now} % of the requests, and {first} % are fewer");
        return Err(
            CliError::failed(message).hint("begin with what it has, or set it with --green")
        );
    }
    match traffic.unhealthy_reason().await? {
        Some(why) => Err(CliError::failed(format!("nothing was moved: {why}"))),
        None => Ok(Shift::new(steps.to_vec(), step, now)),
    }
}

/// How requests are divided, for people.
fn division(green: u32) -> String {
    format!("green {green} %, blue {} %", 100 - green)
}

/// The shift that the state says is under way, of this very load balancer.
fn pending(environment: &Environment, groups: &Groups) -> Option<Shift> {
    let recorded = Recorded::of(&environment.state)?;
    (recorded.listener == groups.listener).then_some(recorded.shift)
}

/// What divides the requests, and between whom.
struct Groups {
    listener: Arn,
    /// Others of the same load balancer, which divide them in the same way.
    others: Vec<Arn>,
    blue: Arn,
    green: Arn,
    /// The stack's alarms.
    alarms: Vec<String>,
}

impl Groups {
    fn of(global: &Global, environment: &Environment) -> Result<Self, CliError> {
        let recorded = &environment.state.resources;
        let of_kind =
            |kind: &'static str| recorded.iter().filter(move |(address, _)| address.kind() == kind);
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let listeners = of_kind("elbv2.listener").filter_map(|(address, record)| {
            let group = |nth: usize| text(&record.properties["forward"][nth]["target_group"]);
            let (blue, green) = (Arn::from(group(0)?), Arn::from(group(1)?));
            let arn = Arn::from(text(&record.outputs["arn"])?);
            Some((address.name() != "main", arn, blue, green))
        });
        let mut listeners: Vec<_> = listeners.collect();
        listeners.sort();
        let mut listeners = listeners.into_iter();
        let Some((_, listener, blue, green)) = listeners.next() else {
            let system = environment.local.system.name;
            let message = format!("{system} has no load balancer here that divides requests");
            let hint = match global.systems.with_command(NAME) {
                Some(other) if other.name != system => {
                    format!("the stack {} has one: add --stack {0}", other.name)
                }
                _ => format!("`{}` makes it", global.command("up")),
            };
            return Err(CliError::failed(message).hint(hint));
        };
        let alarms = of_kind("cloudwatch.alarm");
        let alarms = alarms.filter_map(|(_, record)| text(&record.outputs["name"])).collect();
        let others = listeners.map(|(_, arn, ..)| arn).collect();
        Ok(Self { listener, others, blue, green, alarms })
    }
}

async fn tell(
    global: &Global,
    environment: &Environment,
    groups: &Groups,
    json: bool,
) -> Result<Exit, CliError> {
    let aws = environment.provider.cloud();
    let weights = elbv2::weights(aws, &groups.listener).await.map_err(unseen)?;
    let share = share(&weights, &groups.green);
    if json {
        let blue = elbv2::health(aws, &groups.blue).await.map_err(unseen)?;
        let green = elbv2::health(aws, &groups.green).await.map_err(unseen)?;
        let counts = |health: &BTreeMap<String, Vec<elbv2::Target>>| {
            let counts = health.iter().map(|(state, targets)| (state.clone(), targets.len()));
            counts.collect::<BTreeMap<String, usize>>()
        };
        let under_way = pending(environment, groups).map(|shift| {
            json!({
                "steps": shift.steps,
                "at": shift.at,
                "step_s": shift.step.as_secs(),
                "last_healthy": shift.last_healthy,
                "back": shift.back,
                "run": running(&environment.local.store),
            })
        });
        report::json(&json!({
            "format": FORMAT,
            "blue": { "percent": 100 - share, "targets": counts(&blue) },
            "green": { "percent": share, "targets": counts(&green) },
            "under_way": under_way,
        }))?;
        return Ok(Exit::Done);
    }
    report::data(&format!("blue   {} %\ngreen  {share} %\n", 100 - share));
    for (name, group) in [("blue", &groups.blue), ("green", &groups.green)] {
        let health = elbv2::health(aws, group).await.map_err(unseen)?;
        let counts = health.iter().map(|(state, targets)| format!("{} {state}", targets.len()));
        let counts: Vec<String> = counts.collect();
        let counts = if counts.is_empty() { "no target".to_owned() } else { counts.join(", ") };
        report::say(&format!("{name}: {counts}"));
    }
    if let Some(shift) = pending(environment, groups) {
        if let Some(run) = running(&environment.local.store) {
            report::say(&format!("{run} is under way, {}", shift.place()));
            return Ok(Exit::Done);
        }
        let command = global.command("shift");
        report::say(&format!(
            "a shift was left where it is, {}: its steps again go on, `{command} --back` goes back",
            shift.place()
        ));
    }
    Ok(Exit::Done)
}

/// Of a hundred requests, how many green gets.
fn share(weights: &[(Arn, u32)], green: &Arn) -> u32 {
    let all: u32 = weights.iter().map(|(_, weight)| weight).sum();
    let of_green = weights.iter().filter(|(arn, _)| arn == green).map(|(_, weight)| weight);
    (of_green.sum::<u32>() * 100).checked_div(all).unwrap_or_default()
}

fn unseen(error: AwsError) -> CliError {
    CliError::aws("failed to look at the load balancer", &error.into())
}

/// The load balancer of an environment.
struct Traffic {
    environment: Environment,
    session: Session,
    groups: Groups,
}

impl Traffic {
    async fn green(&self) -> Result<u32, CliError> {
        let aws = self.environment.provider.cloud();
        let weights = elbv2::weights(aws, &self.groups.listener).await.map_err(unseen)?;
        Ok(share(&weights, &self.groups.green))
    }

    /// Refuses to send more requests to a group that has nobody to answer them.
    async fn check_targets(&self, global: &Global, green: u32) -> Result<(), CliError> {
        let (aws, now) = (self.environment.provider.cloud(), self.green().await?);
        let Groups { blue, green: arn, .. } = &self.groups;
        for (name, group, share, before) in
            [("green", arn, green, now), ("blue", blue, 100 - green, 100 - now)]
        {
            if share <= before {
                continue;
            }
            let health = elbv2::health(aws, group).await.map_err(unseen)?;
            if health.get("healthy").is_none_or(Vec::is_empty) {
                let command = global.command("shift");
                let message = format!("nothing was moved: {name} has no healthy target");
                return Err(CliError::failed(message).hint(format!(
                    "`{command}` shows the targets; `{command} --green {green} --force` sends it \
                     {share} % of the requests all the same"
                )));
            }
        }
        Ok(())
    }
}

impl TrafficTarget for Traffic {
    type Error = CliError;

    async fn set(&self, green: u32) -> Result<(), CliError> {
        let aws = self.environment.provider.cloud();
        let Groups { listener, others, blue, green: arn, .. } = &self.groups;
        let weights = [(blue.clone(), 100 - green), (arn.clone(), green)];
        // At last the one that is asked how they are divided: then all of them are.
        for listener in others.iter().chain([listener]) {
            let mut tries = 0;
            while let Err(error) = elbv2::set_weights(aws, listener, &weights).await {
                if error.kind() != FailureKind::NotYetVisible || tries == TRIES {
                    return Err(CliError::aws("failed to divide the requests", &error.into()));
                }
                tries += 1;
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
        Ok(())
    }

    async fn unhealthy_reason(&self) -> Result<Option<String>, CliError> {
        let aws = self.environment.provider.cloud();
        let (health, firing) = tokio::join!(
            elbv2::health(aws, &self.groups.green),
            cloudwatch::firing(aws, &self.groups.alarms),
        );
        let firing =
            firing.map_err(|error| CliError::aws("failed to look at the alarms", &error.into()))?;
        if let Some(name) = firing.first() {
            return Ok(Some(format!("alarm {name} is firing")));
        }
        let health = health.map_err(unseen)?;
        if let Some(target) = health.get("unhealthy").and_then(|targets| targets.first()) {
            let why = target.description.as_ref().or(target.reason.as_ref());
            let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
            return Ok(Some(format!("green's target {} is unhealthy{why}", target.id)));
        }
        let well = health.get("healthy").is_some_and(|targets| !targets.is_empty());
        Ok((!well).then(|| "green has no healthy target".to_owned()))
    }

    fn record(&mut self, shift: Option<&Shift>) -> Result<(), CliError> {
        let state = &mut self.environment.state;
        match shift {
            Some(shift) => {
                let listener = self.groups.listener.clone();
                let recorded = serde_json::to_value(Recorded { listener, shift: shift.clone() });
                let recorded = recorded.map_err(|source| {
                    CliError::failed("failed to write the shift down").because(&source)
                })?;
                state.choices.insert(CHOICE.to_owned(), recorded);
            }
            None => {
                state.choices.remove(CHOICE);
            }
        }
        Ok(self.session.save(state)?)
    }

    fn say(&self, line: &str) {
        report::say(line);
    }
}

fn shares(text: &str) -> Result<Shares, String> {
    let shares: Result<Vec<u32>, _> = text.split(',').map(|share| share.trim().parse()).collect();
    let rising = |shares: &[u32]| shares.is_sorted_by(|a, b| a < b);
    match shares {
        Ok(shares) if rising(&shares) && shares.iter().all(|share| (1..=100).contains(share)) => {
            Ok(Shares(shares))
        }
        _ => Err("shares rise from 1 to 100 at most, such as 10,25,50,100".to_owned()),
    }
}

fn step(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<jiff::SignedDuration>().ok();
    let time = parsed.and_then(|time| Duration::try_from(time).ok());
    let day = Duration::from_secs(24 * 3600);
    time.filter(|time| (Duration::from_secs(1)..=day).contains(time))
        .ok_or_else(|| "a time is written like 90s or 5m, from 1s to 24h".to_owned())
}
