//! Why AWS cannot be reached.

use std::path::PathBuf;

use crate::AwsError;

/// Why AWS cannot be reached as the user has it, or answers that it does not know them.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// A profile is named that does not exist.
    #[error("there is no profile {name:?}, which {by} names")]
    UnknownProfile {
        /// Its name.
        name: String,
        /// What names it: an option or a variable.
        by: &'static str,
        /// Those that there are.
        known: Vec<String>,
        /// Which of the files cannot be read, and why.
        unread: Vec<String>,
        /// Where they were looked for.
        files: Vec<PathBuf>,
    },
    /// The AWS configuration cannot be used.
    #[error("the AWS configuration cannot be used: {0}")]
    Configuration(String),
    /// No region is known.
    #[error("no region is configured")]
    NoRegion,
    /// There are no credentials.
    #[error("no credentials were found; looked for, in this order:{looked}")]
    NoCredentials {
        /// Where, a line each.
        looked: String,
    },
    /// A profile of IAM Identity Center has no session, or its session has ended.
    #[error("the profile {profile} has to sign in to IAM Identity Center: {why}")]
    SignIn {
        /// The profile.
        profile: String,
        /// What is the matter with its session.
        why: String,
    },
    /// AWS does not know the credentials in this region.
    #[error("{source}")]
    Region {
        /// The region.
        region: String,
        /// Why that may be so.
        why: String,
        /// What AWS said.
        source: AwsError,
    },
    /// A call failed.
    #[error(transparent)]
    Call(#[from] AwsError),
}
