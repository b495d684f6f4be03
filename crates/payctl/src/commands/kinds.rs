//! `payctl kinds`, `payctl explain` and `payctl schema`: what a resource or a part can be declared with.

use clap::Args;
use payctl_engine::KindInfo;
use payctl_stack::parts::{self, PARTS, PartInfo};
use serde_json::{Value, json};

use crate::error::{CliError, Exit};
use crate::global::Global;
use crate::report;

/// The format of `--json`.
const FORMAT: u32 = 1;

/// List the kinds of resources
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  payctl kinds                       every kind, with a line of what it is
  payctl kinds --json                all that is known of each")]
pub(crate) struct KindsArgs {
    /// Print all that is known of them as JSON
    #[arg(long)]
    json: bool,
}

/// Explain a kind of resource, a part, or one of their properties
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  payctl explain sqs.queue                        properties, outputs, actions
  payctl explain sqs.queue.visibility_timeout_s   one property
  payctl explain sqs                              every kind of a service
  payctl explain part                             every part, with a line of what it is
  payctl explain part.function                    its parameters, and what it makes")]
pub(crate) struct ExplainArgs {
    /// SERVICE, SERVICE.KIND, SERVICE.KIND.PROPERTY, part, part.PART or part.PART.PARAMETER
    #[arg(value_name = "KIND")]
    what: String,
    /// Print a page in Markdown
    #[arg(long)]
    markdown: bool,
}

/// Print the JSON Schema of documents, the configuration or a kind
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  payctl schema stack > stack.schema.json   for an editor, a validator or a generator
  payctl schema config                      of payctl.toml
  payctl schema sqs.queue                   of the properties of one kind")]
pub(crate) struct SchemaArgs {
    /// stack, config, or a kind such as sqs.queue
    #[arg(value_name = "WHAT")]
    what: String,
}

pub(super) fn list(args: &KindsArgs) -> Result<Exit, CliError> {
    let kinds = payctl_aws::kinds();
    if args.json {
        let all: Vec<Value> = kinds.kinds().values().map(described).collect();
        report::json(&json!({ "format": FORMAT, "kinds": all }))?;
        return Ok(Exit::Done);
    }
    let width = kinds.kinds().keys().map(|name| name.len()).max().unwrap_or_default() + 2;
    for (name, kind) in kinds.kinds() {
        let about = kind.doc.split(['.', '\n']).next().unwrap_or_default();
        report::data(&format!("{name:<width$}{}\n", about));
    }
    Ok(Exit::Done)
}

pub(super) fn explain(args: &ExplainArgs) -> Result<Exit, CliError> {
    let kinds = payctl_aws::kinds();
    let kinds = kinds.kinds();
    let what = args.what.as_str();
    if what == PART {
        report::data(&all_parts(args.markdown));
        return Ok(Exit::Done);
    }
    if let Some(part) = what.strip_prefix(PART).and_then(|rest| rest.strip_prefix('.')) {
        report::data(&explained_part(part, args.markdown)?);
        return Ok(Exit::Done);
    }
    let of_service: Vec<&KindInfo> = kinds.values().filter(|kind| kind.service() == what).collect();
    let print = |kind: &KindInfo| match args.markdown {
        true => report::kind::markdown(kind),
        false => report::kind::kind(kind),
    };
    if !of_service.is_empty() {
        let title = if args.markdown { format!("# {what}\n\n") } else { String::new() };
        let all: Vec<String> = of_service.into_iter().map(print).collect();
        report::data(&(title + &all.join("\n")));
        return Ok(Exit::Done);
    }
    if let Some(kind) = kinds.get(what) {
        report::data(&print(kind));
        return Ok(Exit::Done);
    }
    let property = what.rsplit_once('.').and_then(|(kind, name)| Some((kinds.get(kind)?, name)));
    let Some((kind, name)) = property else { return Err(unknown(what)) };
    let Some(property) = kind.details.iter().find(|property| property.name == name) else {
        let error = CliError::failed(format!("{} has no property `{name}`", kind.kind));
        return Err(error.hint(match report::nearest(name, kind.properties.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its properties: {}", kind.properties.join(", ")),
        }));
    };
    report::data(&report::kind::property(kind, property));
    Ok(Exit::Done)
}

/// What parts begin with, as kinds do with their service.
const PART: &str = "part";

/// Every part: a line of each, or a page.
fn all_parts(markdown: bool) -> String {
    if markdown {
        let all: Vec<String> = PARTS.iter().map(report::part::markdown).collect();
        return format!("# Parts\n\n{}", all.join("\n"));
    }
    let width = PARTS.iter().map(|part| part.name.len()).max().unwrap_or_default() + 7;
    let line = |part: &PartInfo| {
        let name = format!("part.{}", part.name);
        format!("{name:<width$}{}\n", report::part::line(part))
    };
    PARTS.iter().map(line).collect()
}

/// A part, or one of its parameters.
fn explained_part(what: &str, markdown: bool) -> Result<String, CliError> {
    let (name, parameter) = what.split_once('.').map_or((what, None), |(n, p)| (n, Some(p)));
    let Some(part) = parts::named(name) else {
        let error = CliError::failed(format!("there is no part `{name}`"));
        return Err(error.hint(match report::nearest(name, PARTS.iter().map(|part| part.name)) {
            Some(near) => format!("did you mean `part.{near}`?"),
            None => "`payctl explain part` lists them".to_owned(),
        }));
    };
    let Some(parameter) = parameter else {
        return Ok(match markdown {
            true => report::part::markdown(part),
            false => report::part::part(part),
        });
    };
    report::part::parameter(part, parameter).ok_or_else(|| {
        let known = report::part::names(part);
        let error = CliError::failed(format!("part.{name} has no parameter `{parameter}`"));
        error.hint(match report::nearest(parameter, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its parameters: {}", known.join(", ")),
        })
    })
}

pub(super) fn schema(global: &Global, args: &SchemaArgs) -> Result<Exit, CliError> {
    let schema = match args.what.as_str() {
        "stack" => payctl_document::schema::of_documents(global.systems),
        "config" => payctl_stack::config::schema(),
        name => {
            let kinds = payctl_aws::kinds();
            payctl_engine::schema::of(kinds.kinds().get(name).ok_or_else(|| unknown(name))?)
        }
    };
    report::json(&schema)?;
    Ok(Exit::Done)
}

fn unknown(what: &str) -> CliError {
    let kinds = payctl_aws::kinds();
    let hint = match report::nearest(what, kinds.kinds().keys().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`payctl kinds` lists them".to_owned(),
    };
    CliError::failed(format!("there is no kind `{what}`")).hint(hint)
}

/// All that is known of a kind, for programs.
fn described(kind: &KindInfo) -> Value {
    let properties: Vec<Value> = kind
        .details
        .iter()
        .map(|property| {
            let constraint = property.constraint;
            json!({
                "name": property.name,
                "doc": property.doc,
                "required": property.default.is_none(),
                "default": property.default.map(|default| default()),
                "range": constraint.range,
                "length": constraint.length,
                "pattern": constraint.pattern,
                "one_of": constraint.one_of,
                "source": property.source,
                "unread": property.unread,
                "replaces": kind.replaced_by.contains(&property.name),
            })
        })
        .collect();
    let outputs: Vec<&str> = kind.outputs.iter().map(|(name, _)| *name).collect();
    let access = kind.access;
    json!({
        "kind": kind.kind,
        "doc": kind.doc,
        "properties": properties,
        "outputs": outputs,
        "unique_by": kind.unique_by,
        "keeps_data": kind.keeps_data,
        "belongs_to": kind.belongs_to,
        "tags": kind.tags,
        "attachments": kind.attachments,
        "actions": {
            "look": access.look, "create": access.create,
            "change": access.change, "delete": access.delete,
        },
        "schema": payctl_engine::schema::of(kind),
    })
}
