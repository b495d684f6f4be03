//! A store of any files: state, journal and copies of the state, one after the other with a line
//! `%%` between them. An empty one is missing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use payctl_engine::Holder;
use payctl_engine::state::formats::{read_journal, read_state, seal_journal, seal_state};
use payctl_engine::state::{Session, StateError, Store};
use payctl_engine::testing::MemoryDisk;

fuzz_target!(|bytes: &[u8]| {
    let mut files = vec![Vec::new()];
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match line {
            b"%%\n" if files.len() < 10 => files.push(Vec::new()),
            line => files.last_mut().unwrap().extend(line),
        }
    }
    let seal = |(nth, file): (usize, &Vec<u8>)| match nth {
        1 => seal_journal(file),
        _ => seal_state(file),
    };
    let sealed: Vec<Vec<u8>> = files.iter().enumerate().map(seal).collect();
    for files in [files, sealed] {
        go_on(&files);
        recover(&files);
    }
});

/// A store that holds `files`, locked.
fn session(files: &[Vec<u8>]) -> Session {
    let disk = MemoryDisk::new();
    for (nth, file) in files.iter().enumerate().filter(|(_, file)| !file.is_empty()) {
        let name = match nth {
            0 => "state.json".to_owned(),
            1 => "journal.jsonl".to_owned(),
            nth => format!("backups/state-{:08}.json", nth - 1),
        };
        disk.set(&name, Some(file.clone()));
    }
    let [host, command, since] = ["h", "up", "now"].map(str::to_owned);
    Store::in_memory(&disk).lock(&Holder { pid: 1, host, command, since }).unwrap()
}

/// What loads can be gone on with and saved, and is then the same.
fn go_on(files: &[Vec<u8>]) {
    let session = session(files);
    let store = session.store();
    let check = store.check().unwrap();
    let Ok(loaded) = store.load() else {
        return assert!(!check.is_sound(), "{check:#?}");
    };
    let Some(mut state) = loaded.state.clone() else { return };
    session.journal(&loaded, &state).unwrap();
    let mut again = store.load().unwrap().state.unwrap();
    again.changed_at = state.changed_at;
    assert_eq!(again, state);
    session.save(&mut state).unwrap();
    assert_eq!(store.load().unwrap().state, Some(state));
}

/// What is damaged is sound once it was recovered, and is what was said to be recovered.
fn recover(files: &[Vec<u8>]) {
    let session = session(files);
    let store = session.store();
    let recovery = match session.recover() {
        Ok(recovery) => recovery,
        Err(StateError::TooNew { .. }) => {
            let newer = |error| matches!(error, Some(StateError::TooNew { .. }));
            let is_newer =
                |file: &Vec<u8>| newer(read_state(file).err()) || newer(read_journal(file).err());
            return assert!(files.iter().any(is_newer));
        }
        Err(error) => panic!("{error}"),
    };
    let check = store.check().unwrap();
    assert!(check.is_sound(), "{check:#?}");
    assert_eq!(store.load().unwrap().state, recovery.state);
}
