//! What the tests share: a database with its secret, payments, decisions.

use handler_tests::Customers;
use payments_database::{Config, Database, Failed, Payment};
use payments_domain::{Amount, Currency, CustomerId, Decided, PaymentId, TransactionStatus};

pub const THEN: u64 = 1_795_311_498_250;

/// A database of its own, and the handlers' way to it.
pub struct Stack {
    pub at: Customers,
    pub database: Database,
}

impl Stack {
    /// One whose schema is made.
    pub async fn new() -> Self {
        let stack = Self::empty(Customers::new().await);
        stack.database.migrate().await.unwrap();
        stack
    }

    /// One without a schema.
    pub fn empty(at: Customers) -> Self {
        Self { database: another(&at), at }
    }

    /// Decides the payment with a number of a customer.
    pub async fn decide(
        &self,
        number: u8,
        customer: &str,
        amount: &str,
        proposed: &Decided,
    ) -> Result<Decided, Failed> {
        decide(&self.database, number, customer, amount, proposed).await
    }
}

/// The way of another process.
pub fn another(at: &Customers) -> Database {
    let all = at.environment();
    let value = |name: &str| all.iter().find(|(it, _)| *it == name);
    let config = Config::read(|name| value(name).map(|(_, value)| (*value).to_owned()), "tests");
    Database::new(&handler_tests::config(handler_tests::endpoint()), config.unwrap())
}

pub async fn decide(
    database: &Database,
    number: u8,
    customer: &str,
    amount: &str,
    proposed: &Decided,
) -> Result<Decided, Failed> {
    let customer: CustomerId = customer.parse().unwrap();
    let payment = Payment {
        id: &PaymentId::from_random([number; 16]),
        customer: &customer,
        amount: Amount::parse(amount, Currency::Eur).unwrap(),
        timestamp: THEN + u64::from(number),
    };
    database.decide(payment, proposed).await
}

pub fn decided(status: TransactionStatus) -> Decided {
    Decided { status, score: Some(30), reasons: vec!["new".to_owned()], at: THEN + 500 }
}

pub fn approved() -> Decided {
    decided(TransactionStatus::Approved)
}
