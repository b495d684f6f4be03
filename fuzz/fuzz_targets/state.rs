//! A state of any bytes, as they are and with a checksum that fits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use payctl_engine::state::formats::{read_state, seal_state, write_state};

fuzz_target!(|bytes: &[u8]| {
    for bytes in [bytes, &seal_state(bytes)] {
        let Ok(state) = read_state(bytes) else { continue };
        let text = write_state(&state).unwrap();
        assert_eq!(read_state(text.as_bytes()).unwrap(), state, "{text}");
    }
});
