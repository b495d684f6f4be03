//! Has the handler that the tests deploy linked without symbols: it is uploaded again and again.

#![allow(clippy::print_stdout, reason = "it is how cargo is told")]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-arg-bin=answering-handler=-s");
}
