//! `payctl prices`: AWS's price list, read into a file beside the configuration.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use clap::Subcommand;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use payctl_aws::{PriceList, ProductFilter};
use payctl_cost::price_list::{ListError, Query, Read, queries, read, record};
use payctl_cost::{Prices, Rate, RateFile};

use crate::connection::connect;
use crate::cost::{price_file, read_prices};
use crate::error::{CliError, Exit};
use crate::global::{Global, region};
use crate::{configuration, report};

/// Read AWS's prices
#[derive(Debug, Subcommand)]
pub(crate) enum PricesCommand {
    /// Read AWS's price list into payctl.prices.toml, beside the configuration
    ///
    /// Prices in that file go before those that payctl brings along: in `cost`, in plans, against a
    /// budget. What the list does not say, or says in a way that cannot be right, is told and left as it
    /// was. It takes pricing:GetProducts.
    #[command(after_help = "\
Examples:
  payctl prices update                       of the region of the configuration
  payctl prices update us-east-1 eu-west-1   of these")]
    Update {
        /// The regions [default: the one that is configured]
        #[arg(value_name = "REGION", value_parser = region)]
        regions: Vec<String>,
    },
}

/// How many requests are under way at once. Our choice: AWS says no limit of this API's.
const AT_ONCE: usize = 4;

pub(super) async fn run(global: &Global, command: &PricesCommand) -> Result<Exit, CliError> {
    let PricesCommand::Update { regions } = command;
    if global.sandbox {
        let message = "the sandbox has no price list";
        return Err(CliError::failed(message).hint("leave --sandbox out"));
    }
    let config = configuration::read(global.config.as_deref(), global.systems)?;
    let path = price_file(global.config.as_deref());
    // A file that is not understood is not written over.
    let mut file = match read_prices(&path)? {
        None => RateFile::default(),
        Some((path, text)) => understood(path, &text)?,
    };
    let connection = connect(global, &config).await?;
    let list = PriceList::of(&connection);
    let own = [connection.region().to_owned()];
    let regions = if regions.is_empty() { &own[..] } else { regions };
    let known = Prices::built_in().clone().updated(&file.toml());
    let known = known.map_err(|source| unusable(&path).because(&source))?;
    let (mut count, mut changed) = (0, 0);
    for region in regions {
        let all: Vec<Query> = queries(&known, region).collect();
        report::say(&format!(
            "asking AWS's price list for {} of {region}",
            report::plural(all.len(), "price")
        ));
        let asked = all.iter().map(|query| ask(&list, &known, region, query));
        let mut answers: Vec<(&str, Result<Read, ListError>)> =
            stream::iter(asked).buffer_unordered(AT_ONCE).try_collect().await?;
        answers.sort_by_key(|(name, _)| *name);
        for (name, answer) in answers {
            match answer {
                Ok(Read { rate, was }) => {
                    let new = known.get(name).is_none_or(|price| !price.at.contains_key(region));
                    if new || was.is_some() {
                        changed += 1;
                        let was = was.map_or_else(|| "unknown".to_owned(), |was| words(&was));
                        report::data(&format!("{region}  {name}  {was} -> {}\n", words(&rate)));
                    }
                    count += 1;
                    record(&mut file, name, region, rate);
                }
                Err(why) => report::warn(&format!("{name} in {region} stays as it was: {why}")),
            }
        }
    }
    if count == 0 {
        return Err(CliError::failed("no price could be read").hint("nothing was written"));
    }
    write(&path, &file.toml())?;
    report::say(&format!(
        "{}: {} read, {changed} of them new or changed",
        path.display(),
        report::plural(count, "price")
    ));
    Ok(Exit::Done)
}

/// Asks for one price, and reads the answer.
async fn ask<'q>(
    list: &PriceList,
    known: &Prices,
    region: &str,
    query: &'q Query,
) -> Result<(&'q str, Result<Read, ListError>), CliError> {
    let filters: Vec<ProductFilter<'_>> = query
        .filters
        .iter()
        .map(|one| (one.kind, one.field.as_str(), one.value.as_str()))
        .collect();
    let answer = list.products(&query.service, &filters).await.map_err(|error| {
        CliError::aws("failed to read AWS's price list".to_owned(), &error.into())
            .hint("nothing was written; it takes pricing:GetProducts")
    })?;
    let read = match known.get(&query.price) {
        Some(price) => read(price, region, answer.iter().map(String::as_str)),
        None => Err(ListError::None(query.price.clone())),
    };
    Ok((&query.price, read))
}

/// A rate in a few words, with its tiers.
fn words(rate: &Rate) -> String {
    let tiers =
        rate.above.iter().map(|(from, usd)| format!(", {} above {}", usd.exact(), from.plain()));
    std::iter::once(rate.usd.exact()).chain(tiers).collect()
}

fn understood(path: &Path, text: &str) -> Result<RateFile, CliError> {
    RateFile::read(text).map_err(|source| unusable(path).because(&source))
}

fn unusable(path: &Path) -> CliError {
    let message = format!("invalid prices in {}", path.display());
    CliError::failed(message).hint("remove the file, and it is written anew")
}

/// Writes all of it or nothing.
fn write(path: &Path, text: &str) -> Result<(), CliError> {
    let failed = |source: &std::io::Error| {
        CliError::failed(format!("failed to write {}", path.display())).because(source)
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
        .map_err(|source| failed(&source))?;
    file.write_all(text.as_bytes()).map_err(|source| failed(&source))?;
    // It is read by whoever reads the configuration.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let readable = fs::Permissions::from_mode(0o644);
        fs::set_permissions(file.path(), readable).map_err(|source| failed(&source))?;
    }
    file.persist(path).map(drop).map_err(|error| failed(&error.error))
}
