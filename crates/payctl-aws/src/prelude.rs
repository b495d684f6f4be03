//! What the file of a kind begins with.

pub(crate) use payctl_engine::{
    Attachments, Changed, DeletionView, Input, Kind as _, Readiness, Resource, kind,
};
pub(crate) use schemars::JsonSchema;
pub(crate) use serde::{Deserialize, Serialize};
pub(crate) use serde_json::json;

pub(crate) use crate::error::{Absent as _, Present as _};
pub(crate) use crate::{Arn, AwsError, Cx, Policy, Result, Set, Tags, Zone, id};
