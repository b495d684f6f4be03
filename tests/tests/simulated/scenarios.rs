//! Every file in `tests/scenarios` goes as it is written. `UPDATE_SCENARIOS=1` writes the answers
//! anew, `SCENARIO=name` runs those whose name contains it.

use std::cell::Cell;
use std::fs;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};

use futures::FutureExt as _;
use payctl_tests::scenario::run;

fn scenarios() -> Vec<PathBuf> {
    let only = std::env::var("SCENARIO").unwrap_or_default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<PathBuf> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .filter(|path| path.to_string_lossy().contains(&only))
        .collect();
    all.sort();
    all
}

/// The first line that is not as it was.
fn difference(written: &str, now: &str) -> Option<(usize, String)> {
    let (mut written, mut now) = (written.lines(), now.lines());
    let mut line = 0;
    loop {
        line += 1;
        match (written.next(), now.next()) {
            (None, None) => return None,
            (written, now) if written == now => {}
            (written, now) => {
                let or_end = |line: Option<&str>| line.unwrap_or("(the end)").to_owned();
                return Some((
                    line,
                    format!("\n  was  {}\n  is   {}", or_end(written), or_end(now)),
                ));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_scenario_goes_as_it_is_written() {
    let all = scenarios();
    assert!(!all.is_empty());
    let update = std::env::var_os("UPDATE_SCENARIOS").is_some();
    let mut wrong = Vec::new();
    for path in &all {
        let written = fs::read_to_string(path).unwrap();
        let line = Cell::new(0);
        let ended = AssertUnwindSafe(run(&written, &line)).catch_unwind().await;
        let wrongly = match ended {
            Err(_) => Some((line.get(), "it panics, see above".to_owned())),
            Ok(Err(why)) => Some((line.get(), why)),
            Ok(Ok(now)) => {
                let difference = difference(&written, &now);
                if update && difference.is_some() {
                    fs::write(path, now).unwrap();
                }
                difference.filter(|_| !update)
            }
        };
        let name = path.file_name().unwrap().to_string_lossy();
        wrong.extend(wrongly.map(|(line, why)| format!("tests/scenarios/{name}:{line}: {why}")));
    }
    assert!(wrong.is_empty(), "UPDATE_SCENARIOS=1 accepts:\n{}", wrong.join("\n"));
}
