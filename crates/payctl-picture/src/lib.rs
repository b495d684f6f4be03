//! Pictures of an environment: what is declared or planned, drawn by network and service as SVG, or
//! written for Graphviz or Mermaid. Knows addresses and what uses what, no property's value, and
//! does no IO.
//!
//! A picture is made in steps: `place` says where each resource stands, `scene` which cards and
//! lines there are, `layout` and `route` where they come to lie, `svg` writes it down.

mod card;
mod dot;
mod layout;
mod mermaid;
mod model;
mod names;
mod outline;
mod palette;
mod place;
mod reduce;
mod report;
mod route;
mod scene;
mod svg;
#[cfg(test)]
mod tests;
mod text;

pub use dot::dot;
pub use mermaid::mermaid;
pub use model::{Action, Colour, Cost, Graph, Health, Node, Use};
pub use report::{
    Bar, Change, Compliance, Figure, Month, MonthItem, Outcome, Property, Report, Requirement,
    Timeline, Verdict, html,
};
pub use svg::svg;
