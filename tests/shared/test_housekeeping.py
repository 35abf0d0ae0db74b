"""What a service forgets, and how much of it at once."""

import asyncpg

from shared.persistence.housekeeping import AT_ONCE, KEPT, housekeeping
from shared.persistence.pool import open_pool
from tests.shared.conftest import Databases

REMEMBERED = """
INSERT INTO idempotency_keys (actor, key, request, status, answer, created_at)
SELECT 'u1', n::text, '', 200, '', now() - $1::interval - interval '1 minute' FROM generate_series(1, $2::integer) AS n
"""

# Stands for the time limit of a statement: one that forgets more than its portion is refused.
PORTION = """
CREATE FUNCTION no_more_than_a_portion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM gone) > 10000 THEN RAISE EXCEPTION 'too many keys in one statement'; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER no_more_than_a_portion AFTER DELETE ON idempotency_keys REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION no_more_than_a_portion();
"""


async def test_a_day_of_many_keys_is_forgotten_in_portions_and_to_the_last(databases: Databases) -> None:
    """PLT-2: one statement for all of them would end at its time limit, day after day."""
    assert AT_ONCE == 10_000
    url = await databases("tally")
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(REMEMBERED, KEPT, 2 * AT_ONCE + 1)
        await connection.execute(PORTION)
        async with open_pool(url, size=2) as pool:
            await housekeeping(pool)
        assert await connection.fetchval("SELECT count(*) FROM idempotency_keys") == 0
    finally:
        await connection.execute("DROP FUNCTION no_more_than_a_portion() CASCADE")
        await connection.close()
