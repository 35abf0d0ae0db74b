"""How long idempotency keys are kept, and the monthly partitions of the log."""

from datetime import timedelta

from shared.persistence.pool import Pool

KEPT = timedelta(days=30)

FORGET = "DELETE FROM idempotency_keys WHERE created_at < now() - $1::interval"

PROVIDE = "SELECT provide_event_partitions(3)"


async def housekeeping(pool: Pool) -> None:
    """Forget old keys and provide the partitions of the months to come; safe to run from every replica at once."""
    await pool.execute(FORGET, KEPT)
    await pool.execute(PROVIDE)
