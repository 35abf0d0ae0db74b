-- Money: what orders still have to bring in, credit, refunds, and what providers report.

ALTER TABLE orders
    -- The day in Shanghai, from the time in UTC: a cast to a time with zone is not immutable, this is.
    ADD COLUMN placed_on date GENERATED ALWAYS AS (
        make_date(substr(document ->> 'placed_at', 1, 4)::integer, substr(document ->> 'placed_at', 6, 2)::integer,
                  substr(document ->> 'placed_at', 9, 2)::integer)
        + CASE WHEN substr(document ->> 'placed_at', 12, 2)::integer >= 16 THEN 1 ELSE 0 END) STORED NOT NULL,
    ADD COLUMN received numeric GENERATED ALWAYS AS (
        (document ->> 'confirmed')::numeric - coalesce((document ->> 'from_credit')::numeric, 0)
        - coalesce((document ->> 'refunded')::numeric, 0)) STORED NOT NULL,
    -- An order that has ended, or is about to, costs nothing any more.
    ADD COLUMN outstanding numeric GENERATED ALWAYS AS (
        CASE WHEN document ->> 'status' IN ('refunding', 'cancelled', 'expired') THEN 0.00
        ELSE greatest(0.00, (document ->> 'total')::numeric - (document ->> 'confirmed')::numeric
            + coalesce((document ->> 'credited')::numeric, 0) + coalesce((document ->> 'refunded')::numeric, 0))
        END) STORED NOT NULL,
    ADD CONSTRAINT "ORD-10 credit comes from confirmed money" CHECK (credited <= confirmed),
    DROP CONSTRAINT "ORD-10 whoever records a payment cannot confirm it",
    ADD CONSTRAINT "ORD-10 whoever records a payment cannot confirm it" CHECK (NOT jsonb_path_exists(document,
        '$.payments[*] ? (@.recorded_by == @.confirmed_by || @.recorded_by == @.confirmed_for
            || (@.recorded_for != null && (@.recorded_for == @.confirmed_by || @.recorded_for == @.confirmed_for)))')),
    ADD CONSTRAINT "ORD-17 whoever asks for a refund does not decide on it" CHECK (NOT jsonb_path_exists(document,
        '$.refunds[*] ? (@.requested_by == @.decided_by || @.requested_by == @.decided_for
            || (@.requested_for != null && (@.requested_for == @.decided_by || @.requested_for == @.decided_for)))'));

-- Receivables of a million orders, by age, without reading one of them.
CREATE INDEX orders_by_day ON orders (placed_on) INCLUDE (customer_id, salesperson, total, outstanding);

CREATE TABLE customer_accounts (
    LIKE documents INCLUDING ALL,
    customer_id  uuid GENERATED ALWAYS AS ((document ->> 'customer_id')::uuid) STORED NOT NULL,
    credit       numeric GENERATED ALWAYS AS ((document ->> 'credit')::numeric) STORED NOT NULL,
    owed         numeric GENERATED ALWAYS AS ((document ->> 'owed')::numeric) STORED NOT NULL,
    owed_since   text GENERATED ALWAYS AS (document ->> 'owed_since') STORED,
    CONSTRAINT "ORD-10 credit is spent once" CHECK (credit >= 0),
    CONSTRAINT "ORD-16 what is owed has a day and no credit beside it" CHECK (
        owed >= 0 AND (owed = 0 OR (owed_since IS NOT NULL AND credit = 0)))
);
CREATE INDEX customer_accounts_owing ON customer_accounts (owed_since) WHERE owed > 0;

CREATE TABLE payment_notices (
    LIKE documents INCLUDING ALL,
    status     text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    provider   text GENERATED ALWAYS AS (document ->> 'provider') STORED NOT NULL,
    kind       text GENERATED ALWAYS AS (document ->> 'kind') STORED NOT NULL,
    account    text GENERATED ALWAYS AS (document ->> 'account') STORED NOT NULL,
    reference  text GENERATED ALWAYS AS (document ->> 'reference') STORED NOT NULL
);
CREATE INDEX payment_notices_by_status ON payment_notices (status, id DESC);
CREATE INDEX payment_notices_gone ON payment_notices (account, reference) WHERE kind = 'reversed';

-- A notice and a clerk who speak of the same money come one after the other: both lock its bank reference.
CREATE OR REPLACE FUNCTION keep_bank_references() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended((payment ->> 'account') || E'\n' || (payment ->> 'reference'), 10))
    FROM jsonb_array_elements(NEW.document -> 'payments') AS payment
    WHERE NOT EXISTS (SELECT FROM bank_references WHERE payment_id = (payment ->> 'id')::uuid);
    INSERT INTO bank_references (account, reference, payment_id, order_id)
    SELECT payment ->> 'account', payment ->> 'reference', (payment ->> 'id')::uuid, NEW.id
    FROM jsonb_array_elements(NEW.document -> 'payments') AS payment
    ON CONFLICT (payment_id) DO NOTHING;
    RETURN NULL;
END $$;

-- What has changed since: with it receivables of any past day follow from those of now, and money by the day it came.
CREATE TABLE receivable_changes (
    at           timestamptz NOT NULL,
    customer_id  uuid NOT NULL,
    salesperson  text,                     -- none: an account's; it belongs to whoever looks after the customer
    since        date NOT NULL,            -- the day the order was placed, or the customer began to owe
    owed         numeric NOT NULL,         -- yuan more that are outstanding
    received     numeric NOT NULL          -- yuan that came in, less what went back; the use of credit is neither
);
CREATE INDEX receivable_changes_by_time ON receivable_changes (at) INCLUDE (customer_id, salesperson, since, owed, received);
CREATE INDEX receivable_changes_of_accounts ON receivable_changes (at) WHERE salesperson IS NULL;

INSERT INTO receivable_changes
SELECT updated_at, customer_id, salesperson, placed_on, outstanding - total, received
FROM orders WHERE outstanding <> total OR received <> 0;

CREATE FUNCTION keep_receivable_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO receivable_changes VALUES (
        NEW.updated_at, NEW.customer_id, NEW.salesperson, NEW.placed_on,
        NEW.outstanding - coalesce(OLD.outstanding, NEW.total), NEW.received - coalesce(OLD.received, 0));
    RETURN NULL;
END $$;
CREATE TRIGGER keep_receivable_changes AFTER UPDATE ON orders FOR EACH ROW
    WHEN (NEW.outstanding <> OLD.outstanding OR NEW.received <> OLD.received)
    EXECUTE FUNCTION keep_receivable_changes();
-- One that comes in with its history, from elsewhere.
CREATE TRIGGER keep_receivable_changes_of_new AFTER INSERT ON orders FOR EACH ROW
    WHEN (NEW.outstanding <> NEW.total OR NEW.received <> 0)
    EXECUTE FUNCTION keep_receivable_changes();

CREATE FUNCTION keep_owed_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO receivable_changes
    SELECT NEW.updated_at, NEW.customer_id, NULL, change.since::date, change.owed, 0
    FROM (VALUES (OLD.owed_since, - OLD.owed), (NEW.owed_since, NEW.owed)) AS change (since, owed)
    WHERE change.owed <> 0 AND NEW.owed IS DISTINCT FROM OLD.owed;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_owed_changes AFTER INSERT OR UPDATE ON customer_accounts FOR EACH ROW
    EXECUTE FUNCTION keep_owed_changes();
