//! Tables.

mod index;
mod table;

pub use index::{Attribute, AttributeKind, Index};
pub use table::{Table, TableName, TableOutputs, TableRef};
