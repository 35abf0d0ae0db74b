-- Documents of contracts. Columns are generated from the document: what is searched, sorted or must never be broken.

CREATE TABLE templates (
    LIKE documents INCLUDING ALL,
    code         text GENERATED ALWAYS AS (document ->> 'code') STORED NOT NULL,
    edition      integer GENERATED ALWAYS AS ((document ->> 'edition')::integer) STORED NOT NULL,
    kind         text GENERATED ALWAYS AS (document ->> 'kind') STORED NOT NULL,
    status       text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    text_digest  text GENERATED ALWAYS AS (document ->> 'text_digest') STORED NOT NULL,
    CONSTRAINT "CON-1 an edition of a template is drafted once" UNIQUE (code, edition),
    CONSTRAINT "CON-1 a template is pinned by its digest" UNIQUE (id, text_digest)
);
CREATE UNIQUE INDEX "CON-1 one edition of a template is active" ON templates (code) WHERE status = 'active';

-- A template's text is what contracts were drawn up from: it stays as it is, whatever the code does.
CREATE FUNCTION template_text_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the text of a template never changes (CON-1)'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'CON-1 the text of a template never changes';
END $$;
CREATE TRIGGER template_text_stays BEFORE UPDATE ON templates FOR EACH ROW
    WHEN (OLD.document - '{status,version,activated_by,activated_at}'::text[]
          IS DISTINCT FROM NEW.document - '{status,version,activated_by,activated_at}'::text[])
    EXECUTE FUNCTION template_text_stays();

CREATE TABLE contracts (
    LIKE documents INCLUDING ALL,
    number           text GENERATED ALWAYS AS (document ->> 'number') STORED NOT NULL,
    status           text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    customer_id      uuid GENERATED ALWAYS AS ((document ->> 'customer_id')::uuid) STORED NOT NULL,
    drafted_by       text GENERATED ALWAYS AS (document ->> 'drafted_by') STORED NOT NULL,
    drafted_for      text GENERATED ALWAYS AS (document ->> 'drafted_for') STORED,
    template_id      uuid GENERATED ALWAYS AS ((document ->> 'template_id')::uuid) STORED NOT NULL,
    template_digest  text GENERATED ALWAYS AS (document ->> 'template_digest') STORED NOT NULL,
    approved_digest  text GENERATED ALWAYS AS (document ->> 'approved_digest') STORED,
    sealed_digest    text GENERATED ALWAYS AS (document #>> '{seal,digest}') STORED,
    seal_id          uuid GENERATED ALWAYS AS ((document #>> '{seal,id}')::uuid) STORED,
    asked            integer GENERATED ALWAYS AS (
                         jsonb_array_length(document -> 'lines')
                         * jsonb_array_length(coalesce(document #> '{submission,departments}', '[]'))) STORED NOT NULL,
    confirmed        integer GENERATED ALWAYS AS (
                         jsonb_array_length(jsonb_path_query_array(document, '$.reviews[*] ? (@.can_meet == true)')))
                         STORED NOT NULL,
    signatures       integer GENERATED ALWAYS AS (
                         jsonb_array_length(coalesce(document #> '{submission,chain}', '[]'))) STORED NOT NULL,
    approved         integer GENERATED ALWAYS AS (
                         jsonb_array_length(
                             jsonb_path_query_array(document, '$.approvals.decisions[*] ? (@.outcome == "approved")')))
                         STORED NOT NULL,
    CONSTRAINT "CON-1 a contract is drawn up from a company template"
        FOREIGN KEY (template_id, template_digest) REFERENCES templates (id, text_digest),
    -- whatever the code does: nobody signs what the departments cannot do, nothing is sealed that not all have signed
    CONSTRAINT "CON-3 every department confirms every line first" CHECK (
        status NOT IN ('awaiting_approval', 'approved', 'rejected', 'in_force', 'ended')
        OR asked > 0 AND confirmed = asked),
    CONSTRAINT "CON-4 every post of the chain approves first" CHECK (
        status NOT IN ('approved', 'in_force', 'ended')
        OR signatures > 0 AND approved = signatures AND approved_digest IS NOT NULL),
    CONSTRAINT "CON-5 what is sealed is what was approved" CHECK (
        status NOT IN ('in_force', 'ended') OR coalesce(sealed_digest = approved_digest, false)),
    CONSTRAINT "CON-15 the drafter and the last editor never approve" CHECK (
        NOT jsonb_path_exists(document, '$ ? (@.approvals.decisions[*].decided_by == @.drafted_by
                                             || @.approvals.decisions[*].decided_by == @.edited_by)'))
);
CREATE UNIQUE INDEX contracts_by_number ON contracts (number);
CREATE INDEX contracts_by_customer ON contracts (customer_id, id DESC);
CREATE INDEX contracts_by_drafter ON contracts (drafted_by, id DESC);
CREATE INDEX contracts_by_status ON contracts (status, id DESC);
CREATE UNIQUE INDEX contracts_by_seal ON contracts (seal_id) WHERE seal_id IS NOT NULL;

-- What contracts has heard of customers.
CREATE TABLE known_customers (
    id       uuid PRIMARY KEY,
    code     text NOT NULL,
    company  text NOT NULL,
    owner    text NOT NULL
);
CREATE INDEX known_customers_by_owner ON known_customers (owner);
