-- Every policy this service knows (REG-2): heard of regulations, or read from its file before anything was heard.
-- The same values may hold again later; cases bear the version.

CREATE TABLE policies (
    seq           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version       text NOT NULL,
    effective_at  timestamptz,                                  -- null: from the file; holds while none was heard
    document      jsonb NOT NULL,                               -- {key: {value, unit, clause, regulation, edition}}
    CONSTRAINT policies_once UNIQUE NULLS NOT DISTINCT (version, effective_at)
);

CREATE FUNCTION policies_are_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'policies are append-only (REG-2)' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER policies_are_never_changed BEFORE UPDATE OR DELETE ON policies
    FOR EACH ROW EXECUTE FUNCTION policies_are_never_changed();
