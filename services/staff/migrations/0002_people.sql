-- Organisation, absences, editions of the schedule, appeals, conduct and rewards.

ALTER TABLE employees
    ADD COLUMN status    text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    ADD COLUMN store     text GENERATED ALWAYS AS (document ->> 'store') STORED,
    ADD COLUMN superior  text GENERATED ALWAYS AS (document ->> 'superior') STORED,
    ADD COLUMN seats     jsonb GENERATED ALWAYS AS (document -> 'seats') STORED,
    ADD CONSTRAINT "STF-1 nobody is their own superior" CHECK (document ->> 'superior' IS DISTINCT FROM document ->> 'code'),
    ADD CONSTRAINT "STF-1 who has left holds no post" CHECK (
        document ->> 'status' <> 'left' OR jsonb_array_length(document -> 'posts') = 0);
CREATE INDEX employees_by_superior ON employees (superior, code);

CREATE TABLE absences (
    LIKE documents INCLUDING ALL,
    status     text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    employee   text GENERATED ALWAYS AS (document ->> 'employee') STORED NOT NULL,
    deputy     text GENERATED ALWAYS AS (document ->> 'deputy') STORED NOT NULL,
    CONSTRAINT "STF-1 nobody is their own deputy" CHECK (document ->> 'employee' <> document ->> 'deputy')
);
CREATE UNIQUE INDEX absences_under_way ON absences (employee) WHERE status = 'away';
CREATE INDEX absences_by_employee ON absences (employee, id);
CREATE INDEX absences_by_deputy ON absences (deputy, id);

CREATE TABLE penalty_schedules (
    LIKE documents INCLUDING ALL,
    status        text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    effective_on  text GENERATED ALWAYS AS (document ->> 'effective_on') STORED NOT NULL,  -- ISO 8601 sorts as text
    CONSTRAINT "STF-6 whoever drafts a schedule does not approve it" CHECK (
        document ->> 'status' <> 'approved' OR document ->> 'decided_by' IS DISTINCT FROM document ->> 'drafted_by')
);
CREATE INDEX penalty_schedules_in_force ON penalty_schedules (effective_on DESC) WHERE status = 'approved';

ALTER TABLE penalties
    ADD COLUMN store       text GENERATED ALWAYS AS (document ->> 'store') STORED,
    -- by day first: penalties and rewards are one ledger
    ADD COLUMN ledger_key  text GENERATED ALWAYS AS (substr(document ->> 'number', 3) || '-' || left(document ->> 'number', 2)) STORED NOT NULL,
    ADD COLUMN violation   text GENERATED ALWAYS AS (document ->> 'violation') STORED NOT NULL,
    ADD COLUMN supplement  integer GENERATED ALWAYS AS (coalesce((document ->> 'supplement')::integer, 0)) STORED NOT NULL,
    DROP CONSTRAINT "STF-8 one penalty for one cause and employee",
    ADD CONSTRAINT "STF-8 one penalty for one cause and employee" UNIQUE (cause_id, employee, supplement) DEFERRABLE,
    ADD CONSTRAINT "STF-8 carried out only when final" CHECK (
        document ->> 'executed_at' IS NULL OR document ->> 'final_at' IS NOT NULL),
    ADD CONSTRAINT "STF-8 others than before decide an appeal" CHECK (
        NOT coalesce(document -> 'decided_by' ? (document -> 'appeal' ->> 'decided_by'), false));
CREATE INDEX penalties_by_store ON penalties (store, number DESC) WHERE store IS NOT NULL;
CREATE INDEX penalties_in_ledger ON penalties (ledger_key DESC) WHERE month IS NOT NULL;
CREATE INDEX penalties_repeated ON penalties (employee, violation) WHERE month IS NOT NULL;

-- Penalties that were noticed before there were appeals get their deadline.
INSERT INTO timers (owner, kind, entity, due_at, correlation_id)
SELECT id, 'close_the_appeal', 'penalty', (document ->> 'appeal_by')::timestamptz, gen_random_uuid()
FROM penalties WHERE status = 'noticed' ON CONFLICT DO NOTHING;

CREATE TABLE conduct_cases (
    LIKE documents INCLUDING ALL,
    number       text GENERATED ALWAYS AS (document ->> 'number') STORED NOT NULL,
    status       text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    violation    text GENERATED ALWAYS AS (document ->> 'violation') STORED NOT NULL,
    subject      text GENERATED ALWAYS AS (document ->> 'subject') STORED NOT NULL,
    branch       text GENERATED ALWAYS AS (document ->> 'branch') STORED,
    reported_by  text GENERATED ALWAYS AS (document ->> 'reported_by') STORED NOT NULL,
    CONSTRAINT "STF-11 a second person establishes a violation" CHECK (
        document ->> 'decided_by' IS DISTINCT FROM document ->> 'reported_by')
);
CREATE UNIQUE INDEX conduct_cases_by_number ON conduct_cases (number);

CREATE TABLE rewards (
    LIKE documents INCLUDING ALL,
    number    text GENERATED ALWAYS AS (document ->> 'number') STORED NOT NULL,
    status    text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    employee  text GENERATED ALWAYS AS (document ->> 'employee') STORED NOT NULL,
    branch    text GENERATED ALWAYS AS (document ->> 'branch') STORED NOT NULL,
    store     text GENERATED ALWAYS AS (document ->> 'store') STORED,
    kind      text GENERATED ALWAYS AS (document ->> 'kind') STORED NOT NULL,
    ledger_key  text GENERATED ALWAYS AS (substr(document ->> 'number', 3) || '-' || left(document ->> 'number', 2)) STORED NOT NULL,
    cause_id  uuid GENERATED ALWAYS AS ((document ->> 'cause_id')::uuid) STORED,
    -- deferrable: of two who enter the same at once the id decides, which the store takes for "changed meanwhile"
    CONSTRAINT "STF-9 a person is rewarded once for one cause" UNIQUE (cause_id, employee, kind) DEFERRABLE,
    CONSTRAINT "STF-9 another person approves a reward" CHECK (
        document ->> 'decided_by' IS DISTINCT FROM document ->> 'proposed_by'
        AND document ->> 'decided_by' IS DISTINCT FROM document ->> 'employee')
);
CREATE UNIQUE INDEX rewards_by_number ON rewards (number);
CREATE INDEX rewards_in_ledger ON rewards (ledger_key DESC) WHERE status IN ('approved', 'paid');
CREATE INDEX rewards_by_employee ON rewards (employee, number DESC);
CREATE INDEX rewards_by_store ON rewards (store, number DESC) WHERE store IS NOT NULL;

-- Prices of their own that people named and orders refused: so many in a month are a conduct case (STF-11).
CREATE TABLE own_quotes (
    attempt_id  uuid PRIMARY KEY,
    person      text NOT NULL,
    month       text NOT NULL,
    said        text NOT NULL,
    at          timestamptz NOT NULL
);
CREATE INDEX own_quotes_by_person ON own_quotes (person, month);

-- Complaints that were looked into and not verified: nothing is proposed for them (STF-8, CMP-15).
CREATE TABLE unverified_causes (cause_id uuid PRIMARY KEY);
