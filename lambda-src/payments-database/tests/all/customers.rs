//! Customers, and what is decided about their payments.

use crate::common::{Stack, THEN, another, approved, decide, decided};
use handler_tests::{database, join_all};
use payments_database::Payment;
use payments_domain::{Amount, Currency, Decided, PaymentId, TransactionStatus};

async fn customer(stack: &Stack) -> (String, Option<i64>, i64) {
    let columns = "status, (extract(epoch FROM last_payment) * 1000)::bigint,
                   (extract(epoch FROM first_seen) * 1000)::bigint";
    let rows = stack.at.query(&format!("SELECT {columns} FROM customers")).await;
    assert_eq!(rows.len(), 1);
    (rows[0].get(0), rows[0].get(1), rows[0].get(2))
}

fn at(number: u64) -> i64 {
    i64::try_from(THEN + number).unwrap()
}

#[tokio::test]
async fn what_is_approved_counts_once_and_nothing_else_does() {
    let stack = Stack::new().await;
    let held = decided(TransactionStatus::Review);
    assert_eq!(stack.decide(5, "c-1", "100", &held).await.unwrap(), held);
    assert_eq!(customer(&stack).await, ("active".to_owned(), None, at(5)));
    assert_eq!(stack.at.total("c-1", "EUR").await, None);
    for _ in 0..3 {
        assert_eq!(stack.decide(7, "c-1", "0.10", &approved()).await.unwrap(), approved());
        assert_eq!(stack.decide(6, "c-1", "0.20", &approved()).await.unwrap(), approved());
    }
    // They came in another order than they were taken.
    assert_eq!(customer(&stack).await, ("active".to_owned(), Some(at(7)), at(5)));
    assert_eq!(stack.at.total("c-1", "EUR").await, Some((2, "0.30".to_owned())));
    let declined = Decided { score: None, ..decided(TransactionStatus::Declined) };
    assert_eq!(stack.decide(3, "c-1", "100", &declined).await.unwrap(), declined);
    assert_eq!(customer(&stack).await, ("active".to_owned(), Some(at(7)), at(3)));
    assert_eq!(stack.at.total("c-1", "EUR").await, Some((2, "0.30".to_owned())));
    assert_eq!(stack.at.count("decisions").await, 4);
}

#[tokio::test]
async fn the_first_decision_stands() {
    let stack = Stack::new().await;
    let held = Decided { score: None, reasons: vec![], ..decided(TransactionStatus::Review) };
    stack.decide(1, "c-1", "12.50", &held).await.unwrap();
    let later = Decided { at: THEN + 9_000, ..approved() };
    assert_eq!(stack.decide(1, "c-1", "12.50", &later).await.unwrap(), held);
    assert_eq!(stack.at.total("c-1", "EUR").await, None);
    // The same id after its transaction has expired is another transaction.
    let customer = "c-1".parse().unwrap();
    let again = Payment {
        id: &PaymentId::from_random([1; 16]),
        customer: &customer,
        amount: Amount::parse("7", Currency::Jpy).unwrap(),
        timestamp: THEN + 1_000_000,
    };
    assert_eq!(stack.database.decide(again, &later).await.unwrap(), later);
    assert_eq!(stack.at.total("c-1", "JPY").await, Some((1, "7".to_owned())));
}

/// Five processes get the same forty payments, each in another order, and all of it at once.
#[tokio::test]
async fn totals_are_exact_whatever_comes_at_once_and_again() {
    let stack = Stack::new().await;
    let processes: Vec<_> = (0..5).map(|_| another(&stack.at)).collect();
    let deliveries = processes.iter().zip([1, 3, 7, 11, 13]).flat_map(|(process, step)| {
        (0..40_u8).map(move |place| {
            let number = u8::try_from(u32::from(place) * step % 40).unwrap();
            let proposed = match number % 4 {
                0 => decided(TransactionStatus::Declined),
                _ => approved(),
            };
            let customer = if number % 2 == 0 { "c-even" } else { "c-odd" };
            async move {
                let amount = format!("{number}.01");
                let done = decide(process, number, customer, &amount, &proposed).await;
                assert_eq!(done.unwrap(), proposed);
            }
        })
    });
    join_all(deliveries).await;
    assert_eq!(stack.at.count("decisions").await, 40);
    // 1, 3, … 39; and 2, 6, … 38.
    assert_eq!(stack.at.total("c-odd", "EUR").await, Some((20, "400.20".to_owned())));
    assert_eq!(stack.at.total("c-even", "EUR").await, Some((10, "200.10".to_owned())));
}

#[tokio::test]
async fn a_blocked_customer_pays_nothing_more() {
    let stack = Stack::new().await;
    let customer = "c-1".parse().unwrap();
    assert!(!stack.database.is_blocked(&customer).await.unwrap(), "not known, not blocked");
    stack.decide(1, "c-1", "12.50", &approved()).await.unwrap();
    stack.at.block("c-1").await;
    assert!(stack.database.is_blocked(&customer).await.unwrap());
    let done = stack.decide(2, "c-1", "12.50", &approved()).await.unwrap();
    let reasons = vec!["the customer is blocked".to_owned(), "new".to_owned()];
    let declined = Decided { reasons, ..decided(TransactionStatus::Declined) };
    assert_eq!(done, declined);
    // What was decided before stays, and so does this when the customer is active again.
    assert_eq!(stack.decide(1, "c-1", "12.50", &approved()).await.unwrap(), approved());
    stack.at.query("UPDATE customers SET status = 'active'").await;
    assert!(!stack.database.is_blocked(&customer).await.unwrap());
    assert_eq!(stack.decide(2, "c-1", "12.50", &approved()).await.unwrap(), declined);
    assert_eq!(stack.at.total("c-1", "EUR").await, Some((1, "12.50".to_owned())));
    assert!(!stack.database.is_blocked(&"c-2".parse().unwrap()).await.unwrap());
}

/// Whoever is blocked while a payment is decided is blocked before it, or after.
#[tokio::test]
async fn a_payment_waits_for_who_blocks_its_customer() {
    let stack = Stack::new().await;
    stack.decide(1, "c-1", "12.50", &approved()).await.unwrap();
    let administrator = database().superuser(&stack.at.name).await;
    let block = "BEGIN; UPDATE customers SET status = 'blocked'";
    administrator.batch_execute(block).await.unwrap();
    let proposed = approved();
    let deciding = stack.decide(2, "c-1", "12.50", &proposed);
    let committing = async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        administrator.batch_execute("COMMIT").await.unwrap();
    };
    let (decided, ()) = tokio::join!(deciding, committing);
    assert_eq!(decided.unwrap().status, TransactionStatus::Declined);
    assert_eq!(stack.at.total("c-1", "EUR").await, Some((1, "12.50".to_owned())));
}
