//! How likely a transaction is a fraud: a score from 0 to 100, and what follows from it.
//!
//! Three signs are looked at, each from 0 to 100, and weighed:
//!
//! | sign | 0 | 100 |
//! |---|---|---|
//! | velocity | no other transaction in the last hour | as many as the limit, or more |
//! | amount | at most what the customer usually pays | five times that, or more |
//! | history | nothing that was declined or held | everything |
//!
//! What the customer usually pays is the mean of what was not declined, in the same currency: rates
//! of exchange are none of ours. With nothing to compare, amount or history counts 50: a new
//! customer is neither good nor bad.
//!
//! A transaction speaks for its customer only when it is more than an hour old: until then it is
//! neither a usual amount nor a good one of the history, or a burst would make its own good name.
//! What was declined or held counts against the customer at once. Of a burst by a new customer, of
//! whatever amount, the weights 40, 30 and 30 with a limit of 8 and the scores 50 and 80 approve the
//! first four, hold the fifth and decline from the ninth on.

use thiserror::Error;

use crate::{Amount, Decision, TransactionStatus};

/// What a sign counts that cannot be read.
const UNKNOWN: u64 = 50;

/// How many times the usual amount is as bad as can be.
const WORST_RATIO: u64 = 5;

const HOUR: u64 = 3_600_000;

/// What each sign counts, in per cent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weights {
    /// How fast transactions follow each other.
    pub velocity: u8,
    /// How unusual the amount is.
    pub amount: u8,
    /// What became of earlier ones.
    pub history: u8,
}

/// How a score is made, and what follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FraudRules {
    weights: Weights,
    velocity_limit: u32,
    review: u8,
    decline: u8,
}

/// Why rules are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FraudRulesError {
    /// The weights are no per cents of a whole.
    #[error("the weights must sum up to 100")]
    Weights,
    /// The limit is out of its range.
    #[error("the velocity limit must be a whole number from 1 to {}", FraudRules::MOST_VELOCITY)]
    Velocity,
    /// The scores are out of their range, or in the wrong order.
    #[error("the scores must be at most 100, and that for a review not above the other")]
    Scores,
}

/// An earlier transaction of the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// When, in milliseconds since 1970.
    pub timestamp: u64,
    /// How much, and of what.
    pub amount: Amount,
    /// How far it has come.
    pub status: TransactionStatus,
}

/// What was found out about a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// 0 is harmless, 100 as bad as can be.
    pub score: u8,
    /// What follows.
    pub decision: Decision,
    /// What made the score, if anything did.
    pub reasons: Vec<FraudReason>,
}

/// What made a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FraudReason {
    /// Others in the last hour.
    #[error("other transactions of the customer in the last hour: {0}")]
    Velocity(u64),
    /// More than usual.
    #[error("the amount is above what the customer usually pays")]
    Amount,
    /// None in this currency.
    #[error("no amount in this currency from before the last hour to compare with")]
    NoAmount,
    /// So many of so many.
    #[error("earlier transactions that were declined or held: {0} of {1}")]
    History(u64, u64),
    /// None that is decided, and counts by now.
    #[error("no transaction of the customer from before the last hour that is decided")]
    NoHistory,
}

/// One sign: from 0 to 100, and why.
type Sign = (u64, FraudReason);

impl FraudRules {
    /// The highest limit on transactions in an hour: a history is read up to some length only.
    pub const MOST_VELOCITY: u32 = 500;

    /// Puts rules together: with a score of `review` a transaction is held, with one of `decline`
    /// declined.
    ///
    /// # Errors
    /// What is wrong with them, as a [`FraudRulesError`].
    pub fn new(
        weights: Weights,
        velocity_limit: u32,
        review: u8,
        decline: u8,
    ) -> Result<Self, FraudRulesError> {
        let Weights { velocity, amount, history } = weights;
        if u32::from(velocity) + u32::from(amount) + u32::from(history) != 100 {
            return Err(FraudRulesError::Weights);
        }
        if !(1..=Self::MOST_VELOCITY).contains(&velocity_limit) {
            return Err(FraudRulesError::Velocity);
        }
        if review > decline || decline > 100 {
            return Err(FraudRulesError::Scores);
        }
        Ok(Self { weights, velocity_limit, review, decline })
    }

    /// Scores a transaction by what came before it, in any order.
    #[must_use]
    pub fn assess(&self, amount: Amount, timestamp: u64, before: &[Past]) -> Assessment {
        let Weights { velocity: by_velocity, amount: by_amount, history: by_history } =
            self.weights;
        let weighed = [
            (by_velocity, velocity(timestamp, before, self.velocity_limit)),
            (by_amount, unusual(amount, timestamp, before)),
            (by_history, history(timestamp, before)),
        ];
        let sum: u64 = weighed.iter().map(|(weight, (sign, _))| u64::from(*weight) * sign).sum();
        // The weights sum up to 100, and no sign is above it.
        let score = u8::try_from(sum / 100).unwrap_or(100);
        let counts = |(weight, (sign, _)): &&(u8, Sign)| *weight > 0 && *sign > 0;
        let reasons = weighed.iter().filter(counts).map(|(_, (_, reason))| *reason).collect();
        Assessment { score, decision: self.decide(score), reasons }
    }

    fn decide(&self, score: u8) -> Decision {
        match score {
            score if score >= self.decline => Decision::Decline,
            score if score >= self.review => Decision::Review,
            _ => Decision::Approve,
        }
    }
}

/// Whether it is old enough to speak for its customer.
fn settled(past: &Past, timestamp: u64) -> bool {
    past.timestamp < timestamp.saturating_sub(HOUR)
}

fn velocity(timestamp: u64, before: &[Past], limit: u32) -> Sign {
    let recent = |past: &&Past| past.timestamp <= timestamp && !settled(past, timestamp);
    let count = number(before.iter().filter(recent).count());
    let limit = u64::from(limit);
    (count.min(limit) * 100 / limit, FraudReason::Velocity(count))
}

fn unusual(amount: Amount, timestamp: u64, before: &[Past]) -> Sign {
    let comparable = |past: &&Past| {
        past.amount.currency() == amount.currency()
            && past.status != TransactionStatus::Declined
            && settled(past, timestamp)
    };
    let usual: Vec<u64> =
        before.iter().filter(comparable).map(|past| past.amount.minor()).collect();
    let sum: u64 = usual.iter().sum();
    if sum == 0 {
        return (UNKNOWN, FraudReason::NoAmount);
    }
    // How far the amount is above the mean, as part of how far it is to the worst.
    let above = (amount.minor() * number(usual.len())).saturating_sub(sum);
    ((above * 100 / (sum * (WORST_RATIO - 1))).min(100), FraudReason::Amount)
}

fn history(timestamp: u64, before: &[Past]) -> Sign {
    use TransactionStatus::{Approved, Declined, Review};
    let count =
        |counts: &dyn Fn(&Past) -> bool| number(before.iter().filter(|past| counts(past)).count());
    // Most of what is pending is being decided at this moment.
    let good = count(&|past| past.status == Approved && settled(past, timestamp));
    let bad = count(&|past| matches!(past.status, Declined | Review));
    match good + bad {
        0 => (UNKNOWN, FraudReason::NoHistory),
        decided => (bad * 100 / decided, FraudReason::History(bad, decided)),
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Currency;

    const NOW: u64 = 1_795_311_498_250;

    fn rules(velocity: u8, amount: u8, history: u8) -> FraudRules {
        FraudRules::new(Weights { velocity, amount, history }, 4, 50, 80).unwrap()
    }

    fn euros(text: &str) -> Amount {
        Amount::parse(text, Currency::Eur).unwrap()
    }

    fn past(ago: u64, amount: &str, status: TransactionStatus) -> Past {
        Past { timestamp: NOW - ago, amount: euros(amount), status }
    }

    fn score(rules: FraudRules, amount: &str, before: &[Past]) -> (u8, Vec<String>) {
        let Assessment { score, reasons, .. } = rules.assess(euros(amount), NOW, before);
        (score, reasons.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn velocity_counts_the_last_hour() {
        let at = |ago| past(ago, "10", TransactionStatus::Approved);
        let velocity = |before: &[Past]| score(rules(100, 0, 0), "10", before).0;
        assert_eq!(velocity(&[]), 0);
        assert_eq!(velocity(&[at(0), at(HOUR), at(HOUR + 1)]), 50);
        assert_eq!(velocity(&[at(1); 4]), 100);
        assert_eq!(velocity(&[at(1); 9]), 100);
        let reason = ["other transactions of the customer in the last hour: 9"];
        assert_eq!(score(rules(100, 0, 0), "10", &[at(1); 9]).1, reason);
        // What is later than the transaction did not come before it.
        let later = Past { timestamp: NOW + 1, ..at(0) };
        assert_eq!(velocity(&[later]), 0);
    }

    #[test]
    fn an_amount_is_compared_with_the_usual_one() {
        let usual = [
            past(HOUR + 1, "10", TransactionStatus::Approved),
            past(9 * HOUR, "30", TransactionStatus::Pending),
            past(9 * HOUR, "10000", TransactionStatus::Declined),
            // Not old enough to make it usual.
            past(HOUR, "5000", TransactionStatus::Approved),
        ];
        let amount = |amount: &str| score(rules(0, 100, 0), amount, &usual).0;
        for (text, wanted) in
            [("0.01", 0), ("20", 0), ("20.01", 0), ("60", 50), ("99.99", 99), ("100", 100)]
        {
            assert_eq!(amount(text), wanted, "{text}");
        }
        assert_eq!(amount("1000000"), 100);
        let yen = Amount::parse("20", Currency::Jpy).unwrap();
        let other = rules(0, 100, 0).assess(yen, NOW, &usual);
        assert_eq!((other.score, other.reasons), (50, vec![FraudReason::NoAmount]));
    }

    #[test]
    fn a_history_counts_by_what_was_not_approved() {
        use TransactionStatus::{Approved, Declined, Pending, Review};
        let history = |statuses: &[TransactionStatus]| {
            let before: Vec<Past> =
                statuses.iter().map(|status| past(2 * HOUR, "10", *status)).collect();
            score(rules(0, 0, 100), "10", &before)
        };
        assert_eq!(history(&[Approved, Approved]), (0, vec![]));
        let some = "earlier transactions that were declined or held: 2 of 3";
        assert_eq!(history(&[Approved, Review, Declined, Pending]), (66, vec![some.to_owned()]));
        let none = "no transaction of the customer from before the last hour that is decided";
        assert_eq!(history(&[Pending]), (50, vec![none.to_owned()]));
        assert_eq!(history(&[]).0, 50);
    }

    #[test]
    fn within_the_hour_only_what_is_bad_counts_for_the_history() {
        let history = |status| score(rules(0, 0, 100), "10", &[past(HOUR, "10", status)]).0;
        assert_eq!(history(TransactionStatus::Approved), 50, "it is as unknown as before");
        assert_eq!(history(TransactionStatus::Review), 100);
        assert_eq!(history(TransactionStatus::Declined), 100);
    }

    /// The default of a parameter, where the stack has it.
    fn default_of(name: &str) -> u8 {
        let stack = "/../../crates/payctl-stack/src/migration/parameters.rs";
        let file = std::fs::read_to_string(format!("{}{stack}", env!("CARGO_MANIFEST_DIR")));
        let file = file.unwrap();
        let line = file.lines().find_map(|line| line.trim().strip_prefix(&format!("{name}: ")));
        let digits: String = line.unwrap().chars().filter(char::is_ascii_digit).collect();
        digits.parse().unwrap()
    }

    #[test]
    fn with_the_defaults_a_burst_of_a_new_customer_is_held_and_then_declined() {
        let weights = Weights {
            velocity: default_of("velocity_weight"),
            amount: default_of("amount_weight"),
            history: default_of("history_weight"),
        };
        let [limit, review, decline] =
            ["velocity_limit", "review_score", "decline_score"].map(default_of);
        let rules = FraudRules::new(weights, limit.into(), review, decline).unwrap();
        // A second apart, and five minutes apart.
        for apart in [0, 1_000, 300_000] {
            for amount in ["50000", "12.50"] {
                let mut before = Vec::new();
                for number in 0..30 {
                    let timestamp = NOW + number * apart;
                    let decided = rules.assess(euros(amount), timestamp, &before).decision;
                    let status = TransactionStatus::from(decided);
                    before.push(Past { timestamp, amount: euros(amount), status });
                }
                let place = |status| before.iter().position(|past| past.status == status);
                let case = format!("{amount} every {apart} ms");
                assert_eq!(before[0].status, TransactionStatus::Approved, "{case}");
                assert_eq!(place(TransactionStatus::Review), Some(4), "{case}: the fifth");
                assert_eq!(place(TransactionStatus::Declined), Some(8), "{case}: the ninth");
                let from = &before[9..if apart > 1_000 { 12 } else { 30 }];
                let stays = from.iter().all(|past| past.status == TransactionStatus::Declined);
                assert!(stays, "{case}: and no later one goes through");
            }
        }
        // Another customer, whom earlier payments speak for, may pay as often.
        let known = [past(9 * HOUR, "12.50", TransactionStatus::Approved)];
        let busy = [known.to_vec(), vec![past(1, "12.50", TransactionStatus::Approved); 30]];
        let decided = rules.assess(euros("12.50"), NOW, &busy.concat()).decision;
        assert_eq!(decided, Decision::Approve);
    }

    #[test]
    fn the_score_decides() {
        let decided = |review, decline| {
            let weights = Weights { velocity: 0, amount: 0, history: 100 };
            let rules = FraudRules::new(weights, 1, review, decline).unwrap();
            rules.assess(euros("1"), NOW, &[]).decision
        };
        assert_eq!(decided(51, 51), Decision::Approve);
        assert_eq!(decided(50, 51), Decision::Review);
        assert_eq!(decided(50, 50), Decision::Decline);
        assert_eq!(decided(0, 100), Decision::Review);
    }

    #[test]
    fn rules_that_make_no_sense_are_refused() {
        let new = |velocity, amount, history, limit, review, decline| {
            let weights = Weights { velocity, amount, history };
            FraudRules::new(weights, limit, review, decline).err()
        };
        assert_eq!(new(40, 30, 30, 10, 50, 80), None);
        assert_eq!(new(100, 0, 0, 500, 0, 0), None);
        for (velocity, amount, history) in [(40, 30, 29), (40, 30, 31), (0, 0, 0), (255, 255, 102)]
        {
            let error = new(velocity, amount, history, 10, 50, 80);
            assert_eq!(error, Some(FraudRulesError::Weights));
        }
        for limit in [0, 501] {
            assert_eq!(new(40, 30, 30, limit, 50, 80), Some(FraudRulesError::Velocity));
        }
        for (review, decline) in [(81, 80), (0, 101), (200, 255)] {
            assert_eq!(new(40, 30, 30, 9, review, decline), Some(FraudRulesError::Scores));
        }
    }

    fn any_rules() -> impl Strategy<Value = FraudRules> {
        (0_u8..=100, 0_u8..=100, 1_u32..=500, 0_u8..=100, 0_u8..=100).prop_map(
            |(first, second, limit, one, other)| {
                let (velocity, rest) = (first.min(second), first.max(second));
                let weights = Weights { velocity, amount: rest - velocity, history: 100 - rest };
                FraudRules::new(weights, limit, one.min(other), one.max(other)).unwrap()
            },
        )
    }

    fn any_amount() -> impl Strategy<Value = Amount> {
        let currency = prop::sample::select(&[Currency::Eur, Currency::Jpy]);
        (1_u64..=1_000_000, currency)
            .prop_map(|(units, currency)| Amount::parse(&units.to_string(), currency).unwrap())
    }

    fn any_past() -> impl Strategy<Value = Vec<Past>> {
        let status = prop::sample::select(&TransactionStatus::ALL);
        let one = (any_amount(), 0..=2 * HOUR, status);
        let one =
            one.prop_map(|(amount, ago, status)| Past { timestamp: NOW - ago, amount, status });
        prop::collection::vec(one, 0..30)
    }

    proptest! {
        #[test]
        fn any_score_is_in_its_range_and_the_order_is_no_matter(
            rules in any_rules(), amount in any_amount(), mut before in any_past(),
        ) {
            let first = rules.assess(amount, NOW, &before);
            prop_assert!(first.score <= 100);
            prop_assert_eq!(first.score > 0 && first.reasons.is_empty(), false);
            before.reverse();
            prop_assert_eq!(rules.assess(amount, NOW, &before), first);
        }

        #[test]
        fn a_higher_amount_is_never_better(
            rules in any_rules(), low in 1_u32..=500_000, more in 0_u32..=500_000,
            before in any_past(),
        ) {
            let amount = |units: u32| euros(&units.to_string());
            let high = rules.assess(amount(low + more), NOW, &before);
            let low = rules.assess(amount(low), NOW, &before);
            prop_assert!(low.score <= high.score && low.decision <= high.decision);
        }

        #[test]
        fn one_more_in_the_hour_is_never_better_where_velocity_is_all(
            mut before in any_past(), more in any_amount(), ago in 0..=HOUR,
        ) {
            let first = rules(100, 0, 0).assess(more, NOW, &before);
            let status = TransactionStatus::Approved;
            before.push(Past { timestamp: NOW - ago, amount: more, status });
            let second = rules(100, 0, 0).assess(more, NOW, &before);
            prop_assert!(first.score <= second.score && first.decision <= second.decision);
        }

        #[test]
        fn a_decline_more_is_never_better_where_history_is_all(
            mut before in any_past(), amount in any_amount(),
        ) {
            // A customer with no history counts 50, and one decline of one 100.
            let first = rules(0, 0, 100).assess(amount, NOW, &before);
            before.push(Past { timestamp: NOW, amount, status: TransactionStatus::Declined });
            prop_assert!(first.score <= rules(0, 0, 100).assess(amount, NOW, &before).score);
        }
    }
}
