"""How long idempotency keys are kept, and the monthly partitions of the log."""

from datetime import timedelta

from shared.persistence.pool import Pool

KEPT = timedelta(days=30)

AT_ONCE = 10_000  # keys in one statement: of a day's there may be more than the time limit of a statement allows

FORGET = """
DELETE FROM idempotency_keys
WHERE ctid = ANY(ARRAY(SELECT ctid FROM idempotency_keys WHERE created_at < now() - $1::interval LIMIT $2))
"""

ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(1480982530)"  # IF NOT EXISTS does not protect against a twin

PROVIDE = "SELECT provide_event_partitions(3)"


async def housekeeping(pool: Pool) -> None:
    """Forget old keys and provide the partitions of the months to come; safe to run from every replica at once."""
    while await pool.execute(FORGET, KEPT, AT_ONCE) == f"DELETE {AT_ONCE}":
        pass
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(ONE_AT_A_TIME)
        await connection.execute(PROVIDE)
