-- How contracts in force are performed: one document per contract, its milestones as rows to be searched.

-- whether no two elements of a list are the same; of text or numbers
CREATE FUNCTION all_different(items jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT count(*) = count(DISTINCT item) FROM jsonb_array_elements(items) AS item
$$;

CREATE TABLE contract_performances (
    LIKE documents INCLUDING ALL,
    contract_id  uuid GENERATED ALWAYS AS ((document ->> 'contract_id')::uuid) STORED NOT NULL,
    customer_id  uuid GENERATED ALWAYS AS ((document ->> 'customer_id')::uuid) STORED NOT NULL,
    status       text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    CONSTRAINT "CON-13 a contract is performed once" UNIQUE (contract_id),
    CONSTRAINT "CON-13 what is performed is a contract" FOREIGN KEY (contract_id) REFERENCES contracts (id),
    -- whatever the code does: the same news twice is no second breach, the same job twice no second service
    CONSTRAINT "CON-14 a cause breaks a contract once" CHECK (
        all_different(jsonb_path_query_array(document, '$.breaches[*].cause_id'))),
    CONSTRAINT "CON-12 work is measured once" CHECK (
        all_different(jsonb_path_query_array(document, '$.works[*].reference'))),
    CONSTRAINT "CON-13 an order counts once" CHECK (
        all_different(jsonb_path_query_array(document, '$.orders[*].order_id')))
);
CREATE INDEX contract_performances_running ON contract_performances (customer_id) WHERE status = 'running';

-- What a customer or partner sees of it: what was done and what is due, not what we said about it among ourselves.
CREATE FUNCTION performed(performance jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    performance - 'owner'
    || jsonb_build_object(
        'breaches', (SELECT coalesce(jsonb_agg(breach - '{note,decided_by,decided_for}'::text[]), '[]')
                     FROM jsonb_array_elements(performance -> 'breaches') AS breach),
        'works', (SELECT coalesce(jsonb_agg(work - 'recorded_by'), '[]')
                  FROM jsonb_array_elements(performance -> 'works') AS work));

CREATE TABLE contract_milestones (
    id           uuid PRIMARY KEY,           -- sorts by the moment the milestone is due
    contract_id  uuid NOT NULL,
    customer_id  uuid NOT NULL,
    due_on       date NOT NULL,
    state        text NOT NULL,
    missed       boolean NOT NULL,
    document     jsonb NOT NULL
);
CREATE INDEX contract_milestones_by_state ON contract_milestones (state, id DESC);
CREATE INDEX contract_milestones_by_contract ON contract_milestones (contract_id, id DESC);

CREATE FUNCTION keep_milestones() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO contract_milestones (id, contract_id, customer_id, due_on, state, missed, document)
    SELECT (milestone ->> 'id')::uuid, NEW.contract_id, NEW.customer_id, (milestone ->> 'due_on')::date,
           milestone ->> 'state', milestone ->> 'missed_at' IS NOT NULL,
           milestone || jsonb_build_object('contract_id', NEW.contract_id, 'number', NEW.document ->> 'number',
                                           'customer_id', NEW.customer_id)
    FROM jsonb_array_elements(NEW.document -> 'milestones') AS milestone
    ON CONFLICT (id) DO UPDATE
    SET state = excluded.state, missed = excluded.missed, document = excluded.document
    WHERE contract_milestones.document IS DISTINCT FROM excluded.document;
    RETURN NULL;
END $$;
CREATE TRIGGER nothing_is_deleted BEFORE DELETE ON contract_performances
    FOR EACH ROW EXECUTE FUNCTION nothing_is_deleted();
CREATE TRIGGER nothing_is_truncated BEFORE TRUNCATE ON contract_performances EXECUTE FUNCTION nothing_is_deleted();
CREATE TRIGGER keep_milestones AFTER INSERT OR UPDATE ON contract_performances FOR EACH ROW
    EXECUTE FUNCTION keep_milestones();

CREATE FUNCTION missed_stays_missed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a missed date stays missed (CON-10)'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'CON-10 a missed date stays missed';
END $$;
CREATE TRIGGER missed_stays_missed BEFORE UPDATE ON contract_milestones FOR EACH ROW
    WHEN (OLD.missed AND NOT NEW.missed) EXECUTE FUNCTION missed_stays_missed();

-- What has to be heard before a complaint is known to break a contract; the three may come in any order (CON-14).
CREATE TABLE complained_goods (
    complaint_id  uuid PRIMARY KEY,
    filed         boolean NOT NULL DEFAULT false,
    article       text,
    contract_id   uuid,
    order_id      uuid,
    lines         jsonb,
    goods         jsonb,
    established   boolean NOT NULL DEFAULT false
);
