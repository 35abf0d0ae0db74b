CREATE TABLE echoes (
    id          uuid PRIMARY KEY,
    version     integer NOT NULL,
    document    jsonb NOT NULL,
    digest      bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);

-- What was done, in the order it was done. Nothing keeps a doubled line out: that is what the tests look for.
CREATE TABLE effects (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entity_id  uuid NOT NULL,
    version    integer NOT NULL,
    event_id   uuid NOT NULL,
    by         bigint NOT NULL
);
