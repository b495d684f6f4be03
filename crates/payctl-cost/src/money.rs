//! Money and quantities as whole numbers: a sum of binary fractions would be off by a cent some
//! day.

use std::fmt::{self, Display, Formatter};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Decimals of a price: AWS's list has ten, and some of its prices are for a part of its unit.
const USD_DECIMALS: u32 = 12;
/// Decimals of a quantity: 44 MB are 0.044 GB.
const QUANTITY_DECIMALS: u32 = 6;
/// The longest number that is read, in digits before the point: a million millions. What is
/// computed of larger ones ends at the largest that there is, and does not overflow.
const MOST_DIGITS: usize = 13;

/// An amount of US dollars, exact to a millionth of a millionth. Shown in dollars and cents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Usd(i128);

/// How many, or how much, exact to a millionth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(i128);

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The amount that `text` says in plain decimals, such as `0.045`; none where it is no such
    /// number, or has more than 12 decimals.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        decimal(text, USD_DECIMALS).map(Self)
    }

    /// All its decimals, but at least two: `0.0208`, `5.00`.
    #[must_use]
    pub fn exact(self) -> String {
        plain(self.0, USD_DECIMALS, 2)
    }

    /// In millionths of a dollar, rounded.
    #[must_use]
    pub const fn micros(self) -> i128 {
        divided(self.0, 10_i128.pow(USD_DECIMALS - 6))
    }

    /// The price of `quantity`, where this is that of `per`; rounded in the twelfth decimal.
    #[must_use]
    pub(crate) fn times(self, quantity: Quantity, per: u32) -> Self {
        let product = self.0.saturating_mul(quantity.0);
        Self(divided(product, 10_i128.pow(QUANTITY_DECIMALS) * i128::from(per.max(1))))
    }

    /// The price of `many`, where this is that of one.
    #[must_use]
    pub(crate) const fn of(self, many: u32) -> Self {
        Self(self.0.saturating_mul(many as i128))
    }

    /// With its sign, as a difference is shown: `+3.20`, `-0.40`.
    #[must_use]
    pub fn signed(self) -> String {
        match self.cents() {
            cents if cents > 0 => format!("+{self}"),
            0 => "+0.00".to_owned(),
            _ => self.to_string(),
        }
    }

    /// In cents, rounded; half a cent counts as a whole one.
    const fn cents(self) -> i128 {
        divided(self.0, 10_i128.pow(USD_DECIMALS - 2))
    }
}

impl Quantity {
    /// None.
    pub const ZERO: Self = Self(0);

    /// The number that `text` says in plain decimals, `_` between digits allowed; none where it is
    /// no such number, or has more than 6 decimals.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        decimal(&text.replace('_', ""), QUANTITY_DECIMALS).map(Self)
    }

    /// Whether it is none.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Without marks between its digits.
    #[must_use]
    pub fn plain(self) -> String {
        plain(self.0, QUANTITY_DECIMALS, 0)
    }

    /// `self × by ÷ of`, rounded in the sixth decimal.
    #[must_use]
    pub(crate) const fn scaled(self, by: u64, of: u64) -> Self {
        Self(divided(self.0.saturating_mul(by as i128), of as i128))
    }

    /// `self × other`, rounded in the sixth decimal; the largest there is where that is too large.
    #[must_use]
    pub(crate) fn times(self, other: Self) -> Self {
        let product = self.0.saturating_mul(other.0);
        Self(divided(product, 10_i128.pow(QUANTITY_DECIMALS)))
    }
}

/// Divided, half rounded away from zero.
const fn divided(number: i128, by: i128) -> i128 {
    let half = by / 2;
    match number < 0 {
        true => number.saturating_sub(half) / by,
        false => number.saturating_add(half) / by,
    }
}

fn decimal(text: &str, decimals: u32) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let trimmed = fraction.trim_end_matches('0');
    let fits =
        !whole.is_empty() && whole.len() <= MOST_DIGITS && trimmed.len() <= decimals as usize;
    if !fits || !digits(whole) || !digits(fraction) || (text.contains('.') && fraction.is_empty()) {
        return None;
    }
    format!("{whole}{trimmed:0<width$}", width = decimals as usize).parse().ok()
}

fn plain(number: i128, decimals: u32, least: usize) -> String {
    let unit = 10_i128.pow(decimals);
    let fraction = format!("{:0width$}", (number % unit).abs(), width = decimals as usize);
    let shown = fraction.trim_end_matches('0').len().max(least);
    let sign = if number < 0 { "-" } else { "" };
    match shown {
        0 => format!("{sign}{}", (number / unit).abs()),
        _ => format!("{sign}{}.{}", (number / unit).abs(), &fraction[..shown]),
    }
}

/// In dollars and cents.
impl Display for Usd {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(&plain(self.cents(), 2, 2))
    }
}

impl Display for Quantity {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = plain(self.0, QUANTITY_DECIMALS, 0);
        let (whole, fraction) =
            text.split_once('.').map_or((text.as_str(), None), |(w, f)| (w, Some(f)));
        let mut grouped = String::new();
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) && grouped != "-" {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        if let Some(fraction) = fraction {
            grouped = format!("{grouped}.{fraction}");
        }
        f.pad(&grouped)
    }
}

impl From<u64> for Quantity {
    fn from(number: u64) -> Self {
        Self(i128::from(number) * 10_i128.pow(QUANTITY_DECIMALS))
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Usd {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Add::add)
    }
}

impl Add for Quantity {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Quantity {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

/// As a text with all decimals: a reader of JSON would make a binary fraction of a number.
impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.exact())
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&Self::plain(*self))
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let wrong = || format!("{text:?} is no amount in dollars, such as \"0.045\"");
        Self::parse(&text).ok_or_else(wrong).map_err(serde::de::Error::custom)
    }
}

/// From a whole number, or a text: TOML's keys are texts.
impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Number;
        impl serde::de::Visitor<'_> for Number {
            type Value = Quantity;

            fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
                f.write_str("a number of units")
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Quantity, E> {
                let unsigned = u64::try_from(number).map_err(E::custom)?;
                Ok(unsigned.into())
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Quantity, E> {
                Ok(number.into())
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Quantity, E> {
                let wrong = || E::custom(format!("{text:?} is no number of units"));
                Quantity::parse(text).ok_or_else(wrong)
            }
        }
        from.deserialize_any(Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> Usd {
        Usd::parse(text).unwrap()
    }

    #[test]
    fn a_month_of_hours_is_exact() {
        let month = usd("0.0225").times(730.into(), 1);
        assert_eq!(month.exact(), "16.425");
        assert_eq!(month.to_string(), "16.43", "half a cent counts as one");
        assert_eq!((Usd::ZERO - month).to_string(), "-16.43");
        assert_eq!(usd("3.50").times(1_000_000.into(), 1_000_000).exact(), "3.50");
        assert_eq!(usd("0.0000166667").times(3.into(), 1).exact(), "0.0000500001");
    }

    #[test]
    fn what_is_no_plain_number_is_refused() {
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "0x10", "1 000", "1,5", "NaN", "٣"] {
            assert_eq!(Usd::parse(text), None, "{text}");
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
        assert_eq!(Usd::parse("0.0000000000001"), None, "more decimals than are kept");
        assert_eq!(Usd::parse("0.000000000001000"), Some(Usd(1)), "further zeros are none");
        assert_eq!(Usd::parse("1234567890123456"), None);
    }

    #[test]
    fn large_quantities_are_grouped_and_differences_signed() {
        let shown = |text: &str| Quantity::parse(text).unwrap().to_string();
        assert_eq!(shown("1_000_000"), "1,000,000");
        assert_eq!((shown("100"), shown("1000.50")), ("100".to_owned(), "1,000.5".to_owned()));
        assert_eq!((Quantity::ZERO - Quantity::from(100_000)).to_string(), "-100,000");
        assert_eq!(usd("3.2").signed(), "+3.20");
        assert_eq!((Usd::ZERO - usd("0.4")).signed(), "-0.40");
        assert_eq!((usd("1") - usd("0.999")).signed(), "+0.00");
    }

    #[test]
    fn the_largest_that_is_read_does_not_overflow() {
        let most = "9".repeat(MOST_DIGITS);
        let (price, count) = (usd(&most), Quantity::parse(&most).unwrap());
        assert_eq!(price.times(Quantity::from(1), 1), price);
        // 10^25 and 10^19 in their smallest units: more than 128 bits hold.
        assert!(price.times(count.times(count), 1) > price);
        assert!(count.scaled(u64::MAX, 1) > count);
    }
}
