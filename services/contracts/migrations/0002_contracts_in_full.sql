-- Amendments, services, withdrawal, requests for the seal, delegations, and search; nothing in the archive is deleted.

-- A retired template says since when; its text stays as it is.
DROP TRIGGER template_text_stays ON templates;
CREATE TRIGGER template_text_stays BEFORE UPDATE ON templates FOR EACH ROW
    WHEN (OLD.document - '{status,version,activated_by,activated_at,retired_by,retired_at}'::text[]
          IS DISTINCT FROM NEW.document - '{status,version,activated_by,activated_at,retired_by,retired_at}'::text[])
    EXECUTE FUNCTION template_text_stays();

-- What the search looks through: number, company, slots, lines, services, deviations. The first 20,000 characters.
CREATE FUNCTION said_in(contract jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN (
    SELECT left(lower(string_agg(part, ' ')), 20000) FROM (
        SELECT contract ->> 'number'
        UNION ALL SELECT contract ->> 'company'
        UNION ALL SELECT value FROM jsonb_each_text(contract -> 'slots')
        UNION ALL SELECT concat(line ->> 'article', ' ', line ->> 'specification')
            FROM jsonb_array_elements(contract -> 'lines') AS line
        UNION ALL SELECT service ->> 'service'
            FROM jsonb_array_elements(coalesce(contract -> 'services', '[]')) AS service
        UNION ALL SELECT deviation ->> 'text'
            FROM jsonb_array_elements(coalesce(contract -> 'deviations', '[]')) AS deviation
    ) AS parts (part)
);

-- Pairs of neighbouring characters: Chinese has no spaces between words, and needs no dictionary this way.
CREATE FUNCTION pairs_of(texts text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN (
    SELECT coalesce(array_agg(DISTINCT pair), '{}') FROM (
        SELECT sign || lead(sign) OVER (PARTITION BY number ORDER BY position)
        FROM unnest(texts) WITH ORDINALITY AS one (said, number),
             unnest(string_to_array(lower(said), NULL)) WITH ORDINALITY AS each (sign, position)
    ) AS pairs (pair) WHERE pair !~ '\s'
);

CREATE FUNCTION said_all(words text[], said text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN (
    SELECT bool_and(strpos(said, lower(word)) > 0) FROM unnest(words) AS word
);

-- What a customer or partner sees of a contract: what was agreed, not what we said about it among ourselves.
CREATE FUNCTION agreed(contract jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    (contract - '{submission,reviews,voided_reviews,approvals,next_step,seal_request,amended_because}'::text[])
        #- '{seal,purpose}'
    || jsonb_build_object('editions', (
        SELECT coalesce(jsonb_agg((edition - 'proceedings') #- '{seal,purpose}'), '[]')
        FROM jsonb_array_elements(coalesce(contract -> 'editions', '[]')) AS edition));

UPDATE contracts SET document = document || jsonb_build_object('company', known_customers.company)
FROM known_customers WHERE known_customers.id = customer_id AND document ->> 'company' IS NULL;

ALTER TABLE contracts
    DROP CONSTRAINT "CON-3 every department confirms every line first",
    DROP CONSTRAINT "CON-4 every post of the chain approves first",
    DROP CONSTRAINT "CON-5 what is sealed is what was approved",
    DROP COLUMN asked,
    DROP COLUMN seal_id;
DROP INDEX contracts_by_number;

ALTER TABLE contracts
    ADD COLUMN kind         text GENERATED ALWAYS AS (document ->> 'kind') STORED NOT NULL,
    ADD COLUMN amends       uuid GENERATED ALWAYS AS ((document ->> 'amends')::uuid) STORED,
    ADD COLUMN edition      integer GENERATED ALWAYS AS (
                                coalesce((document ->> 'edition')::integer, 1)) STORED NOT NULL,
    ADD COLUMN services     integer GENERATED ALWAYS AS (
                                jsonb_array_length(coalesce(document -> 'services', '[]'))) STORED NOT NULL,
    -- the services of a service contract are reviewed like lines
    ADD COLUMN asked        integer GENERATED ALWAYS AS (
                                (jsonb_array_length(document -> 'lines')
                                 + jsonb_array_length(coalesce(document -> 'services', '[]')))
                                * jsonb_array_length(coalesce(document #> '{submission,departments}', '[]')))
                                STORED NOT NULL,
    -- the seal on this very paper: what a contract has from an amendment stands with the amendment
    ADD COLUMN seal_id      uuid GENERATED ALWAYS AS (
                                coalesce(document #>> '{editions,0,seal,id}', document #>> '{seal,id}')::uuid) STORED,
    ADD COLUMN verification_code text GENERATED ALWAYS AS (document ->> 'verification_code') STORED,
    ADD COLUMN valid_until  text COLLATE "C" GENERATED ALWAYS AS (document ->> 'valid_until') STORED NOT NULL,
    ADD COLUMN said         text GENERATED ALWAYS AS (said_in(document)) STORED NOT NULL,
    ADD COLUMN pairs        text[] GENERATED ALWAYS AS (pairs_of(ARRAY[said_in(document)])) STORED NOT NULL,
    ADD CONSTRAINT "CON-3 every department confirms every line first" CHECK (
        status NOT IN ('awaiting_approval', 'approved', 'rejected', 'in_force', 'incorporated', 'ended')
        OR asked > 0 AND confirmed = asked),
    ADD CONSTRAINT "CON-4 every post of the chain approves first" CHECK (
        status NOT IN ('approved', 'in_force', 'incorporated', 'ended')
        OR signatures > 0 AND approved = signatures AND approved_digest IS NOT NULL),
    ADD CONSTRAINT "CON-5 what is sealed is what was approved" CHECK (
        status NOT IN ('in_force', 'incorporated', 'ended') OR coalesce(sealed_digest = approved_digest, false)),
    -- sealed before requests were registered: nothing to compare
    ADD CONSTRAINT "CON-5 as many copies are sealed as were asked for" CHECK (
        (document #>> '{seal,copies}') = (document #>> '{seal_request,copies}')),
    ADD CONSTRAINT "CON-9 an amendment takes effect in the contract it amends" CHECK (
        CASE WHEN amends IS NULL THEN status <> 'incorporated'
             ELSE edition > 1 AND status NOT IN ('in_force', 'ended') END),
    ADD CONSTRAINT "CON-9 an amendment is one of a contract" FOREIGN KEY (amends) REFERENCES contracts (id),
    ADD CONSTRAINT "CON-12 only a service contract promises services" CHECK (services = 0 OR kind = 'service'),
    ADD CONSTRAINT "CON-15 nobody approves for whoever wrote the contract" CHECK (
        NOT jsonb_path_exists(document, '$ ? (@.approvals.decisions[*].on_behalf_of == @.drafted_by
                                             || @.approvals.decisions[*].on_behalf_of == @.edited_by)'));

-- The first comes before the second: of two amendments at once it says why.
CREATE UNIQUE INDEX "CON-9 one amendment of a contract is open at a time" ON contracts (amends)
    WHERE status NOT IN ('withdrawn', 'incorporated');
CREATE UNIQUE INDEX "CON-6 a number belongs to one contract" ON contracts (number);
CREATE UNIQUE INDEX "CON-6 a verification code belongs to one contract" ON contracts (verification_code)
    WHERE verification_code IS NOT NULL;
CREATE UNIQUE INDEX contracts_by_seal ON contracts (seal_id) WHERE seal_id IS NOT NULL;
CREATE INDEX contracts_by_what_they_amend ON contracts (amends, id DESC) WHERE amends IS NOT NULL;
CREATE INDEX contracts_by_validity ON contracts (valid_until);
CREATE INDEX contracts_by_what_they_say ON contracts USING gin (pairs);

CREATE TABLE delegations (
    LIKE documents INCLUDING ALL,
    status    text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    absent    text GENERATED ALWAYS AS (document ->> 'absent') STORED NOT NULL,
    delegate  text GENERATED ALWAYS AS (document ->> 'delegate') STORED NOT NULL,
    given_by  text GENERATED ALWAYS AS (document ->> 'given_by') STORED NOT NULL,
    CONSTRAINT "CON-15 nobody stands in for themselves" CHECK (absent <> delegate),
    CONSTRAINT "CON-15 nobody becomes a delegate by their own word" CHECK (delegate <> given_by)
);
CREATE INDEX delegations_by_delegate ON delegations (delegate, absent) WHERE status = 'given';
CREATE INDEX delegations_by_absent ON delegations (absent, id DESC);

CREATE FUNCTION nothing_is_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'nothing in the archive is deleted (CON-8)'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'CON-8 nothing in the archive is deleted';
END $$;
CREATE TRIGGER nothing_is_deleted BEFORE DELETE ON contracts FOR EACH ROW EXECUTE FUNCTION nothing_is_deleted();
CREATE TRIGGER nothing_is_truncated BEFORE TRUNCATE ON contracts EXECUTE FUNCTION nothing_is_deleted();
CREATE TRIGGER nothing_is_deleted BEFORE DELETE ON templates FOR EACH ROW EXECUTE FUNCTION nothing_is_deleted();
CREATE TRIGGER nothing_is_truncated BEFORE TRUNCATE ON templates EXECUTE FUNCTION nothing_is_deleted();
CREATE TRIGGER nothing_is_deleted BEFORE DELETE ON delegations FOR EACH ROW EXECUTE FUNCTION nothing_is_deleted();
CREATE TRIGGER nothing_is_truncated BEFORE TRUNCATE ON delegations EXECUTE FUNCTION nothing_is_deleted();
