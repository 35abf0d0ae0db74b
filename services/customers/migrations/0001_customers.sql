-- Documents of customers. Columns are generated from the document: what is searched, sorted or must never be broken.

CREATE TABLE customers (
    LIKE documents INCLUDING ALL,
    code        text GENERATED ALWAYS AS (document ->> 'code') STORED NOT NULL,
    company     text GENERATED ALWAYS AS (document ->> 'company') STORED NOT NULL,
    kind        text GENERATED ALWAYS AS (document ->> 'kind') STORED NOT NULL,
    region      text GENERATED ALWAYS AS (document ->> 'region') STORED NOT NULL,
    owner       text GENERATED ALWAYS AS (document ->> 'owner') STORED NOT NULL,
    -- deferrable: of two who enter the same at once the id decides, which the store takes for "changed meanwhile"
    CONSTRAINT "CUS-1 a customer code is registered once" UNIQUE (code) DEFERRABLE,
    CONSTRAINT "CUS-1 a customer is a dealer, a project or an end customer" CHECK (
        kind IN ('dealer', 'project', 'end_customer')),
    CONSTRAINT "CUS-1 every customer has an owner" CHECK (owner <> '')
);
CREATE INDEX customers_by_owner ON customers (owner, code);

-- CUS-9: what is left of a file for those who need no contact data.
CREATE FUNCTION without_contacts(document jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT document || '{"contact": "***", "phone": "***", "address": "***"}'
$$;

-- What customers has heard of orders and complaints. It may come before the customer is registered, and is kept.
CREATE TABLE purchases (
    order_id        uuid PRIMARY KEY,
    customer_id     uuid NOT NULL,
    number          text NOT NULL,
    salesperson     text,
    total           numeric,
    placed_at       timestamptz,
    paid_at         timestamptz,
    dispatched_at   timestamptz,
    delivery_order  text,
    delivered_at    timestamptz,
    ended_at        timestamptz,    -- given up or expired before goods left
    ended_as        text CHECK (ended_as IN ('cancelled', 'expired'))
);
CREATE INDEX purchases_by_customer ON purchases (customer_id, order_id DESC);

CREATE TABLE service_records (
    complaint_id  uuid PRIMARY KEY,
    customer_id   uuid NOT NULL,
    number        text NOT NULL,
    kind          text,
    channel       text,
    received_at   timestamptz,
    resolved_at   timestamptz,
    in_time       boolean,
    summary       text,
    closed_at     timestamptz,
    reopened      integer NOT NULL DEFAULT 0
);
CREATE INDEX service_records_by_customer ON service_records (customer_id, complaint_id DESC);
