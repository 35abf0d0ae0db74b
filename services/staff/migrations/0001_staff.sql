-- Documents of staff. Columns are generated from the document: what is searched, sorted or must never be broken.

CREATE TABLE employees (
    LIKE documents INCLUDING ALL,
    code        text GENERATED ALWAYS AS (document ->> 'code') STORED NOT NULL,
    branch      text GENERATED ALWAYS AS (document ->> 'branch') STORED NOT NULL,
    department  text GENERATED ALWAYS AS (document ->> 'department') STORED NOT NULL,
    posts       jsonb GENERATED ALWAYS AS (document -> 'posts') STORED NOT NULL,
    -- deferrable: of two who enter the same at once the id decides, which the store takes for "changed meanwhile"
    CONSTRAINT "STF-1 an employee code is registered once" UNIQUE (code) DEFERRABLE
);

CREATE TABLE penalties (
    LIKE documents INCLUDING ALL,
    number      text GENERATED ALWAYS AS (document ->> 'number') STORED NOT NULL,
    status      text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    employee    text GENERATED ALWAYS AS (document ->> 'employee') STORED NOT NULL,
    branch      text GENERATED ALWAYS AS (document ->> 'branch') STORED,
    cause_id    uuid GENERATED ALWAYS AS ((document ->> 'cause_id')::uuid) STORED NOT NULL,
    fine        numeric GENERATED ALWAYS AS ((document ->> 'fine')::numeric) STORED NOT NULL,
    month       text GENERATED ALWAYS AS (document ->> 'month') STORED,
    -- deferrable: of two who enter the same at once the id decides, which the store takes for "changed meanwhile"
    CONSTRAINT "STF-8 one penalty for one cause and employee" UNIQUE (cause_id, employee) DEFERRABLE,
    CONSTRAINT "STF-7 a fine lies in the range of the schedule" CHECK (
        fine = 0 OR coalesce(fine BETWEEN (document ->> 'low')::numeric AND (document ->> 'high')::numeric, false)),
    CONSTRAINT "STF-8 nobody decides on a penalty of their own" CHECK (
        NOT document -> 'decided_by' ? (document ->> 'employee')),
    CONSTRAINT "STF-8 a person decides" CHECK (
        month IS NULL OR jsonb_array_length(document -> 'decided_by') > 0),
    CONSTRAINT "STF-8 dismissal needs two approvals" CHECK (
        month IS NULL OR NOT document -> 'measures' ? 'dismissal'
        OR coalesce(document -> 'decided_by' ->> 0 <> document -> 'decided_by' ->> 1, false))
);
CREATE UNIQUE INDEX penalties_by_number ON penalties (number);
CREATE INDEX penalties_by_employee ON penalties (employee, number DESC);
