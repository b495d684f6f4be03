#!/usr/bin/env bash
# The compiler of our own crates, as cargo calls it: clippy, which compiles as rustc does and lints on
# the way. `cargo clippy` beside `cargo build` would read the whole SDK a second time.
# bash, as dash drops variables like CARGO_BIN_EXE_event-handler.
exec clippy-driver "$@" -D warnings
