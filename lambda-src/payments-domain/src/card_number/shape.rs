//! What digits a card number has: an issuer's range, a length of that issuer, the Luhn check.
//!
//! The ranges are the public ones of the networks, compared on 2026-11-29 in three lists:
//!
//! - Cybersource (Visa), "Credit Card Account Number Verification – Card Type Identification",
//!   <https://developer.cybersource.com/docs/cybs/en-us/test-data/developer/all/so/test-data/best_practices_intro/card_type_id.html>
//! - LDAPWiki, "Issuer Identification Number", of 2024-11-29,
//!   <https://ldapwiki.com/wiki/Wiki.jsp?page=Issuer+Identification+Number>
//! - Braintree (PayPal), `credit-card-type` at commit 0bac61c, `src/lib/card-types.ts`
//!
//! Where they differ, the wider range or length is taken, with three exceptions. A 1 begins the
//! times of our century (13, 16 or 19 digits of milli-, micro- or nanoseconds since 1970): of what
//! begins so, only JCB's old numbers of 15 digits are taken, neither UATP's nor Braintree's `1800`
//! of 16 to 19. Maestro's whole ranges count from 16 digits on; of 13 to 15, only the prefixes that
//! its cards are known by, or every tenth European article number in the range would be refused.
//! And its 12 digits are not taken: an AWS account's id has as many, and stands in many a key.

/// The shortest card number.
pub(super) const SHORTEST: usize = 13;
/// The longest one, by ISO/IEC 7812.
pub(super) const LONGEST: usize = 19;

/// The first four digits of an issuer's range, from and to, and the lengths of its numbers.
type Issuer = (u16, u16, &'static [usize]);

const TO_19: &[usize] = &[16, 17, 18, 19];

const ISSUERS: &[Issuer] = &[
    // JCB, numbers of the past (Business::CreditCard's BINS).
    (1800, 1800, &[15]),
    (2131, 2131, &[15]),
    // Mir
    (2200, 2204, TO_19),
    // Mastercard
    (2221, 2720, &[16]),
    (5100, 5599, &[16]),
    // Diners Club
    (3000, 3059, &[14, 15, 16, 17, 18, 19]),
    (3095, 3095, &[14, 15, 16, 17, 18, 19]),
    (3600, 3699, &[14, 15, 16, 17, 18, 19]),
    (3800, 3999, &[14, 15, 16, 17, 18, 19]),
    // American Express
    (3400, 3499, &[15]),
    (3700, 3799, &[15]),
    // JCB
    (3528, 3589, TO_19),
    // Visa
    (4000, 4999, &[13, 16, 18, 19]),
    // Maestro, and in its ranges Dankort, Elo and Verve
    (5000, 5099, TO_19),
    (5600, 5999, TO_19),
    (5018, 5018, &[13, 14, 15]),
    (5020, 5020, &[13, 14, 15]),
    (5038, 5038, &[13, 14, 15]),
    (5893, 5893, &[13, 14, 15]),
    (6304, 6304, &[13, 14, 15]),
    (6759, 6759, &[13, 14, 15]),
    (6761, 6763, &[13, 14, 15]),
    // Discover (6011, 644 to 659), UnionPay (62), Maestro (all of it) and, within, Elo, Hipercard,
    // InterPayment, InstaPayment and RuPay
    (6000, 6999, TO_19),
    // UnionPay
    (6200, 6299, &[14, 15]),
    (8100, 8171, &[14, 15, 16, 17, 18, 19]),
];

/// Whether the digits are those of a card number.
pub(super) fn is_card_number(digits: &[u8]) -> bool {
    let [a, b, c, d, ..] = digits else { return false };
    let first = [a, b, c, d].iter().fold(0, |first, digit| first * 10 + u16::from(**digit));
    let issued = ISSUERS.iter().any(|(from, to, lengths)| {
        (*from..=*to).contains(&first) && lengths.contains(&digits.len())
    });
    issued && passes_luhn(digits)
}

/// The check digit of ISO/IEC 7812: every second digit from the right is doubled.
fn passes_luhn(digits: &[u8]) -> bool {
    let places = digits.iter().rev().enumerate();
    let sum: u32 = places
        .map(|(place, digit)| match (place % 2, u32::from(*digit)) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(in super::super) fn digits(text: &str) -> Vec<u8> {
        text.bytes().map(|digit| digit - b'0').collect()
    }

    /// Any card number of any issuer, as text.
    pub(in super::super) fn card() -> impl Strategy<Value = String> {
        let number = (prop::sample::select(ISSUERS), any::<prop::sample::Index>(), 0_u64..);
        number.prop_map(|((from, to, lengths), length, account)| {
            let length = *length.get(lengths);
            let first = u64::from(from) + account % u64::from(to - from + 1);
            let account = account % 10_u64.pow(u32::try_from(length - 5).unwrap());
            let body = format!("{first}{account:0width$}", width = length - 5);
            let check = ('0'..='9').find(|check| passes_luhn(&digits(&format!("{body}{check}"))));
            format!("{body}{}", check.unwrap())
        })
    }

    /// The numbers that networks and payment services publish for tests.
    pub(in super::super) const PUBLISHED: [&str; 20] = [
        "4111111111111111",
        "4012888888881881",
        "4242424242424242",
        "4222222222222",
        "5555555555554444",
        "5105105105105100",
        "2223003122003222",
        "2223000048400011",
        "378282246310005",
        "371449635398431",
        "341111111111111",
        "6011111111111117",
        "6011000990139424",
        "6445644564456445",
        "3530111333300000",
        "3566002020360505",
        "30569309025904",
        "38520000023237",
        "6200000000000005",
        "6759649826438453",
    ];

    #[test]
    fn the_published_test_numbers_are_card_numbers() {
        for number in PUBLISHED {
            assert!(is_card_number(&digits(number)), "{number}");
        }
    }

    #[test]
    fn issuer_length_and_check_digit_all_count() {
        let others = [
            ("4111111111111112", "check digit"),
            ("41111111111116", "no Visa has 14 digits"),
            ("411111111111111116", "check digit"),
            ("5555555555555", "no Mastercard has 13 digits"),
            ("1111111111111117", "nobody issues 1111"),
            ("9111111111111111", "nobody issues 9111"),
            ("0000000000000000", "nobody issues 0000"),
            ("123456782", "too short"),
            ("", "empty"),
        ];
        for (number, reason) in others {
            assert!(!is_card_number(&digits(number)), "{number}: {reason}");
        }
    }

    #[test]
    fn every_range_is_sorted_and_of_lengths_there_are() {
        for (from, to, lengths) in ISSUERS {
            assert!((1000..=*to).contains(from) && *to <= 9999, "{from} to {to}");
            assert!(lengths.is_sorted(), "{from} to {to}");
            assert!(lengths.iter().all(|length| (SHORTEST..=LONGEST).contains(length)));
        }
    }

    proptest! {
        #[test]
        fn a_number_of_any_issuer_is_one_and_with_one_digit_changed_is_none(
            card in card(),
            place in any::<prop::sample::Index>(),
            by in 1_u8..10,
        ) {
            let mut digits = digits(&card);
            prop_assert!(is_card_number(&digits), "{}", card);
            // Luhn sees every changed digit.
            let digit = &mut digits[place.index(card.len())];
            *digit = (*digit + by) % 10;
            prop_assert!(!is_card_number(&digits), "{:?}", digits);
        }

        // From 2001 to 2033, whose seconds since 1970 have ten digits and begin with a 1.
        #[test]
        fn no_time_of_this_generation_is_one(
            seconds in 1_000_000_000_u64..2_000_000_000,
            nanos in 0..1_000_000_000_u64,
        ) {
            let whole = seconds * 1_000_000_000 + nanos;
            for unit in [1_000_000_000, 1_000_000, 1_000, 1] {
                let time = (whole / unit).to_string();
                prop_assert!(!is_card_number(&digits(&time)), "{}", time);
            }
        }
    }
}
