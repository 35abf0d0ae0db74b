"""What has its events again and no document must not begin a second time under its id."""

from collections.abc import Iterable
from uuid import UUID

from shared.persistence.pool import Connection

# Made only where it is needed: no other database pays for it.
GUARD = """
CREATE TABLE IF NOT EXISTS lost_things (entity text, entity_id uuid, PRIMARY KEY (entity_id, entity));

CREATE OR REPLACE FUNCTION lost_things_do_not_begin_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM lost_things WHERE entity_id = NEW.entity_id AND entity = NEW.entity) THEN
        RAISE EXCEPTION 'its events are known, its document was lost (PLT-3)' USING
            ERRCODE = 'restrict_violation', CONSTRAINT = 'PLT-3 its events are known, its document was lost';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER lost_things_do_not_begin_again BEFORE INSERT ON events
    FOR EACH ROW WHEN (NEW.version = 1) EXECUTE FUNCTION lost_things_do_not_begin_again();
"""

NOTE = "INSERT INTO lost_things (entity, entity_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"


async def guard(connection: Connection, service: str, things: Iterable[tuple[str, UUID]]) -> None:
    """Call it inside the transaction that took the events back, after them."""
    lost = list(things)
    if not lost:
        return
    await connection.execute(await connection.fetchval("SELECT format('SET LOCAL ROLE %I', $1::text)", service))
    await connection.execute(GUARD)
    await connection.executemany(NOTE, lost)
    await connection.execute("RESET ROLE")
