-- Documents of complaints. Columns are generated from the document: what is searched, sorted or must never be broken.

CREATE TABLE complaints (
    LIKE documents INCLUDING ALL,
    number              text GENERATED ALWAYS AS (document ->> 'number') STORED NOT NULL,
    kind                text GENERATED ALWAYS AS (document ->> 'kind') STORED NOT NULL,
    status              text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    customer_id         uuid GENERATED ALWAYS AS ((document ->> 'customer_id')::uuid) STORED NOT NULL,
    channel             text GENERATED ALWAYS AS (document ->> 'channel') STORED NOT NULL,
    external_reference  text GENERATED ALWAYS AS (document ->> 'external_reference') STORED,
    filed_by            text GENERATED ALWAYS AS (document ->> 'filed_by') STORED NOT NULL,
    about               text GENERATED ALWAYS AS (document ->> 'about') STORED,
    handler             text GENERATED ALWAYS AS (document ->> 'handler') STORED,
    CONSTRAINT "CMP-1 one case for a reference of a channel" UNIQUE (channel, external_reference),
    CONSTRAINT "CMP-3 a quality complaint registers the slip" CHECK (
        kind <> 'quality' OR jsonb_typeof(document -> 'slip') IS NOT DISTINCT FROM 'object'),
    CONSTRAINT "CMP-6 a service complaint names whom it is about" CHECK (kind <> 'service' OR about IS NOT NULL),
    CONSTRAINT "CMP-8 the customer agrees before the resolution" CHECK (
        kind NOT IN ('quality', 'delivery') OR status NOT IN ('resolved', 'closed')
        OR jsonb_typeof(document -> 'consent') IS NOT DISTINCT FROM 'object'),
    CONSTRAINT "CMP-8 what is resolved or closed has a resolution" CHECK (
        status NOT IN ('resolved', 'closed') OR jsonb_typeof(document -> 'resolution') IS NOT DISTINCT FROM 'object'),
    CONSTRAINT "CMP-11 closed on the customer's word or after attempts" CHECK (
        status <> 'closed'
        OR coalesce(document #>> '{closure,confirmed_by}', '') <> ''
        OR coalesce((document #>> '{closure,attempts}')::integer >= (document #>> '{terms,closing_attempts}')::integer
                    AND jsonb_array_length(document -> 'attempts') >= (document #>> '{closure,attempts}')::integer,
                    false)),
    CONSTRAINT "CMP-18 nobody handles a complaint about themselves" CHECK (handler IS NULL OR handler IS DISTINCT FROM about)
);
CREATE UNIQUE INDEX complaints_by_number ON complaints (number);
CREATE INDEX complaints_by_customer ON complaints (customer_id, id DESC);
CREATE INDEX complaints_by_status ON complaints (status, id DESC);
CREATE INDEX complaints_by_kind ON complaints (kind, id DESC);

-- Whatever the code does: a breach stays, in its place and as it was recorded; so do calls, attempts and reopenings.
CREATE FUNCTION breaches_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM jsonb_array_elements(OLD.document -> 'breaches') WITH ORDINALITY AS breach (kept, position)
        WHERE NEW.document -> 'breaches' -> (position - 1)::integer IS DISTINCT FROM kept) > 0 THEN
        RAISE check_violation USING CONSTRAINT = 'CMP-7 a breach cannot be undone', MESSAGE = 'a breach cannot be undone';
    END IF;
    IF jsonb_array_length(NEW.document -> 'calls') < jsonb_array_length(OLD.document -> 'calls') THEN
        RAISE check_violation USING CONSTRAINT = 'CMP-7 a call up the line stays', MESSAGE = 'a call up the line stays';
    END IF;
    IF jsonb_array_length(NEW.document -> 'reopenings') < jsonb_array_length(OLD.document -> 'reopenings') THEN
        RAISE check_violation USING CONSTRAINT = 'CMP-11 a reopening stays', MESSAGE = 'a reopening stays';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER breaches_stay AFTER UPDATE ON complaints FOR EACH ROW EXECUTE FUNCTION breaches_stay();

CREATE FUNCTION complaints_are_never_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING CONSTRAINT = 'CMP-11 no complaint is deleted', MESSAGE = 'no complaint is deleted';
END $$;
CREATE TRIGGER complaints_are_never_deleted BEFORE DELETE ON complaints
    FOR EACH ROW EXECUTE FUNCTION complaints_are_never_deleted();
CREATE TRIGGER complaints_are_never_truncated BEFORE TRUNCATE ON complaints
    FOR EACH STATEMENT EXECUTE FUNCTION complaints_are_never_deleted();

-- What complaints has heard of customers.
CREATE TABLE known_customers (
    id       uuid PRIMARY KEY,
    code     text NOT NULL,
    company  text NOT NULL,
    owner    text NOT NULL
);
CREATE INDEX known_customers_by_owner ON known_customers (owner);
