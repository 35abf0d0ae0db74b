-- What is offered and what is made: price versions, exceptions, quotations, trials, production requests.

-- Two versions from the same moment on would be two prices.
CREATE UNIQUE INDEX "ORD-2 one price for all stores at any time" ON price_books (effective_at) WHERE status = 'in_force';

ALTER TABLE price_attempts
    ADD COLUMN person text GENERATED ALWAYS AS (document ->> 'person') STORED,
    ADD COLUMN article text GENERATED ALWAYS AS (document ->> 'article') STORED;
CREATE INDEX price_attempts_by_person ON price_attempts (person, id DESC);

CREATE TABLE price_exceptions (
    LIKE documents INCLUDING ALL,
    number       text GENERATED ALWAYS AS (document ->> 'number') STORED NOT NULL,
    status       text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    customer_id  uuid GENERATED ALWAYS AS ((document ->> 'customer_id')::uuid) STORED NOT NULL,
    article      text GENERATED ALWAYS AS (document ->> 'article') STORED NOT NULL,
    requested_by text GENERATED ALWAYS AS (document ->> 'requested_by') STORED NOT NULL,
    quantity     numeric GENERATED ALWAYS AS ((document ->> 'quantity')::numeric) STORED NOT NULL,
    used         numeric GENERATED ALWAYS AS ((document ->> 'used')::numeric) STORED NOT NULL,
    CONSTRAINT "ORD-3 no price exception is used beyond its limit" CHECK (used BETWEEN 0 AND quantity),
    CONSTRAINT "ORD-3 whoever asks for a price never approves it" CHECK (
        NOT jsonb_path_exists(document, '$.approvals.decisions[*] ? (@.decided_by == $.requested_by)'))
);
CREATE UNIQUE INDEX price_exceptions_by_number ON price_exceptions (number);
CREATE INDEX price_exceptions_of_customer ON price_exceptions (customer_id, article) WHERE status = 'approved';
CREATE INDEX price_exceptions_by_customer ON price_exceptions (customer_id, id DESC);
CREATE INDEX price_exceptions_by_requester ON price_exceptions (requested_by, id DESC);
-- which exceptions an order has drawn on
CREATE INDEX price_exceptions_by_order ON price_exceptions
    USING gin (jsonb_path_query_array(document, '$.uses[*].order_id') jsonb_path_ops);

CREATE TABLE quotations (
    LIKE documents INCLUDING ALL,
    number       text GENERATED ALWAYS AS (document ->> 'number') STORED NOT NULL,
    status       text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    customer_id  uuid GENERATED ALWAYS AS ((document ->> 'customer_id')::uuid) STORED NOT NULL,
    salesperson  text GENERATED ALWAYS AS (document ->> 'salesperson') STORED NOT NULL,
    order_id     uuid GENERATED ALWAYS AS ((document ->> 'order_id')::uuid) STORED,
    CONSTRAINT "ORD-4 a quotation becomes one order" CHECK ((status = 'picked') = (order_id IS NOT NULL)),
    CONSTRAINT "ORD-4 an order comes from one quotation" UNIQUE (order_id)
);
CREATE UNIQUE INDEX quotations_by_number ON quotations (number);
CREATE INDEX quotations_by_customer ON quotations (customer_id, id DESC);
CREATE INDEX quotations_by_salesperson ON quotations (salesperson, id DESC);

CREATE TABLE trials (
    LIKE documents INCLUDING ALL,
    number       text GENERATED ALWAYS AS (document ->> 'number') STORED NOT NULL,
    status       text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    customer_id  uuid GENERATED ALWAYS AS ((document ->> 'customer_id')::uuid) STORED NOT NULL,
    salesperson  text GENERATED ALWAYS AS (document ->> 'salesperson') STORED NOT NULL,
    article      text GENERATED ALWAYS AS (document ->> 'article') STORED NOT NULL,
    CONSTRAINT "ORD-8 the customer accepts what was produced" CHECK (
        status <> 'accepted' OR ((document ->> 'produced_at') IS NOT NULL AND (document ->> 'accepted_by') IS NOT NULL))
);
CREATE UNIQUE INDEX "ORD-8 a customer tries a variety once at a time" ON trials (customer_id, article)
    WHERE status IN ('requested', 'produced');
CREATE INDEX trials_by_customer ON trials (customer_id, id DESC);
CREATE INDEX trials_by_salesperson ON trials (salesperson, id DESC);
CREATE INDEX trials_by_article ON trials (article, id DESC);

CREATE TABLE production_requests (
    LIKE documents INCLUDING ALL,
    number        text GENERATED ALWAYS AS (document ->> 'number') STORED NOT NULL,
    status        text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    order_id      uuid GENERATED ALWAYS AS ((document ->> 'order_id')::uuid) STORED NOT NULL,
    customer_id   uuid GENERATED ALWAYS AS ((document ->> 'customer_id')::uuid) STORED NOT NULL,
    salesperson   text GENERATED ALWAYS AS (document ->> 'salesperson') STORED NOT NULL,
    article       text GENERATED ALWAYS AS (document ->> 'article') STORED NOT NULL,
    -- ISO 8601 in UTC sorts as text; a cast to timestamptz is not immutable
    requested_at  text GENERATED ALWAYS AS (document ->> 'requested_at') STORED NOT NULL,
    CONSTRAINT "ORD-7 no more is produced than the line orders" CHECK (
        (document ->> 'quantity')::numeric <= (document ->> 'ordered')::numeric)
);
CREATE INDEX production_requests_by_number ON production_requests (number);
CREATE INDEX production_requests_by_order ON production_requests (order_id);
CREATE INDEX production_requests_by_status ON production_requests (status, number);
CREATE INDEX production_requests_by_article ON production_requests (article, number);
CREATE INDEX production_requests_by_customer ON production_requests (customer_id, number);
CREATE INDEX production_requests_by_salesperson ON production_requests (salesperson, number);
CREATE INDEX production_requests_by_day ON production_requests (requested_at);
