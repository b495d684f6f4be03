-- Customers, what was decided about their payments, and what they paid.

CREATE TABLE customers (
    customer_id text PRIMARY KEY,
    -- When the first payment was taken that was decided, and when the last that was approved.
    first_seen timestamptz NOT NULL DEFAULT now(),
    last_payment timestamptz,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'blocked'))
);

-- What was approved, exact, by currency. What is held or declined does not count.
CREATE TABLE customer_totals (
    customer_id text NOT NULL REFERENCES customers,
    currency text NOT NULL,
    payments bigint NOT NULL,
    total numeric NOT NULL,
    PRIMARY KEY (customer_id, currency)
);

-- One row for each transaction. An id may be used again when the transaction has expired and is
-- deleted from its table: then it is another one, taken at another time.
CREATE TABLE decisions (
    transaction_id text NOT NULL,
    taken_at timestamptz NOT NULL,
    customer_id text NOT NULL REFERENCES customers,
    amount numeric NOT NULL,
    currency text NOT NULL,
    status text NOT NULL CHECK (status IN ('approved', 'review', 'declined')),
    score smallint,
    reasons text[] NOT NULL,
    decided_at timestamptz NOT NULL,
    PRIMARY KEY (transaction_id, taken_at)
);

-- Decides a transaction, unless it is decided, and returns the decision that stands. Times are in
-- milliseconds since 1970. A function, so that it is one statement: whoever asks may vanish at any
-- moment, and no transaction is left open that holds the customer's row.
CREATE FUNCTION decide_payment(
    payment_id text,
    taken bigint,
    customer text,
    paid numeric,
    paid_in text,
    proposed text,
    proposed_score smallint,
    proposed_reasons text[],
    decided bigint,
    OUT final_status text,
    OUT final_score smallint,
    OUT final_reasons text[],
    OUT final_decided bigint
) LANGUAGE plpgsql AS $$
DECLARE
    taken_time timestamptz := to_timestamp(taken / 1000.0);
    customer_status text;
BEGIN
    INSERT INTO customers (customer_id, first_seen) VALUES (customer, taken_time)
        ON CONFLICT DO NOTHING;
    -- One at a time for each customer: whoever blocks the customer is either before this or after.
    SELECT c.status INTO STRICT customer_status FROM customers c
        WHERE c.customer_id = customer FOR UPDATE;
    IF customer_status = 'blocked' THEN
        proposed := 'declined';
        proposed_reasons := array_prepend('the customer is blocked', proposed_reasons);
    END IF;

    INSERT INTO decisions VALUES (
        payment_id, taken_time, customer, paid, paid_in, proposed, proposed_score,
        proposed_reasons, to_timestamp(decided / 1000.0)
    ) ON CONFLICT DO NOTHING;
    -- Only who has made the decision counts it.
    IF FOUND THEN
        UPDATE customers c SET
            first_seen = least(c.first_seen, taken_time),
            last_payment = CASE WHEN proposed = 'approved'
                THEN greatest(c.last_payment, taken_time) ELSE c.last_payment END
            WHERE c.customer_id = customer;
        IF proposed = 'approved' THEN
            INSERT INTO customer_totals AS t VALUES (customer, paid_in, 1, paid)
                ON CONFLICT (customer_id, currency) DO UPDATE
                SET payments = t.payments + 1, total = t.total + excluded.total;
        END IF;
    END IF;

    SELECT d.status, d.score, d.reasons, (extract(epoch FROM d.decided_at) * 1000)::bigint
        INTO STRICT final_status, final_score, final_reasons, final_decided
        FROM decisions d WHERE d.transaction_id = payment_id AND d.taken_at = taken_time;
END
$$;
