//! GuardDuty: the detector that looks for signs of attacks in a region.

mod detector;

pub use detector::{Detector, DetectorId, DetectorOutputs, DetectorRef};
pub(crate) use detector::{declared, list};
