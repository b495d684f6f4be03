//! A journal of any bytes, as they are and with checksums that fit.
#![no_main]

use libfuzzer_sys::fuzz_target;
use payctl_engine::state::formats::{read_journal, seal_journal, write_journal};

fuzz_target!(|bytes: &[u8]| {
    for bytes in [bytes, &seal_journal(bytes)] {
        let Ok(entries) = read_journal(bytes) else { continue };
        let text = write_journal(&entries).unwrap();
        assert_eq!(read_journal(text.as_bytes()).unwrap(), entries, "{text}");
    }
});
