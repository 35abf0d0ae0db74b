CREATE TABLE tallies (
    LIKE documents INCLUDING ALL,
    name        text GENERATED ALWAYS AS (document ->> 'name') STORED NOT NULL,
    total       bigint GENERATED ALWAYS AS ((document ->> 'total')::bigint) STORED NOT NULL,
    CONSTRAINT "TST-1 a tally never falls below nothing" CHECK (total >= 0),
    CONSTRAINT tallies_have_a_limit_without_a_rule CHECK (total < 1000000)
);
CREATE UNIQUE INDEX "TST-2 no two tallies bear one name" ON tallies (name);
