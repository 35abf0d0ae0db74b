-- Whatever the code does: what a slip said before it was corrected stays on the case, in its place.

CREATE FUNCTION corrected_slips_stay() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before  jsonb := coalesce(OLD.document -> 'corrections', '[]');
    after   jsonb := coalesce(NEW.document -> 'corrections', '[]');
BEGIN
    IF (SELECT count(*) FROM jsonb_array_elements(before) WITH ORDINALITY AS correction (kept, position)
        WHERE after -> (position - 1)::integer IS DISTINCT FROM kept) > 0
       OR (OLD.document -> 'slip' IS DISTINCT FROM NEW.document -> 'slip'
           AND after -> jsonb_array_length(before) -> 'slip' IS DISTINCT FROM OLD.document -> 'slip') THEN
        RAISE check_violation USING CONSTRAINT = 'CMP-3 a corrected slip stays', MESSAGE = 'a corrected slip stays';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER corrected_slips_stay AFTER UPDATE ON complaints FOR EACH ROW EXECUTE FUNCTION corrected_slips_stay();
