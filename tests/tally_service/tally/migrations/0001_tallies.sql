CREATE TABLE tallies (
    id          uuid PRIMARY KEY,
    version     integer NOT NULL,
    document    jsonb NOT NULL,
    digest      bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    name        text GENERATED ALWAYS AS (document ->> 'name') STORED NOT NULL,
    total       bigint GENERATED ALWAYS AS ((document ->> 'total')::bigint) STORED NOT NULL,
    CONSTRAINT "TST-1 a tally never falls below nothing" CHECK (total >= 0),
    CONSTRAINT tallies_have_a_limit_without_a_rule CHECK (total < 1000000)
);
CREATE UNIQUE INDEX "TST-2 no two tallies bear one name" ON tallies (name);
