-- Documents of regulations. Columns are generated from the document: what is searched, sorted or must never be broken.

-- Moments are written with their offset, so that the text alone says which one is meant.
CREATE FUNCTION moment(written text) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT written::timestamptz
$$;

CREATE FUNCTION said_in(regulation jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT concat_ws(E'\n', regulation ->> 'code', regulation ->> 'title',
        (SELECT string_agg(concat_ws(' ', clause ->> 'number', clause ->> 'heading', clause ->> 'text'), E'\n')
         FROM jsonb_array_elements(regulation -> 'clauses') AS clause),
        (SELECT string_agg(concat_ws(' ', stated ->> 'key', stated ->> 'title'), E'\n')
         FROM jsonb_array_elements(regulation -> 'parameters') AS stated))
$$;

CREATE FUNCTION written_or_approved_twice(regulation jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT count(*) > count(DISTINCT person) OR bool_or(coalesce(regulation -> 'writers' ? person, false))
    FROM jsonb_array_elements(regulation #> '{approvals,decisions}') AS decision
    CROSS JOIN LATERAL (
        SELECT decision ->> 'decided_by' UNION SELECT decision ->> 'on_behalf_of' WHERE decision ->> 'on_behalf_of' IS NOT NULL
    ) AS people (person)
$$;

CREATE TABLE regulations (
    LIKE documents INCLUDING ALL,
    code            text GENERATED ALWAYS AS (document ->> 'code') STORED NOT NULL,
    edition         integer GENERATED ALWAYS AS ((document ->> 'edition')::integer) STORED NOT NULL,
    number          text GENERATED ALWAYS AS (document ->> 'number') STORED NOT NULL,
    status          text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    took_effect_at  timestamptz GENERATED ALWAYS AS (moment(document ->> 'took_effect_at')) STORED,
    superseded_at   timestamptz GENERATED ALWAYS AS (moment(document ->> 'superseded_at')) STORED,
    said            text GENERATED ALWAYS AS (said_in(document)) STORED NOT NULL,
    -- deferrable: of two who enter the same at once the id decides, which the store takes for "changed meanwhile"
    CONSTRAINT "REG-1 an edition of a regulation is numbered once" UNIQUE (code, edition) DEFERRABLE,
    -- deferrable: one takes effect and the other is superseded in one statement
    CONSTRAINT "REG-1 one edition of a regulation is in force"
        EXCLUDE (code WITH =) WHERE (status = 'in_force') DEFERRABLE,
    CONSTRAINT "REG-1 what is approved was approved by company leaders" CHECK (
        status NOT IN ('approved', 'due', 'in_force', 'superseded', 'set_aside')
        OR document ->> 'drafted_by' = 'service:regulations'
        OR jsonb_array_length(document #> '{approvals,decisions}') > 0),
    CONSTRAINT "REG-1 nobody approves twice or what they wrote" CHECK (NOT coalesce(written_or_approved_twice(document), false))
);
CREATE UNIQUE INDEX regulations_by_number ON regulations (number);
CREATE INDEX regulations_by_effect ON regulations (code, took_effect_at) WHERE took_effect_at IS NOT NULL;

CREATE TABLE rulebooks (LIKE documents INCLUDING ALL);

CREATE TABLE acknowledgements (
    LIKE documents INCLUDING ALL,
    regulation_id  uuid GENERATED ALWAYS AS ((document ->> 'regulation_id')::uuid) STORED NOT NULL,
    employee       text GENERATED ALWAYS AS (document ->> 'employee') STORED NOT NULL,
    -- deferrable: of two who enter the same at once the id decides, which the store takes for "changed meanwhile"
    CONSTRAINT "REG-3 an edition is acknowledged once by each" UNIQUE (regulation_id, employee) DEFERRABLE
);

-- Who has to acknowledge: what staff has told.
CREATE TABLE employees (
    code        text PRIMARY KEY,
    name        text NOT NULL,
    department  text NOT NULL,
    branch      text,
    posts       text[] NOT NULL,
    since       timestamptz NOT NULL,
    until       timestamptz
);

-- What the services have decided, by which rule; `policy` where the event says under which version (REG-4).
CREATE TABLE decisions (
    event_id   uuid PRIMARY KEY,
    entity     text NOT NULL,
    entity_id  uuid NOT NULL,
    version    integer NOT NULL,
    name       text NOT NULL,
    rule       text NOT NULL,
    policy     text,
    actor      text NOT NULL,
    at         timestamptz NOT NULL
);
CREATE INDEX decisions_by_entity ON decisions (entity_id, event_id DESC);
CREATE INDEX decisions_by_policy ON decisions (entity_id, version) WHERE policy IS NOT NULL;
