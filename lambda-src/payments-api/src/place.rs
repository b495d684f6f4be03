//! Where a page of a list ended: the token `next`.
//!
//! It names the payment that the page ended with (in a list of all, it may be the guard of one). It
//! is readable for whoever takes the trouble, and anybody can make one up. That is no matter: it
//! says where to go on in a list that its reader may read from the start, and nothing of it names a
//! table, an index or another status.

use aws_smithy_types::base64;
use payments_domain::{PaymentKey, PaymentStatus};
use thiserror::Error;

/// The text is not a token, or not of a list of this status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("next is not a page token of this list")]
pub(crate) struct PlaceError;

/// The list of all, in a token.
const ALL: &str = "all";

/// A caller may come back with a token of an older function.
const VERSION: &str = "1";

/// Writes the token: base64 as it goes unescaped into a URL, over four parts.
pub(crate) fn write(key: &PaymentKey, status: Option<PaymentStatus>) -> String {
    let list = status.map_or(ALL, PaymentStatus::as_str);
    let text = format!("{VERSION} {list} {} {}", key.timestamp, key.id);
    let token = base64::encode(text).replace('+', "-").replace('/', "_");
    token.trim_end_matches('=').to_owned()
}

/// Reads a token that should be of the list of this status.
pub(crate) fn read(token: &str, status: Option<PaymentStatus>) -> Result<PaymentKey, PlaceError> {
    let mut padded = token.replace('-', "+").replace('_', "/");
    while !padded.len().is_multiple_of(4) {
        padded.push('=');
    }
    let text = base64::decode(padded).map_err(|_| PlaceError)?;
    let text = String::from_utf8(text).map_err(|_| PlaceError)?;
    let [_, _, timestamp, id] = text.split(' ').collect::<Vec<_>>()[..] else {
        return Err(PlaceError);
    };
    let timestamp = timestamp.parse().map_err(|_| PlaceError)?;
    let key = PaymentKey { id: id.parse().map_err(|_| PlaceError)?, timestamp };
    // The version and the list are right, and there is one way only to write it.
    if write(&key, status) == token { Ok(key) } else { Err(PlaceError) }
}

#[cfg(test)]
mod tests {
    use payments_domain::{PaymentId, Timestamp};
    use proptest::prelude::*;

    use super::*;

    const LISTS: [Option<PaymentStatus>; 3] =
        [None, Some(PaymentStatus::Processing), Some(PaymentStatus::Completed)];

    fn key(bytes: [u8; 16], since: u64) -> PaymentKey {
        let timestamp = Timestamp::from_milliseconds(since);
        PaymentKey { id: PaymentId::from_random(bytes), timestamp }
    }

    #[test]
    fn a_token_is_of_one_list_and_whole() {
        let key = key([7; 16], 1_795_311_498_250);
        for list in LISTS {
            let token = write(&key, list);
            assert_eq!(read(&token, list), Ok(key.clone()));
            for other in LISTS.into_iter().filter(|other| *other != list) {
                assert_eq!(read(&token, other), Err(PlaceError));
            }
            for end in 0..token.len() {
                assert_eq!(read(&token[..end], list), Err(PlaceError), "{end}");
            }
            assert_eq!(read(&format!("{token}="), list), Err(PlaceError));
        }
    }

    #[test]
    fn what_else_is_in_base64_is_refused() {
        let id = "00000000-0000-4000-8000-000000000000";
        let time = "2026-11-22T01:38:18.250Z";
        for text in [
            String::new(),
            format!("2 all {time} {id}"),
            format!("1 all {time}"),
            format!("1 all {time} {id} "),
            format!("1 all {time} {id}x"),
            format!("1 all {id} {time}"),
            format!("1 secrets {time} {id}"),
            format!("1 all today {id}"),
            format!(r#"{{"payment_id":{{"S":"{id}"}}}}"#),
        ] {
            let token = base64::encode(&text).replace('=', "");
            assert_eq!(read(&token, None), Err(PlaceError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_token_reads_back_and_goes_into_a_url(bytes: [u8; 16], since: u64, list in 0..3_usize) {
            let key = key(bytes, since);
            let token = write(&key, LISTS[list]);
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            prop_assert!(token.bytes().all(plain), "{}", token);
            prop_assert_eq!(read(&token, LISTS[list]), Ok(key));
        }

        #[test]
        fn any_text_is_refused(text in "\\PC{0,60}|[A-Za-z0-9_-]{0,120}") {
            prop_assert_eq!(read(&text, None), Err(PlaceError));
        }
    }
}
