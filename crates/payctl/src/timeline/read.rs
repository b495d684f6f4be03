//! Reads a timeline.

use std::collections::BTreeMap;

use super::format::{FORMAT, Head, Line};
use super::model::{Operation, Status, Timeline};

/// Why a timeline cannot be shown.
#[derive(Debug, PartialEq)]
pub(crate) enum Unreadable {
    /// It says which format it has.
    Newer(u64),
    /// What is wrong with its first line.
    Damaged(String),
}

/// Reads a timeline. Lines that cannot be read, such as the last one after a crash, are left out.
pub(crate) fn parse(bytes: &[u8]) -> Result<Timeline, Unreadable> {
    let damaged = |error: serde_json::Error| Unreadable::Damaged(error.to_string());
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let first: serde_json::Value = serde_json::from_slice(first).map_err(damaged)?;
    match first["format"].as_u64() {
        Some(format) if format > u64::from(FORMAT) => return Err(Unreadable::Newer(format)),
        _ => {}
    }
    let head: Head = serde_json::from_value(first).map_err(damaged)?;
    let operations = head.operations.iter().map(|_| Operation::default()).collect();
    let mut timeline = Timeline { head, operations, end: None };
    let entries = lines.filter_map(|line| serde_json::from_slice(line).ok());
    entries.for_each(|line| timeline.apply(line));
    Ok(timeline)
}

impl Timeline {
    fn apply(&mut self, line: Line) {
        let (operation, at, status, all) = match line {
            Line::Ended { at, outcome } => {
                self.end = Some((at, outcome));
                return;
            }
            Line::Began { operation, at } => {
                (operation, Some(at), Status::Running, BTreeMap::new())
            }
            Line::Created { operation, at } => {
                if let Some(operation) = self.operations.get_mut(operation) {
                    operation.created = Some(at);
                }
                return;
            }
            Line::Done { operation, at, retries } => (operation, Some(at), Status::Done, retries),
            Line::Failed { operation, at, retries } => {
                (operation, Some(at), Status::Failed, retries)
            }
            Line::Skipped { operation } => (operation, None, Status::Skipped, BTreeMap::new()),
        };
        let Some(operation) = self.operations.get_mut(operation) else { return };
        match status {
            Status::Running => operation.began = at,
            _ => operation.ended = at,
        }
        (operation.status, operation.retries) = (status, all);
    }
}
