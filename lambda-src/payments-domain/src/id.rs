//! The alphabet of the names that callers give.

/// The longest name, in characters.
pub(crate) const MAX_LEN: usize = 128;

/// 1 to 128 characters of `A-Z a-z 0-9 . _ : -`.
pub(crate) fn is_id(text: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-');
    (1..=MAX_LEN).contains(&text.len()) && text.bytes().all(allowed)
}
