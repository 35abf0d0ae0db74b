-- The tracking sheet (客户跟踪管理表): what was bought, line by line, and the customer's contracts (CON-8, ORD-14).

ALTER TABLE purchases
    ADD COLUMN contract_id uuid,
    ADD COLUMN lines jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN late_since date;

-- What customers has heard of contracts that took effect.
CREATE TABLE known_contracts (
    contract_id    uuid PRIMARY KEY,
    customer_id    uuid NOT NULL,
    number         text NOT NULL,
    kind           text,
    edition        integer NOT NULL DEFAULT 1,
    amount         numeric NOT NULL,
    effective_at   timestamptz,
    valid_until    date NOT NULL,
    ended_at       timestamptz,
    ended_because  text
);
CREATE INDEX known_contracts_by_customer ON known_contracts (customer_id, contract_id DESC);

-- What is on file stays on file, whatever the code does.
CREATE FUNCTION archive_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'nothing in the archive is deleted (CON-8)'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'CON-8 nothing in the archive is deleted';
END $$;
CREATE TRIGGER archive_stays BEFORE DELETE ON customers FOR EACH ROW EXECUTE FUNCTION archive_stays();
CREATE TRIGGER archive_stays BEFORE DELETE ON purchases FOR EACH ROW EXECUTE FUNCTION archive_stays();
CREATE TRIGGER archive_stays BEFORE DELETE ON service_records FOR EACH ROW EXECUTE FUNCTION archive_stays();
CREATE TRIGGER archive_stays BEFORE DELETE ON known_contracts FOR EACH ROW EXECUTE FUNCTION archive_stays();
