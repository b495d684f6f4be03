//! Finding what looks like a full card number.
//!
//! A card number is 13 to 19 digits that pass the Luhn check, bare or in groups: up to three
//! separators (space, dash, dot, underscore and their Unicode kin) may stand between two groups,
//! and digits may be full-width. Every run of neighbouring groups is tried, so that
//! `4111 1111 1111 1111 2027` is found; in an unbroken run of more than 19 digits every part is.
//!
//! Each name and each value is looked at by itself: digits spread over several are not put together.
//!
//! The check errs towards refusing: one in ten strings of 13 to 19 digits passes Luhn by chance.
//! The one exception is a text in the exact shape of a UUID (8-4-4-4-12 hexadecimal digits), the
//! commonest transaction id; without it, three UUIDs in a thousand would be refused.

use serde_json::Value;

const SHORTEST: usize = 13;
const LONGEST: usize = 19;
const MOST_SEPARATORS: usize = 3;

/// Whether any field name, string or number of the value, at any depth, holds a card number.
#[must_use]
pub fn anywhere_in(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::Number(number) => within(&number.to_string()),
        Value::String(text) => within(text),
        Value::Array(items) => items.iter().any(anywhere_in),
        Value::Object(fields) => {
            fields.iter().any(|(name, value)| within(name) || anywhere_in(value))
        }
    }
}

/// Whether the text holds a card number.
#[must_use]
pub fn within(text: &str) -> bool {
    if is_uuid(text) {
        return false;
    }
    // One chain is a list of digit groups with nothing but separators between them.
    let mut chain: Vec<Vec<u8>> = Vec::new();
    let mut separators = 0;
    let mut in_group = false;
    for character in text.chars() {
        if let Some(digit) = digit(character) {
            match chain.last_mut() {
                Some(group) if in_group => group.push(digit),
                _ => chain.push(vec![digit]),
            }
            in_group = true;
            separators = 0;
            continue;
        }
        in_group = false;
        separators += 1;
        if !is_separator(character) || separators > MOST_SEPARATORS {
            if chain_holds_one(&chain) {
                return true;
            }
            chain.clear();
        }
    }
    chain_holds_one(&chain)
}

/// Tries every run of neighbouring groups, and every part of an overlong group.
fn chain_holds_one(chain: &[Vec<u8>]) -> bool {
    let overlong = |group: &Vec<u8>| {
        group.len() > LONGEST
            && (SHORTEST..=LONGEST).any(|length| group.windows(length).any(is_card_number))
    };
    if chain.iter().any(overlong) {
        return true;
    }
    (0..chain.len()).any(|first| {
        let mut digits: Vec<u8> = Vec::with_capacity(LONGEST);
        for group in chain.iter().skip(first) {
            if digits.len() + group.len() > LONGEST {
                return false;
            }
            digits.extend_from_slice(group);
            if is_card_number(&digits) {
                return true;
            }
        }
        false
    })
}

/// 13 to 19 digits that pass the Luhn check and are not all zero.
fn is_card_number(digits: &[u8]) -> bool {
    if !(SHORTEST..=LONGEST).contains(&digits.len()) || digits.iter().all(|digit| *digit == 0) {
        return false;
    }
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(*digit);
            match (place % 2, digit * 2) {
                (0, _) => digit,
                (_, doubled) if doubled > 9 => doubled - 9,
                (_, doubled) => doubled,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

fn digit(character: char) -> Option<u8> {
    let base = match character {
        '0'..='9' => '0',
        '０'..='９' => '０',
        _ => return None,
    };
    u8::try_from(u32::from(character) - u32::from(base)).ok()
}

fn is_separator(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '-' | '.' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}')
        || matches!(character, '\u{00ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

fn is_uuid(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn card_numbers_are_found_however_they_are_written() {
        let written = [
            "4111111111111111",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "4111.1111.1111.1111",
            "4111 - 1111 - 1111 - 1111",
            "4111\u{00a0}1111\u{2013}1111\u{200b}1111",
            "４１１１１１１１１１１１１１１１",
            "378282246310005",
            "4222222222222",
            "6304000000000000000",
            "card 4111111111111111, exp 12/27",
            "x4111111111111111y",
            "4111 1111 1111 1111 2027",
            "2027 4111 1111 1111 1111",
            "0000004111111111111111",
            "41111111111111112027",
            "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        ];
        for text in written {
            assert!(within(text), "{text:?}");
        }
    }

    #[test]
    fn other_texts_are_left_alone() {
        let harmless = [
            "",
            "4111111111111112",
            "411111111111",
            "2026-11-22T01:38:18Z",
            "0000000000000000",
            "4111x1111x1111x1111",
            "4111    1111    1111    1111",
            "41111111-1111-1111-1111-111111111111",
        ];
        for text in harmless {
            assert!(!within(text), "{text:?}");
        }
    }

    #[test]
    fn a_megabyte_of_digits_is_searched_in_one_pass() {
        assert!(!within(&"0 ".repeat(512 * 1024)));
        assert!(!within(&"0".repeat(1024 * 1024)));
    }

    #[test]
    fn names_and_nested_values_are_searched() {
        assert!(anywhere_in(&json!({"a": [{"b": {"4111 1111 1111 1111": true}}]})));
        assert!(anywhere_in(&json!([[null, 4_111_111_111_111_111_u64]])));
        assert!(anywhere_in(&serde_json::from_str("4.111111111111111e15").unwrap()));
        assert!(!anywhere_in(&json!({"a": [1, "b", false, null]})));
    }

    /// Completes 12 to 18 digits with their check digit.
    fn with_check_digit(mut digits: Vec<u8>) -> Vec<u8> {
        digits.push(0);
        let check = (0..10).find(|check| {
            *digits.last_mut().unwrap() = *check;
            is_card_number(&digits)
        });
        *digits.last_mut().unwrap() = check.unwrap_or(0);
        digits
    }

    proptest! {
        #[test]
        fn any_card_number_is_found_in_any_grouping(
            mut digits in prop::collection::vec(0_u8..10, 12..=18),
            gaps in prop::collection::vec("|[ ._-]{1,3}", 19),
            around in ("[a-z/]{0,5}", "[a-z/]{0,5}"),
        ) {
            digits[0] = digits[0].max(1);
            let digits = with_check_digit(digits);
            let written: String =
                digits.iter().zip(&gaps).map(|(digit, gap)| format!("{digit}{gap}")).collect();
            let text = format!("{}/{}/{}", around.0, written, around.1);
            prop_assert!(within(&text), "{}", text);
        }

        #[test]
        fn any_text_can_be_searched(text in "\\PC*|[0-9 -]{0,80}") {
            let _ = within(&text);
        }
    }
}
