-- Documents of orders. Columns are generated from the document: what is searched, sorted or must never be broken.

CREATE TABLE articles (
    LIKE documents INCLUDING ALL,
    article     text GENERATED ALWAYS AS (document ->> 'article') STORED NOT NULL,
    -- deferrable: of two who enter the same at once the id decides, which the store takes for "changed meanwhile"
    CONSTRAINT "ORD-1 an article is listed once" UNIQUE (article) DEFERRABLE
);

CREATE TABLE price_books (
    LIKE documents INCLUDING ALL,
    status        text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    -- ISO 8601 in UTC sorts as text; a cast to timestamptz is not immutable
    effective_at  text GENERATED ALWAYS AS (document ->> 'effective_at') STORED
);
CREATE INDEX price_books_in_force ON price_books (effective_at DESC) WHERE status = 'in_force';

CREATE TABLE lots (
    LIKE documents INCLUDING ALL,
    lot            text GENERATED ALWAYS AS (document ->> 'lot') STORED NOT NULL,
    article        text GENERATED ALWAYS AS (document ->> 'article') STORED NOT NULL,
    status         text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    stock          numeric GENERATED ALWAYS AS ((document ->> 'left')::numeric) STORED NOT NULL,
    -- deferrable: of two who enter the same at once the id decides, which the store takes for "changed meanwhile"
    CONSTRAINT "ORD-12 a lot comes in once" UNIQUE (lot) DEFERRABLE,
    CONSTRAINT "ORD-12 no lot gives more than it holds" CHECK (stock >= 0)
);
CREATE INDEX lots_by_article ON lots (article);

CREATE TABLE stock_positions (LIKE documents INCLUDING ALL);

CREATE TABLE price_attempts (LIKE documents INCLUDING ALL);

CREATE TABLE evidence_searches (LIKE documents INCLUDING ALL);

CREATE TABLE contract_allowances (LIKE documents INCLUDING ALL);

CREATE TABLE orders (
    LIKE documents INCLUDING ALL,
    number            text GENERATED ALWAYS AS (document ->> 'number') STORED NOT NULL,
    status            text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    customer_id       uuid GENERATED ALWAYS AS ((document ->> 'customer_id')::uuid) STORED NOT NULL,
    salesperson       text GENERATED ALWAYS AS (document ->> 'salesperson') STORED NOT NULL,
    total             numeric GENERATED ALWAYS AS ((document ->> 'total')::numeric) STORED NOT NULL,
    confirmed         numeric GENERATED ALWAYS AS ((document ->> 'confirmed')::numeric) STORED NOT NULL,
    released_against  numeric GENERATED ALWAYS AS ((document ->> 'released_against')::numeric) STORED NOT NULL,
    -- whatever the code does: nothing is released without the money, nothing left that was not released against it
    CONSTRAINT "ORD-9 payment first, goods after" CHECK (
        CASE status
            WHEN 'released' THEN confirmed >= total AND released_against >= total
            WHEN 'dispatched' THEN released_against >= total
            WHEN 'delivered' THEN released_against >= total
            ELSE true
        END),
    CONSTRAINT "ORD-10 whoever records a payment cannot confirm it" CHECK (
        NOT jsonb_path_exists(document, '$.payments[*] ? (@.recorded_by == @.confirmed_by)'))
);
CREATE UNIQUE INDEX orders_by_number ON orders (number);
CREATE INDEX orders_by_customer ON orders (customer_id, id DESC);
CREATE INDEX orders_by_salesperson ON orders (salesperson, id DESC);
CREATE INDEX orders_by_status ON orders (status, id DESC);

CREATE TABLE bank_references (
    account     text NOT NULL,
    reference   text NOT NULL,
    payment_id  uuid PRIMARY KEY,
    order_id    uuid NOT NULL REFERENCES orders (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT "ORD-10 a bank reference is used once per account" UNIQUE (account, reference)
);

CREATE FUNCTION keep_bank_references() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO bank_references (account, reference, payment_id, order_id)
    SELECT payment ->> 'account', payment ->> 'reference', (payment ->> 'id')::uuid, NEW.id
    FROM jsonb_array_elements(NEW.document -> 'payments') AS payment
    ON CONFLICT (payment_id) DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_bank_references AFTER UPDATE ON orders FOR EACH ROW
    WHEN (NEW.document -> 'payments' IS DISTINCT FROM OLD.document -> 'payments')
    EXECUTE FUNCTION keep_bank_references();

-- What orders has heard of customers.
CREATE TABLE known_customers (
    id       uuid PRIMARY KEY,
    code     text NOT NULL,
    company  text NOT NULL,
    owner    text NOT NULL
);
