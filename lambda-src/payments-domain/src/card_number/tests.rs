//! What is found, and what is left alone.

use proptest::prelude::*;
use serde_json::json;

use super::shape::tests::{PUBLISHED, card};
use super::*;

/// The number in groups of these lengths; what is left is the last one.
fn grouped(number: &str, lengths: &[usize], separator: &str) -> String {
    let mut rest = number;
    let mut groups = Vec::new();
    for length in lengths {
        let (group, behind) = rest.split_at((*length).min(rest.len()));
        groups.push(group);
        rest = behind;
    }
    groups.push(rest);
    groups.retain(|group| !group.is_empty());
    groups.join(separator)
}

/// How cards of this length are printed.
fn printed(number: &str) -> Vec<&'static [usize]> {
    match number.len() {
        14 => vec![&[4, 4, 4], &[4, 6]],
        15 => vec![&[4, 6]],
        19 => vec![&[4, 4, 4, 4], &[6]],
        _ => vec![&[4, 4, 4, 4]],
    }
}

#[test]
fn published_numbers_are_found_bare_and_as_cards_are_printed() {
    for number in PUBLISHED {
        assert!(within(number), "{number}");
        for separator in [" ", "-", ".", "_", " - ", "\u{a0}", "\u{2013}", "\u{200b}", "\u{ff0d}"] {
            for lengths in printed(number) {
                let text = grouped(number, lengths, separator);
                assert!(within(&text), "{text:?}");
                assert!(within(&format!("payments/{text}.json")), "{text:?}");
            }
        }
    }
}

#[test]
fn card_numbers_are_found_however_they_are_written() {
    let written = [
        "４１１１１１１１１１１１１１１１",
        "6304000000000000",
        "6304000000000000000",
        "622126 1234567890129",
        "card 4111111111111111, exp 12/27",
        "card:4111111111111111",
        "card4111111111111111",
        "x4111111111111111y",
        "PAN=4111111111111111;CVV=",
        ";4111111111111111=27121010000012345678?",
        "4111 1111 1111 1111 2027",
        "2027 4111 1111 1111 1111",
        "1764380000000-4111111111111111",
        "0004111111111111111",
        "0000004111111111111111",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "41\u{200b}11111111111111",
        "{\"a\": \"4111111111111111\"}",
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
        "20261129015301",
        "0000000000000000",
        // Longer than any card's.
        "41111111111111112027",
        "14111111111111111",
        // No card is printed so.
        "4-111111111111111",
        "411-1111111111111",
        "622126-1234567890129",
        "4111x1111x1111x1111",
        "4111    1111    1111    1111",
        // A UUID, a digest, an ObjectId, an account.
        "41111111-1111-1111-1111-111111111111",
        "0b1a9f0c-4222-2222-2222-2abcdef01234",
        "payments/0b1a9f0c-4222-2222-2222-2abcdef01234.json",
        "c4111111111111111d1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6071",
        "4111111111111111abcdef12",
        "arn:aws:iam::501800000009:role/payments",
    ];
    for text in harmless {
        assert!(!within(text), "{text:?}");
    }
}

#[test]
fn a_megabyte_of_digits_is_searched_in_one_pass() {
    assert!(!within(&"0 ".repeat(512 * 1024)));
    assert!(!within(&"0".repeat(1024 * 1024)));
    assert!(!within(&"a4111111111111111".repeat(64 * 1024)));
}

#[test]
fn names_and_nested_values_are_searched() {
    assert!(anywhere_in(&json!({"a": [{"b": {"4111 1111 1111 1111": true}}]})));
    assert!(anywhere_in(&json!([[null, 4_111_111_111_111_111_u64]])));
    assert!(!anywhere_in(&json!({"a": [1, "b", false, null]})));
}

#[test]
fn a_number_counts_by_its_value() {
    let number = |text: &str| anywhere_in(&serde_json::from_str(text).unwrap());
    for card in [
        "4111111111111111",
        "-4111111111111111",
        "4111111111111111.0",
        "4.111111111111111e15",
        "4111111111111111000E-3",
        "42222222222220e-1",
        "630400000000e4",
    ] {
        assert!(number(card), "{card}");
    }
    for other in [
        "41.11111111111111",
        "4111111111111111e1",
        "4111111111111111e-1",
        "4e99999999999999999999",
        "0e-9",
        "1764380000007",
        "0",
    ] {
        assert!(!number(other), "{other}");
    }
}

#[test]
fn no_name_made_of_a_time_is_refused() {
    // 2026-11-29 and on: a tenth of these pass the Luhn check.
    for milliseconds in 1_795_914_000_000_u64..1_795_914_010_000 {
        for name in [
            format!("payments/demo-{milliseconds}.json"),
            format!("{milliseconds}"),
            format!("{milliseconds}000"),
            format!("{milliseconds}000000"),
            format!("order-412-{milliseconds}"),
            format!("order-621234-{milliseconds}"),
            format!("4-{milliseconds}-5"),
        ] {
            assert!(!within(&name), "{name}");
        }
    }
}

proptest! {
    #[test]
    fn any_card_number_is_found_in_any_text(
        card in card(),
        separator in "[ ._-]{0,3}",
        around in ("([a-z]{0,5}|[0-9]{1,3})[/:, ]{0,1}[A-Za-z]{0,4}", "[a-z]{0,4}/[a-z0-9]{0,5}"),
    ) {
        for lengths in printed(&card) {
            // A number of 6-13 is printed with a space.
            let separator = if *lengths == [6] { " " } else { &separator };
            // Digits right before it would make it longer.
            let before = around.0.trim_end_matches(|it: char| it.is_ascii_digit());
            let text = format!("{before}{}{}", grouped(&card, lengths, separator), around.1);
            prop_assert!(within(&text), "{}", text);
            let value = json!({"metadata": {"note": text}});
            prop_assert!(anywhere_in(&value));
        }
    }

    #[test]
    fn any_card_number_is_found_digit_by_digit(card in card()) {
        prop_assert!(within(&grouped(&card, &[1; 19], " ")));
    }

    #[test]
    fn no_uuid_is_taken_for_one_though_most_of_it_is_decimal(
        number in "4[0-9]{3}-[0-9]{4}-[0-9]{4}-[0-9]{1,5}",
        around in ("[0-9a-f]{8}", "[a-z]{0,5}/"),
    ) {
        let uuid = format!("{}-{number:a<27}", around.0);
        prop_assert_eq!(uuid.len(), UUID);
        prop_assert!(!within(&format!("{}{uuid}.json", around.1)), "{}", uuid);
    }

    #[test]
    fn no_uuid_and_no_digest_is_taken_for_one(bytes: [u8; 32], prefix in "[a-z]{0,5}/") {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let uuid = grouped(&hex[..32], &[8, 4, 4, 4], "-");
        prop_assert!(!within(&format!("{prefix}{uuid}.json")), "{}", uuid);
        if hex.contains(|digit: char| digit.is_ascii_alphabetic()) {
            prop_assert!(!within(&format!("{prefix}{hex}.json")), "{}", hex);
        }
    }

    #[test]
    fn any_text_can_be_searched(text in "\\PC*|[0-9 -]{0,80}") {
        let _ = within(&text);
    }
}
