-- The print register: whoever had a contract printed, when, and what was on the paper (CON-6).

CREATE TABLE contract_prints (
    id            uuid PRIMARY KEY,
    contract_id   uuid NOT NULL REFERENCES contracts (id),
    number        text NOT NULL,
    edition       integer NOT NULL,
    digest        text NOT NULL,
    sealed        boolean NOT NULL,
    printed_by    text NOT NULL,
    printed_for   text,
    printed_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX contract_prints_by_contract ON contract_prints (contract_id, id DESC);

CREATE FUNCTION prints_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a line of the print register stays as it is (CON-6)'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'CON-6 a line of the print register stays as it is';
END $$;
CREATE TRIGGER prints_stay BEFORE UPDATE OR DELETE ON contract_prints FOR EACH ROW EXECUTE FUNCTION prints_stay();
