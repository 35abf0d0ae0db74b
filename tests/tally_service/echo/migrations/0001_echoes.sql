CREATE TABLE echoes (LIKE documents INCLUDING ALL);

-- What was done, in the order it was done. Nothing keeps a doubled line out: that is what the tests look for.
CREATE TABLE effects (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entity_id  uuid NOT NULL,
    version    integer NOT NULL,
    event_id   uuid NOT NULL,
    by         bigint NOT NULL
);
