//! The engine's life on a cloud and a disk in memory, with everything going wrong that can. One
//! rule: the same command run again, without faults, converges, makes nothing twice and leaves
//! nothing behind.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod damage;
mod found;
mod late;
mod pace;
mod power;
mod random;
mod script;
mod shared;
mod world;

/// Figures are a result.
#[allow(clippy::print_stderr, reason = "the figures are the result")]
fn tell(text: &str) {
    eprintln!("{text}");
}
