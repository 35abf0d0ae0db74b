-- outside a transaction

-- A bulletin that was corrected is not shown any more.
CREATE INDEX CONCURRENTLY bulletins_by_corrected ON bulletins ((document ->> 'corrects'));
