//! The regions that payctl knows by name.

/// Regions with their names, a line each.
pub(crate) const REGIONS: &str = include_str!("regions.txt");
