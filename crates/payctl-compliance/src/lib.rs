//! Controls, judged on what is declared or on what stands: PCI DSS v4.0.1 as scanners read it, and
//! the systems' own rules.
//!
//! The controls are data (`controls.json`), as are the deviations of the systems (`waivers.toml`);
//! what each asks is a function of the resources ([`rules`]). Declared properties and those that were
//! read have one form, so that one function judges both. Does no IO.
//!
//! What cannot be known, as it is decided by AWS or was not asked, is [`Verdict::Unknown`], never a
//! pass.

mod control;
mod judge;
mod policy;
mod resource;
mod rule;
mod rules;
mod subject;
mod waivers;

pub use control::{CONTROLS, Control, Profile, Severity};
pub use judge::{Finding, Judgement, Verdict, judge, judge_by};
pub use resource::{Resource, Resources};
pub use subject::{Account, Subject};
pub use waivers::{Posture, Waiver, waivers};
