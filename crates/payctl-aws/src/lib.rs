//! AWS, one file per resource kind. The only crate that names the AWS SDK.

// A kind's properties are AWS's own; the struct says what the kind is, and a property is
// explained where its name does not.
#![allow(missing_docs)]

mod access;
mod account;
pub mod acm;
pub mod apigateway;
pub mod apigatewayv2;
mod artifact;
pub mod autoscaling;
mod calls;
mod cloud;
pub mod cloudtrail;
pub mod cloudwatch;
pub mod config;
mod connection;
mod document;
pub mod dynamodb;
pub mod ec2;
pub mod elbv2;
mod environments;
mod error;
pub mod eventbridge;
mod facts;
pub mod guardduty;
mod http;
pub mod iam;
mod ignored;
mod kinds;
pub mod kms;
pub mod lambda;
mod leftovers;
mod load;
pub mod logs;
mod lookup;
mod lookups;
mod marked;
mod names;
mod partition;
mod policy;
mod preflight;
mod prelude;
mod pricing;
pub mod questions;
pub mod rds;
pub mod s3;
pub mod secretsmanager;
mod sizes;
pub mod sns;
pub mod sqs;
pub mod ssm;
mod states;
mod status;
pub mod wafv2;
mod witness;

pub use access::{Lacking, LinkedRoles, Task, lacking, linked_roles, policy};
pub use account::{Setting, Told, settings};
pub use artifact::{Architecture, Artifacts, CodeSha256, NotRunnable, ZIP_FORMAT, check_machine};
pub use calls::Calls;
pub use cloud::{Aws, Cx};
pub use connection::{AskCode, ClientOptions, Connection, ConnectionError};
pub use document::Document;
pub use environments::{Expires, Tagged, environments, made_at, regions};
pub use error::{Absent, AwsError, Present, Result};
pub use facts::Facts;
pub use ignored::{EXPIRES, IgnoreTags, ignore_tags};
pub use kinds::kinds;
pub use leftovers::{Leftover, leftovers, leftovers_and_others};
pub use lookup::{Answer, Inquiry, Lookup, Question, Unanswered};
pub use lookups::{DetectorFound, Recorder};
pub use names::{Arn, Set, Tags, Zone};
pub use partition::{PARTITIONS, Partition};
pub use policy::{Policy, Statement};
pub use preflight::{Limited, Room, rooms};
pub use pricing::{PriceList, ProductFilter};
pub use sizes::{TooLarge, too_large};
pub use states::{Finding, Matter, StateBucket, StatePlace};
pub use status::{Condition, Health, conditions};
pub use witness::{Reply, witnessed};

pub(crate) use ignored::is_ignored;
