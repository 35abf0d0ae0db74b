-- Money of customers' that is for none of their orders, and notices that nothing follows from.

CREATE TABLE payments_on_account (
    LIKE documents INCLUDING ALL,
    number       text GENERATED ALWAYS AS (document ->> 'number') STORED NOT NULL,
    status       text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    customer_id  uuid GENERATED ALWAYS AS ((document ->> 'customer_id')::uuid) STORED NOT NULL,
    received     numeric GENERATED ALWAYS AS (
        CASE document ->> 'status' WHEN 'confirmed' THEN (document #>> '{payment,amount}')::numeric ELSE 0.00 END) STORED NOT NULL,
    CONSTRAINT "ORD-10 whoever records a payment cannot confirm it" CHECK (NOT jsonb_path_exists(document,
        '$.payment ? (@.recorded_by == @.confirmed_by || @.recorded_by == @.confirmed_for
            || (@.recorded_for != null && (@.recorded_for == @.confirmed_by || @.recorded_for == @.confirmed_for)))'))
);
CREATE INDEX payments_on_account_by_status ON payments_on_account (status, id DESC);
CREATE INDEX payments_on_account_by_customer ON payments_on_account (customer_id, id DESC);

-- An order's payment or none's: a bank reference is used once per account. No order: the payment's id is that of a row above.
ALTER TABLE bank_references ALTER COLUMN order_id DROP NOT NULL;

CREATE FUNCTION keep_bank_reference_of_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(
        (NEW.document #>> '{payment,account}') || E'\n' || (NEW.document #>> '{payment,reference}'), 10));
    INSERT INTO bank_references (account, reference, payment_id)
    VALUES (NEW.document #>> '{payment,account}', NEW.document #>> '{payment,reference}', NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER keep_bank_reference AFTER INSERT ON payments_on_account FOR EACH ROW
    EXECUTE FUNCTION keep_bank_reference_of_account();

-- Money that came or went, on its day; what it makes of what is owed the account itself tells.
CREATE FUNCTION keep_money_on_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO receivable_changes VALUES (
        NEW.updated_at, NEW.customer_id, NULL, (NEW.updated_at AT TIME ZONE 'Asia/Shanghai')::date, 0,
        NEW.received - OLD.received);
    RETURN NULL;
END $$;
CREATE TRIGGER keep_money_on_account AFTER UPDATE ON payments_on_account FOR EACH ROW
    WHEN (NEW.received <> OLD.received) EXECUTE FUNCTION keep_money_on_account();

ALTER TABLE payment_notices
    ADD CONSTRAINT "ORD-10 whoever asks to dismiss a notice does not decide on it" CHECK (NOT jsonb_path_exists(document,
        '$.dismissals[*] ? (@.requested_by == @.decided_by || @.requested_by == @.decided_for
            || (@.requested_for != null && (@.requested_for == @.decided_by || @.requested_for == @.decided_for)))')) NOT VALID;
