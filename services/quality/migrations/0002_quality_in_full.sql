-- Quality in full: recurrence, actions that replace others, certificates of shipments, samples, confidential standards.

-- What is closed has nothing open.
UPDATE investigations SET document = document || '{"open_sections": []}' WHERE status = 'closed';

ALTER TABLE investigations
    ADD COLUMN article text GENERATED ALWAYS AS (document #>> '{analysis,article}') STORED,
    ADD COLUMN cause text GENERATED ALWAYS AS (document #>> '{analysis,cause}') STORED,
    DROP CONSTRAINT "QUA-4 an open action blocks closing",
    ADD CONSTRAINT "QUA-4 an open action blocks closing" CHECK (
        status <> 'closed' OR NOT jsonb_path_exists(
            document, '$.actions[*] ? (!(@.effective == true) && !(@.replaced_by != null))')),
    ADD CONSTRAINT "QUA-3 a grave case is closed with all its sections" CHECK (
        status <> 'closed' OR coalesce(document #>> '{analysis,severity}', '') <> 'grave'
        OR coalesce(jsonb_array_length(document -> 'open_sections'), 0) = 0);
CREATE INDEX investigations_by_cause ON investigations (article, cause) WHERE status = 'closed';

ALTER TABLE certificates
    ADD COLUMN status text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    ADD COLUMN order_id uuid GENERATED ALWAYS AS ((document ->> 'order_id')::uuid) STORED,
    ADD COLUMN customer_id uuid GENERATED ALWAYS AS ((document ->> 'customer_id')::uuid) STORED,
    ADD COLUMN shipment_id uuid GENERATED ALWAYS AS ((document ->> 'shipment_id')::uuid) STORED,
    ADD COLUMN covers text GENERATED ALWAYS AS (md5(document ->> 'lots')) STORED;
CREATE UNIQUE INDEX "QUA-6 one certificate per shipment" ON certificates (shipment_id);
CREATE UNIQUE INDEX "QUA-6 one certificate waits for the same goods" ON certificates (order_id, covers)
    WHERE status = 'issued';

-- What orders has told of its goods: which orders and lots there are, and where the goods of a lot are now.
CREATE TABLE known_orders (
    order_id     uuid PRIMARY KEY,
    number       text NOT NULL,
    customer_id  uuid NOT NULL
);
CREATE INDEX known_orders_by_number ON known_orders (number);

CREATE TABLE known_lots (
    lot_id         uuid PRIMARY KEY,
    lot            text NOT NULL,
    article        text NOT NULL,
    colour_number  text,
    grade          text
);
CREATE INDEX known_lots_by_number ON known_lots (lot);

CREATE TABLE allocated_goods (
    order_id  uuid NOT NULL,
    line      integer NOT NULL,
    lot_id    uuid NOT NULL,
    quantity  numeric NOT NULL,
    PRIMARY KEY (order_id, line, lot_id)
);
CREATE INDEX allocated_goods_by_lot ON allocated_goods (lot_id);

CREATE TABLE shipments (
    shipment_id    uuid PRIMARY KEY,
    order_id       uuid NOT NULL,
    shipment       integer NOT NULL,
    certificate    text NOT NULL,
    certified      boolean NOT NULL,  -- a certificate of ours, for this shipment alone, vouches for all of its lots
    dispatched_at  timestamptz NOT NULL,
    delivered_at   timestamptz
);
CREATE INDEX shipments_by_order ON shipments (order_id);

CREATE TABLE shipped_goods (
    shipment_id  uuid NOT NULL REFERENCES shipments,
    line         integer NOT NULL,
    lot_id       uuid NOT NULL,
    quantity     numeric NOT NULL,
    PRIMARY KEY (shipment_id, line, lot_id)
);
CREATE INDEX shipped_goods_by_lot ON shipped_goods (lot_id);

CREATE TABLE samples (
    LIKE documents INCLUDING ALL,
    number        text GENERATED ALWAYS AS (document ->> 'number') STORED NOT NULL,
    status        text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    customer_id   uuid GENERATED ALWAYS AS ((document ->> 'customer_id')::uuid) STORED NOT NULL,
    requested_by  text GENERATED ALWAYS AS (document ->> 'requested_by') STORED NOT NULL,
    taken_by      text GENERATED ALWAYS AS (document ->> 'taken_by') STORED,
    CONSTRAINT "QUA-7 samples are taken by quality before they are sent" CHECK (
        status NOT IN ('taken', 'sent', 'answered') OR taken_by IS NOT NULL),
    CONSTRAINT "QUA-7 whoever asks for a sample does not take it" CHECK (taken_by IS DISTINCT FROM requested_by)
);
CREATE UNIQUE INDEX samples_by_number ON samples (number);
CREATE INDEX samples_by_requester ON samples (requested_by, id DESC);

CREATE TABLE standards (
    LIKE documents INCLUDING ALL,
    code    text GENERATED ALWAYS AS (document ->> 'code') STORED NOT NULL,
    status  text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    CONSTRAINT "QUA-8 whoever drafts a standard does not approve it" CHECK (
        NOT jsonb_path_exists(document, '$.editions[*] ? (@.approved_by == @.drafted_by)'))
);
CREATE UNIQUE INDEX "QUA-8 a standard has a code of its own" ON standards (code);

-- The texts stand apart from the documents, so that no answer, list or event carries one by the way.
CREATE TABLE standard_texts (
    digest  text PRIMARY KEY,
    text    text NOT NULL
);

CREATE TABLE standard_readings (
    LIKE documents INCLUDING ALL,
    standard_id  uuid GENERATED ALWAYS AS ((document ->> 'standard_id')::uuid) STORED NOT NULL,
    reader       text GENERATED ALWAYS AS (document ->> 'reader') STORED NOT NULL,
    CONSTRAINT "QUA-8 a reading says why" CHECK (document ->> 'why' <> '')
);
CREATE INDEX standard_readings_by_standard ON standard_readings (standard_id, id DESC);

CREATE FUNCTION readings_are_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'readings and texts of standards are append-only (QUA-8)' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER readings_are_never_changed BEFORE UPDATE OR DELETE ON standard_readings
    FOR EACH ROW EXECUTE FUNCTION readings_are_never_changed();
CREATE TRIGGER texts_are_never_changed BEFORE UPDATE OR DELETE ON standard_texts
    FOR EACH ROW EXECUTE FUNCTION readings_are_never_changed();
