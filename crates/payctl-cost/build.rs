//! Writes the prices that are built in as JSON: each plan reads them, and TOML takes seven times as long.

#![allow(clippy::print_stdout, reason = "it is how cargo is told")]

use std::error::Error;
use std::path::Path;
use std::{env, fs};

/// What [`Prices`](src/prices.rs) has of its own.
const FILES: [&str; 4] =
    ["prices.toml", "prices/sources.toml", "prices/instances.toml", "prices/free.toml"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let mut files = Vec::new();
    for name in FILES {
        println!("cargo::rerun-if-changed={name}");
        let file: serde_json::Value = toml::from_str(&fs::read_to_string(name)?)
            .map_err(|error| format!("{name}: {error}"))?;
        files.push(file);
    }
    let out = Path::new(&env::var("OUT_DIR")?).join("prices.json");
    fs::write(out, serde_json::to_string(&files)?)?;
    Ok(())
}
