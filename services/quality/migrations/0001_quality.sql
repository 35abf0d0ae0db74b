-- Documents of quality. Columns are generated from the document: what is searched, sorted or must never be broken.

CREATE FUNCTION total_percent(shares jsonb) RETURNS bigint LANGUAGE sql IMMUTABLE
    RETURN (SELECT sum((share ->> 'percent')::bigint) FROM jsonb_array_elements(shares) AS share);

CREATE TABLE investigations (
    -- The id follows from the complaint's (QUA-1, once). No other unique index: the second of two events that open the
    -- same case at the same time must meet this one alone, which the store takes for "changed meanwhile".
    LIKE documents INCLUDING ALL,
    number        text GENERATED ALWAYS AS (document ->> 'number') STORED NOT NULL,
    status        text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    complaint_id  uuid GENERATED ALWAYS AS ((document ->> 'complaint_id')::uuid) STORED NOT NULL,
    -- lots on hold, by number and by id
    held_lots     jsonb GENERATED ALWAYS AS (
        jsonb_path_query_array(document, '$.lots[*] ? (@.held == true).lot')
        || jsonb_path_query_array(document, '$.lots[*] ? (@.held == true).lot_id')) STORED NOT NULL,
    CONSTRAINT "QUA-3 the shares of the liability add up to 100 %" CHECK (
        CASE WHEN jsonb_typeof(document -> 'liability') = 'object'
            THEN total_percent(document #> '{liability,shares}') = 100 ELSE true END),
    CONSTRAINT "QUA-4 an open action blocks closing" CHECK (
        status <> 'closed' OR NOT jsonb_path_exists(document, '$.actions[*] ? (!(@.effective == true))')),
    CONSTRAINT "QUA-4 a silent department blocks closing" CHECK (
        status <> 'closed' OR NOT jsonb_path_exists(document, '$.tasks[*] ? (@.reported_at == null)')),
    CONSTRAINT "QUA-4 another person checks the effect" CHECK (
        NOT jsonb_path_exists(document, '$.actions[*].checks[*] ? (@.checked_by == @.done_by)'))
);
CREATE INDEX investigations_by_age ON investigations (created_at DESC, id DESC);
CREATE INDEX investigations_by_status ON investigations (status, created_at DESC, id DESC);
CREATE INDEX investigations_by_complaint ON investigations (complaint_id);
CREATE INDEX investigations_by_number ON investigations (number);
CREATE INDEX investigations_by_held_lot ON investigations USING gin (held_lots);

CREATE TABLE claims (
    LIKE documents INCLUDING ALL,
    number        text GENERATED ALWAYS AS (document ->> 'number') STORED NOT NULL,
    status        text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    complaint_id  uuid GENERATED ALWAYS AS ((document ->> 'complaint_id')::uuid) STORED NOT NULL,
    amount        numeric GENERATED ALWAYS AS ((document ->> 'amount')::numeric) STORED NOT NULL,
    proposed_by   text GENERATED ALWAYS AS (document ->> 'proposed_by') STORED NOT NULL,
    decided_by    text GENERATED ALWAYS AS (document ->> 'decided_by') STORED,
    settled_by    text GENERATED ALWAYS AS (document ->> 'settled_by') STORED,
    CONSTRAINT "QUA-5 a claim is about money" CHECK (amount > 0),
    CONSTRAINT "QUA-5 nothing is settled that was not approved" CHECK (
        status NOT IN ('approved', 'settled') OR decided_by IS NOT NULL),
    CONSTRAINT "QUA-5 whoever proposes neither decides nor settles" CHECK (
        proposed_by IS DISTINCT FROM decided_by AND proposed_by IS DISTINCT FROM settled_by)
);
CREATE UNIQUE INDEX claims_by_number ON claims (number);
CREATE UNIQUE INDEX "QUA-5 one open claim per complaint" ON claims (complaint_id)
    WHERE status IN ('proposed', 'approved');
CREATE INDEX claims_by_complaint ON claims (complaint_id, id DESC);

CREATE TABLE certificates (
    LIKE documents INCLUDING ALL,
    number        text GENERATED ALWAYS AS (document ->> 'number') STORED NOT NULL,
    order_number  text GENERATED ALWAYS AS (document ->> 'order_number') STORED NOT NULL
);
CREATE UNIQUE INDEX certificates_by_number ON certificates (number);
CREATE INDEX certificates_by_order ON certificates (order_number, id DESC);
