//! Where the states of all environments are: in a folder of this machine, or in a team's bucket.

use std::fmt::{self, Display, Formatter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use payctl_aws::StateBucket;
use payctl_engine::Store;
use payctl_engine::state::objects::{Objects as _, wait};

use crate::error::CliError;

/// A team's bucket, and what its objects' names begin with.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) bucket: StateBucket,
    pub(crate) prefix: String,
}

/// Where the states of all environments are.
#[derive(Clone, Debug)]
pub(crate) enum States {
    Folder(PathBuf),
    Bucket(Shared),
}

impl States {
    /// The store of one environment.
    pub(crate) fn store(&self, stack: &str, suffix: &str) -> Store {
        match self {
            Self::Folder(folder) => Store::at(folder.join(stack).join(suffix)),
            Self::Bucket(Shared { bucket, prefix }) => {
                let place = format!("{prefix}/{stack}/{suffix}");
                Store::in_bucket(Arc::new(bucket.clone()), &bucket.url(), &place)
            }
        }
    }

    /// The names of the stacks that may have environments, sorted.
    pub(crate) fn stacks(&self) -> Result<Vec<String>, CliError> {
        self.names("")
    }

    /// The suffixes of the environments that a stack may have, sorted.
    pub(crate) fn suffixes(&self, stack: &str) -> Result<Vec<String>, CliError> {
        self.names(stack)
    }

    /// What stands like a folder in `within`. A folder that cannot be read has none.
    fn names(&self, within: &str) -> Result<Vec<String>, CliError> {
        let mut names: Vec<String> = match self {
            Self::Folder(folder) => {
                let entries =
                    std::fs::read_dir(folder.join(within)).into_iter().flatten().flatten();
                entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
            }
            Self::Bucket(Shared { bucket, prefix }) => {
                let within = if within.is_empty() { String::new() } else { format!("{within}/") };
                let asked = bucket.folders(&format!("{prefix}/{within}"));
                wait(asked).map_err(|error| {
                    CliError::failed(format!("failed to list the states in {self}"))
                        .because(&error)
                        .hint(
                            "`payctl state init` makes a bucket, or makes one right that is there",
                        )
                })?
            }
        };
        names.sort_unstable();
        Ok(names)
    }
}

impl Display for States {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::Bucket(Shared { bucket, prefix }) => write!(f, "{}/{prefix}", bucket.url()),
        }
    }
}

/// Where the states of this machine are. The sandbox's environments never mix with real ones.
pub(crate) fn folder(state_dir: &Path, sandbox: bool) -> PathBuf {
    match sandbox {
        true => state_dir.join("sandbox"),
        false => state_dir.to_owned(),
    }
}
