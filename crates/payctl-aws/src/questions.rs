//! What systems ask of an account and region.

use std::collections::BTreeMap;

use futures::future::FutureExt as _;
use payctl_engine::{Address, owner};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::ec2::{ImageId, PrefixListId};
use crate::lookup::{Answer, Inquiry, Lookup, Question};
use crate::lookups::{DetectorFound, Recorder};
use crate::{Arn, Result};

/// The lists of the addresses of AWS's services, by service.
pub const PREFIX_LISTS: Question<BTreeMap<String, PrefixListId>> = Question::named("prefix lists");
/// As which role API Gateway writes logs, if it may.
pub const API_LOG_ROLE: Question<Option<Arn>> = Question::named("API Gateway's role");
/// The image of instances.
pub const IMAGE: Question<ImageId> = Question::named("image");
/// What AWS Config records with.
pub const RECORDER: Question<Recorder> = Question::named("recorder");
/// What GuardDuty detects with.
pub const DETECTOR: Question<Detector> = Question::named("detector");
/// The version of a database's engine.
pub const ENGINE_VERSION: Question<String> = Question::named("engine version");

/// GuardDuty's detector, of which a region has one at most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Detector {
    /// There is none.
    #[default]
    None,
    /// The environment's own.
    Ours,
    /// Someone else's.
    Other { id: String, enabled: bool },
    /// It could not be asked for, and why.
    Unknown(String),
}

impl Lookup {
    /// The lists of the addresses of `services`, such as `s3`.
    #[must_use]
    pub fn prefix_lists(services: &'static [&'static str]) -> Self {
        let actions = &["ec2:DescribeManagedPrefixLists"];
        Self::new(PREFIX_LISTS, "the region's prefix lists", actions, move |asking| {
            async { Answer::of(&asking.connection.prefix_lists(asking.aws, services).await?) }
                .boxed()
        })
    }

    /// As which role API Gateway writes logs. Whoever declares an API may ask that.
    #[must_use]
    pub fn api_log_role() -> Self {
        Self::new(API_LOG_ROLE, "API Gateway's settings", &[], |asking| {
            async { Answer::of(&asking.connection.api_log_role(asking.aws).await?) }.boxed()
        })
    }

    /// The image that a public parameter names.
    #[must_use]
    pub fn image(parameter: String) -> Self {
        Self::new(IMAGE, "the latest image", &["ssm:GetParameter"], move |asking| {
            let parameter = parameter.clone();
            async move { Answer::of(&asking.connection.image(asking.aws, &parameter).await?) }
                .boxed()
        })
    }

    /// What AWS Config records with.
    #[must_use]
    pub fn config_recorder() -> Self {
        let actions = &["config:DescribeConfigurationRecorderStatus"];
        Self::new(RECORDER, "AWS Config's recorder", actions, |asking| {
            async { Answer::of(&asking.connection.config_recorder(asking.aws).await?) }.boxed()
        })
        .assuming(json!(Recorder::Recording(String::new())))
    }

    /// What GuardDuty detects with, and whether it has to be known: what is only looked at may be
    /// out of reach.
    #[must_use]
    pub fn detector(needed: bool) -> Self {
        let actions = &["guardduty:GetDetector", "guardduty:ListDetectors"];
        Self::new(DETECTOR, "GuardDuty's detector", actions, move |asking| {
            async move {
                match asking.connection.detector(asking.aws).await {
                    Ok(None) => Answer::of(&Detector::None),
                    Ok(Some(found)) => whose(asking, &found),
                    Err(error) if !needed => Answer::of(&Detector::Unknown(error.to_string())),
                    Err(error) => Err(error),
                }
            }
            .boxed()
        })
    }

    /// The version of `engine` that `wanted` stands for, kept once it is chosen.
    #[must_use]
    pub fn engine_version(engine: &'static str, wanted: &str) -> Self {
        let choice = format!("{engine} {wanted}");
        let (wanted, actions) = (wanted.to_owned(), &["rds:DescribeDBEngineVersions"]);
        Self::new(ENGINE_VERSION, "the database's versions", actions, move |asking| {
            let wanted = wanted.clone();
            async move {
                let version = asking.connection.engine_version(asking.aws, engine, &wanted).await?;
                Answer::of(&version)
            }
            .boxed()
        })
        .kept_as(choice)
    }
}

/// Whether the detector is the environment's own, which its tags tell.
fn whose(asking: &Inquiry<'_>, found: &DetectorFound) -> Result<Answer> {
    let is = |tag: &str, value: &str| found.tags.get(tag).is_some_and(|tag| tag == value);
    if is("payctl:stack", asking.stack) && is("payctl:suffix", asking.suffix) {
        let unlisted: Option<Address> = owner::address(&found.tags);
        return Ok(Answer { unlisted, ..Answer::of(&Detector::Ours)? });
    }
    Answer::of(&Detector::Other { id: found.id.to_string(), enabled: found.enabled })
}
