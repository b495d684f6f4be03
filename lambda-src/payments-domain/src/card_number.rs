//! Finding what looks like a full card number (PAN).
//!
//! A card number has a card's shape: the first digits of an issuer, a length of that issuer and a
//! Luhn check digit (`shape`). It stands bare, or in groups as cards are printed: of four digits,
//! or of 4-6-5 and 4-6-4 (American Express, Diners Club), which are the `gaps` of Braintree's
//! `credit-card-type` at commit 0bac61c. That UnionPay's 19 digits are also printed as 6-13 is
//! assumed, and taken with a space between. Digits one by one are taken as well. Up to three
//! separators (space, dash, dot, underscore and their Unicode kin) may stand between two groups,
//! digits may be full-width, zeros may fill up the front, and characters that nobody sees are
//! skipped.
//!
//! The check errs towards refusing: a number is one also beside other groups (`4111 1111 1111 1111
//! 2027`) and next to letters (`card4111111111111111`), as people write it. It is none within a
//! longer run of digits, nor within a run of hexadecimal digits as long as a digest. So times in
//! milli-, micro- and nanoseconds, UUIDs and digests pass; of other numbers of 16 digits, 4 % do
//! not.
//!
//! Each name and each value is looked at by itself: digits spread over several are not put
//! together.

mod shape;

use serde_json::Value;
use shape::{LONGEST, SHORTEST, is_card_number};

const MOST_SEPARATORS: usize = 3;

/// From this many hexadecimal digits on, a run with letters in it is an id (of a MongoDB document,
/// of an X-Ray trace) or a digest: six in ten thousand SHA-256 digests have the digits of a card
/// number by chance.
const HEX_ID: usize = 24;

/// Characters of a UUID.
const UUID: usize = 36;

/// Whether any field name, string or number of the value, at any depth, holds a card number.
#[must_use]
pub fn anywhere_in(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::Number(number) => is_number_of_card(&number.to_string()),
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
    let mut chain = Chain::default();
    let (mut between, mut in_group) = (Separators::default(), false);
    for (place, character) in text.char_indices() {
        if let Some(digit) = digit(character) {
            if !in_group {
                chain.groups.push(Group { start: chain.digits.len(), place, after: between });
            }
            chain.digits.push(digit);
            (between, in_group) = (Separators::default(), true);
            continue;
        }
        if is_invisible(character) {
            continue;
        }
        in_group = false;
        between.count += 1;
        between.blank |= character.is_whitespace();
        if !is_separator(character) || between.count > MOST_SEPARATORS {
            if chain.holds_one(text) {
                return true;
            }
            chain = Chain::default();
        }
    }
    chain.holds_one(text)
}

/// Groups of digits with nothing but separators between them.
#[derive(Default)]
struct Chain {
    digits: Vec<u8>,
    groups: Vec<Group>,
}

/// One group: where it starts among the digits and in the text, and what stands before it.
struct Group {
    start: usize,
    place: usize,
    after: Separators,
}

#[derive(Clone, Copy, Default)]
struct Separators {
    count: usize,
    blank: bool,
}

impl Chain {
    fn holds_one(&self, text: &str) -> bool {
        (0..self.groups.len()).any(|first| self.bare(first, text) || self.printed(first, text))
    }

    /// The digits of groups from one on and before another.
    fn of(&self, first: usize, behind: usize) -> &[u8] {
        let start = |place: usize| self.groups.get(place).map_or(self.digits.len(), |it| it.start);
        self.digits.get(start(first)..start(behind)).unwrap_or_default()
    }

    fn place(&self, group: usize) -> usize {
        self.groups.get(group).map_or(0, |group| group.place)
    }

    fn bare(&self, group: usize, text: &str) -> bool {
        let all = self.of(group, group + 1);
        let zeros = all.iter().take_while(|digit| **digit == 0).count();
        is_card_number(all.get(zeros..).unwrap_or_default())
            && !is_in_hex_id(text, self.place(group))
    }

    /// Tries the neighbouring groups from this one on, up to the longest number.
    fn printed(&self, first: usize, text: &str) -> bool {
        let mut lengths = Vec::with_capacity(LONGEST);
        for group in first..self.groups.len() {
            lengths.push(self.of(group, group + 1).len());
            let digits = self.of(first, group + 1);
            if digits.len() > LONGEST {
                return false;
            }
            let blank = self.groups.get(group).is_some_and(|group| group.after.blank);
            if digits.len() >= SHORTEST
                && is_printed(&lengths, blank)
                && is_card_number(digits)
                && !is_in_uuid(text, self.place(first))
            {
                return true;
            }
        }
        false
    }
}

/// Whether groups of these lengths are printed so on cards.
fn is_printed(lengths: &[usize], blank: bool) -> bool {
    match lengths {
        [4, 6, 4 | 5] => true,
        // With dashes, an order and its time in milliseconds look alike.
        [6, 13] => blank,
        [fours @ .., 1..=5] if fours.iter().all(|length| *length == 4) => true,
        ones => ones.iter().all(|length| *length == 1),
    }
}

/// Whether the digit at this place is in a long run of hexadecimal digits that has letters.
fn is_in_hex_id(text: &str, place: usize) -> bool {
    let (before, from) = text.split_at(place);
    let is_hex = |character: &char| character.is_ascii_hexdigit();
    let before = before.chars().rev().take(HEX_ID).take_while(is_hex);
    let run = before.chain(from.chars().take(HEX_ID).take_while(is_hex));
    let (count, letters) = run.fold((0, false), |(count, letters), character| {
        (count + 1, letters || character.is_ascii_alphabetic())
    });
    count >= HEX_ID && letters
}

/// Whether the digit at this place is in a UUID (8-4-4-4-12 hexadecimal digits): its groups of four,
/// and the first digits of its last group, are as long as a card's.
fn is_in_uuid(text: &str, place: usize) -> bool {
    let is_uuid = |start: usize| {
        text.as_bytes().get(start..start + UUID).is_some_and(|uuid| {
            uuid.iter().enumerate().all(|(place, byte)| match place {
                8 | 13 | 18 | 23 => *byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            })
        })
    };
    (place.saturating_sub(UUID - 1)..=place).any(is_uuid)
}

/// Whether a JSON number has a card number's value. One with a fraction has not: every tenth
/// latitude from 40 to 60 would.
fn is_number_of_card(number: &str) -> bool {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (units, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits: Vec<u8> = units.chars().chain(fraction.chars()).filter_map(digit).collect();
    let leading = digits.iter().take_while(|digit| **digit == 0).count();
    digits.drain(..leading);
    // An exponent too long to be read makes nothing that a card has.
    let Ok(exponent) = exponent.parse::<i64>() else { return false };
    let mut scale = exponent.saturating_sub(i64::try_from(fraction.len()).unwrap_or(i64::MAX));
    while scale < 0 && digits.last() == Some(&0) {
        digits.pop();
        scale += 1;
    }
    while scale > 0 && digits.len() < LONGEST {
        digits.push(0);
        scale -= 1;
    }
    scale == 0 && is_card_number(&digits)
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
}

fn is_invisible(character: char) -> bool {
    matches!(character, '\u{00ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests;
