//! What declared resources cost: prices as data, and how each kind is billed.
//!
//! Nothing here talks to AWS or reads a file. Prices are list prices of us-east-1 and, where one
//! was found, of other regions; each has its source and its date, and what has none is said to be
//! unknown.
//!
//! ```
//! use payctl_cost::{Prices, Usage, estimate};
//! use serde_json::json;
//!
//! let prices = Prices::built_in();
//! let address = json!({ "tags": {} });
//! let declared = [("ec2.elastic_ip:nat", &address)];
//! let month = estimate(prices, declared, "us-east-1", &Usage::default());
//! assert_eq!(month.idle_total().to_string(), "3.65");
//! ```

mod bill;
mod cost;
mod declared;
mod difference;
mod estimate;
mod json;
mod kind;
mod money;
pub mod page;
pub mod price_list;
mod prices;
mod problem;
pub mod render;
mod services;
mod usage;
mod usage_file;

pub use cost::{estimate, is_known};
pub use declared::Resource;
pub use difference::{Change, Difference};
pub use estimate::{Budget, Estimate, Item, Later, Line, PerUse, Unknown};
pub use json::{change, json};
pub use money::{Quantity, Usd};
pub use prices::{Cited, HOURS, List, Price, PriceError, Prices, Rate, RateFile, Source, Unit};
pub use problem::{Problem, Span};
pub use usage::Usage;
pub use usage_file::measures;
