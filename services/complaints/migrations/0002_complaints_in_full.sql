-- What statistics count, which department has a case, whom it has called, who is away; an opinion is closed by its answer.

ALTER TABLE complaints
    ADD COLUMN article text GENERATED ALWAYS AS (document #>> '{slip,article}') STORED,
    ADD COLUMN branch text GENERATED ALWAYS AS (document ->> 'branch') STORED,
    ADD COLUMN store text GENERATED ALWAYS AS (document ->> 'store') STORED,
    ADD COLUMN response_seconds integer GENERATED ALWAYS AS ((document ->> 'response_seconds')::integer) STORED,
    ADD COLUMN resolution_seconds integer GENERATED ALWAYS AS ((document ->> 'resolution_seconds')::integer) STORED,
    ADD COLUMN breaches integer GENERATED ALWAYS AS (jsonb_array_length(document -> 'breaches')) STORED NOT NULL,
    ADD COLUMN reopenings integer GENERATED ALWAYS AS (jsonb_array_length(document -> 'reopenings')) STORED NOT NULL,
    ADD COLUMN satisfied boolean GENERATED ALWAYS AS ((document #>> '{follow_ups,-1,satisfied}')::boolean) STORED,
    ADD COLUMN department text GENERATED ALWAYS AS (
        CASE WHEN document #>> '{stays,-1,ended_at}' IS NULL THEN document #>> '{stays,-1,department}' END) STORED,
    ADD COLUMN causes jsonb GENERATED ALWAYS AS (
        jsonb_path_query_array(document, '$.sections[*].cause ? (@ != null)')
        || CASE WHEN document #>> '{lesson,cause}' IS NULL THEN jsonb_path_query_array(document, '$.cause.cause')
                ELSE jsonb_path_query_array(document, '$.lesson.cause') END) STORED NOT NULL,
    ADD COLUMN people jsonb GENERATED ALWAYS AS (
        jsonb_path_query_array(document, '$.about ? (@ != null)')
        || jsonb_path_query_array(document, '$.responsibility ? (@.verified == true).responsible[*].employee'))
        STORED NOT NULL,
    ADD COLUMN lesson_cause text GENERATED ALWAYS AS (document #>> '{lesson,cause}') STORED,
    ADD COLUMN called_post text GENERATED ALWAYS AS (
        CASE WHEN document #>> '{calls,-1,acknowledged_at}' IS NULL AND document ->> 'status' NOT IN ('resolved', 'closed')
             THEN document #>> '{calls,-1,post}' END) STORED,
    DROP CONSTRAINT "CMP-11 closed on the customer's word or after attempts",
    ADD CONSTRAINT "CMP-11 closed on the customer's word or after attempts" CHECK (
        status <> 'closed'
        OR coalesce(document #>> '{closure,confirmed_by}', '') <> ''
        OR coalesce((document #>> '{closure,attempts}')::integer >= (document #>> '{terms,closing_attempts}')::integer
                    AND jsonb_array_length(document -> 'attempts') >= (document #>> '{closure,attempts}')::integer,
                    false)
        OR (kind = 'opinion' AND coalesce(jsonb_path_exists(document, '$.stays[*] ? (@.end == "reported")'), false))),
    ADD CONSTRAINT "CMP-16 a pause is granted by a second person" CHECK (
        NOT coalesce(jsonb_path_exists(document, '$.pauses[*] ? (@.granted_by == @.asked_by[*])'), false));

CREATE INDEX complaints_by_time ON complaints (created_at);
CREATE INDEX complaints_with_lesson ON complaints (id DESC) WHERE lesson_cause IS NOT NULL;
CREATE INDEX complaints_by_department ON complaints (department, id DESC) WHERE department IS NOT NULL;
CREATE INDEX complaints_by_called_post ON complaints (called_post) WHERE called_post IS NOT NULL;

-- Who holds which post, and who is away, as staff tells it.
CREATE TABLE post_holders (
    id      uuid PRIMARY KEY,   -- of the employee
    person  text NOT NULL,
    posts   text[] NOT NULL,
    branch  text
);
CREATE INDEX post_holders_by_post ON post_holders USING gin (posts);

CREATE TABLE absences (
    id       uuid PRIMARY KEY,
    person   text NOT NULL,
    deputy   text NOT NULL,
    posts    text[] NOT NULL,
    branch   text,
    ends_at  timestamptz NOT NULL
);
