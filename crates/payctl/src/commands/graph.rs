//! `payctl graph`: a picture of an environment, as it is declared or planned. Writes nothing to AWS.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use payctl_cost::render;
use payctl_engine::Goal;
use payctl_picture::{Colour, Graph, dot, mermaid, svg};

use super::permissions::PermissionArgs;
use crate::declared::declared;
use crate::environment::Environment;
use crate::environments::First;
use crate::error::{CliError, Exit};
use crate::global::Global;
use crate::handlers::Handlers;
use crate::local::Local;
use crate::{cost, picture, report};

/// Draw an environment as SVG, or for Graphviz or Mermaid
///
/// By network and service, with what uses what; no property's value is drawn. Without --colour, or
/// with --colour cost, AWS is not asked; else it is read, as `plan` does.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  payctl graph --out dev.svg                   what is declared
  payctl graph --colour action --out dev.svg   what `up` would do
  payctl graph --format mermaid                for GitHub's Markdown")]
pub(crate) struct GraphArgs {
    /// What to write [default: as FILE ends, else svg]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
    /// What colours say: what `up` does, how each is, what each costs
    #[arg(long, alias = "color-by", value_enum, value_name = "WHAT")]
    pub(crate) colour: Option<By>,
    /// Write it to FILE instead of stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A picture by itself
    Svg,
    /// For Graphviz
    Dot,
    /// For Mermaid, as GitHub and GitLab draw it
    Mermaid,
}

/// What colours say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    /// What `up` would do
    Action,
    /// Whether it is there, and as it was made
    Health,
    /// What a month costs
    Cost,
}

/// How wide a picture is, in px: so that it is read on a laptop without scrolling sideways.
pub(crate) const WIDTH: u32 = 1240;

pub(super) async fn run(global: &Global, args: &GraphArgs) -> Result<Exit, CliError> {
    let format = format(args)?;
    let (global, mut local) = Local::read(global, First::Dev)?;
    let (graph, colour) = match args.colour {
        Some(by @ (By::Action | By::Health)) => {
            local.say_guess();
            let colour = if by == By::Action { Colour::Action } else { Colour::Health };
            (of_plan(&global, local, by).await?, colour)
        }
        None => (of_stack(&global, &mut local, false).await?, Colour::None),
        Some(By::Cost) => (of_stack(&global, &mut local, true).await?, Colour::Cost),
    };
    let text = match format {
        Format::Svg => svg(&graph, colour, WIDTH),
        Format::Dot => dot(&graph, colour),
        Format::Mermaid => mermaid(&graph, colour),
    };
    match &args.out {
        None => report::data(&text),
        Some(path) => {
            fs::write(path, text).map_err(|source| {
                let message = format!("failed to write {}", path.display());
                CliError::failed(message).because(&source)
            })?;
            report::say(&format!("wrote {}", path.display()));
        }
    }
    Ok(Exit::Done)
}

/// The format that is asked for, or that the file's name says.
fn format(args: &GraphArgs) -> Result<Format, CliError> {
    let end = args.out.as_deref().and_then(Path::extension);
    match (args.format, end.and_then(|end| end.to_str())) {
        (Some(format), _) => Ok(format),
        (None, Some("dot" | "gv")) => Ok(Format::Dot),
        (None, Some("mmd" | "mermaid")) => Ok(Format::Mermaid),
        (None, Some("svg")) => Ok(Format::Svg),
        (None, None) if args.out.is_none() => Ok(Format::Svg),
        (None, _) => {
            let error = CliError::failed("which format is meant is not clear from the file's name");
            Err(error.hint("end it in .svg, .dot or .mmd, or say --format svg, dot or mermaid"))
        }
    }
}

/// What is declared.
async fn of_stack(global: &Global, local: &mut Local, costs: bool) -> Result<Graph, CliError> {
    let (stack, region) = declared(global, local).await?;
    let month = cost::declared(&stack, &region, &local.basis);
    let nodes = picture::declared(&stack, &month);
    let mut subtitle = format!("{region} · {}", report::plural(nodes.len(), "resource"));
    if costs {
        subtitle += &format!(" · {}", render::summary(&month, None));
    }
    Ok(Graph { title: picture::title(local), subtitle, nodes })
}

/// What `up` would do, and how everything is.
async fn of_plan(global: &Global, local: Local, by: By) -> Result<Graph, CliError> {
    let environment = Environment::open(global, local, Handlers::Needed).await?;
    let permissions = PermissionArgs::default();
    let (environment, plan) = environment.plan_unlocked(Goal::Up, &permissions).await?;
    let nodes = picture::planned(
        &plan,
        &environment.state,
        &cost::after_plan(&plan, &environment.local.basis),
    );
    let what = match by {
        By::Action => report::plan::counts(&plan),
        By::Health | By::Cost => report::plural(nodes.len(), "resource"),
    };
    let place = if environment.sandbox { " · sandbox" } else { "" };
    let subtitle = format!("account {} · {}{place} · {what}", plan.account, plan.region);
    Ok(Graph { title: picture::title(&environment.local), subtitle, nodes })
}
