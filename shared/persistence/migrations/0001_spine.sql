-- What every service's database holds beside its own documents.

-- What every table of documents has: `CREATE TABLE orders (LIKE documents INCLUDING ALL, …)`. It stays empty.
CREATE TABLE documents (
    id          uuid PRIMARY KEY,
    version     integer NOT NULL CHECK (version > 0),
    document    jsonb NOT NULL,
    digest      bytea NOT NULL,                                  -- head of the entity's event chain
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE events (
    seq          bigint GENERATED ALWAYS AS IDENTITY (CACHE 1),  -- a larger cache would break version order = seq order
    transaction  xid8 NOT NULL DEFAULT pg_current_xact_id(),
    event_id     uuid NOT NULL,
    entity       text NOT NULL,
    entity_id    uuid NOT NULL,
    version      integer NOT NULL CHECK (version > 0),
    subject      text NOT NULL,
    data         bytea NOT NULL,                                 -- the exact bytes published
    actor        text NOT NULL,
    at           timestamptz NOT NULL,
    digest       bytea NOT NULL                                  -- sha256(digest of the entity's previous event + data)
) PARTITION BY RANGE (at);

CREATE TABLE events_elsewhen PARTITION OF events DEFAULT;        -- a clock gone astray must not lose an event
CREATE INDEX events_by_seq ON events (seq);
CREATE INDEX events_by_entity ON events (entity_id, version);

CREATE FUNCTION events_are_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are append-only (PLT-3)' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER events_are_never_changed BEFORE UPDATE OR DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION events_are_never_changed();

CREATE FUNCTION provide_event_partitions(months integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first date;
BEGIN
    FOR ahead IN 0..months LOOP
        first := date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead);
        EXECUTE format(
            'CREATE TABLE IF NOT EXISTS %I PARTITION OF events FOR VALUES FROM (%L) TO (%L)',
            'events_' || to_char(first, 'YYYY_MM'),
            first::timestamp AT TIME ZONE 'UTC',
            (first + interval '1 month')::timestamp AT TIME ZONE 'UTC');
    END LOOP;
END $$;
SELECT provide_event_partitions(3);

CREATE TABLE relay_state (
    stream      text PRIMARY KEY,
    safe_seq    bigint NOT NULL,        -- everything up to here is in the stream
    stream_seq  bigint NOT NULL,        -- the stream's last message when that was written
    event_id    uuid,                   -- and the event it held: a rewound stream reuses sequence numbers
    rounds      integer NOT NULL DEFAULT 0,  -- how often the stream was refilled from here
    updated_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE inbox (
    consumer   text NOT NULL,
    entity     text NOT NULL,           -- publisher and entity, as orders.order: one id may have several histories
    entity_id  uuid NOT NULL,
    version    integer NOT NULL,
    event_id   uuid NOT NULL,
    PRIMARY KEY (consumer, entity_id, entity)
) WITH (fillfactor = 70);

CREATE TABLE dead_letters (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer   text NOT NULL,
    source     text NOT NULL,
    entity     text,                    -- null: not even the envelope could be read
    entity_id  uuid,
    version    integer,
    event_id   uuid,
    subject    text NOT NULL,
    data       bytea NOT NULL,
    reason     text NOT NULL CHECK (reason IN ('undecodable', 'refused', 'fault', 'gap', 'behind', 'diverged')),
    error      text NOT NULL,
    attempts   integer NOT NULL DEFAULT 1,
    state      text NOT NULL DEFAULT 'parked' CHECK (state IN ('parked', 'discarded')),
    note       text,
    first_at   timestamptz NOT NULL DEFAULT now(),
    last_at    timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX dead_letters_once ON dead_letters (consumer, entity_id, entity, version, event_id) WHERE entity IS NOT NULL;
CREATE INDEX dead_letters_parked ON dead_letters (consumer, entity_id, entity, version) WHERE state = 'parked';

CREATE TABLE timers (
    owner           uuid NOT NULL,
    kind            text NOT NULL,
    entity          text NOT NULL,
    due_at          timestamptz NOT NULL,
    correlation_id  uuid NOT NULL,
    attempts        integer NOT NULL DEFAULT 0,
    error           text,
    PRIMARY KEY (owner, kind)
);
CREATE INDEX timers_by_due ON timers (due_at);

CREATE TABLE idempotency_keys (
    actor       text NOT NULL,
    key         text NOT NULL,
    request     bytea NOT NULL,         -- sha256 of method, path and body
    status      integer NOT NULL,
    answer      bytea NOT NULL,
    version     integer,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotency_keys_once PRIMARY KEY (actor, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
