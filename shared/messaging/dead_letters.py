"""What operators see of the events that are parked."""

from typing import Any

import asyncpg

from shared.messaging.inbox import from_row

LETTERS = """
SELECT * FROM dead_letters WHERE state = $1 AND id > $2 ORDER BY id LIMIT $3
"""

LETTER = "SELECT * FROM dead_letters WHERE id = $1"

# Giving up an event moves the cursor past it: only the next one in line may be given up.
DISCARD = """
WITH letter AS (
    SELECT id, consumer, entity, entity_id, version, event_id FROM dead_letters AS this
    WHERE id = $1 AND state = 'parked' AND NOT EXISTS (
        SELECT FROM dead_letters AS earlier
        WHERE earlier.consumer = this.consumer AND earlier.entity = this.entity AND earlier.entity_id = this.entity_id
          AND earlier.state = 'parked' AND (earlier.version, earlier.id) < (this.version, this.id))
      AND (this.entity_id IS NULL OR this.version <= 1 + coalesce(
        (SELECT version FROM inbox
         WHERE inbox.consumer = this.consumer AND inbox.entity = this.entity AND inbox.entity_id = this.entity_id), 0))
), moved AS (
    INSERT INTO inbox (consumer, entity, entity_id, version, event_id)
    SELECT consumer, entity, entity_id, version, event_id FROM letter WHERE entity IS NOT NULL
    ON CONFLICT (consumer, entity_id, entity) DO UPDATE SET version = excluded.version, event_id = excluded.event_id
    WHERE inbox.version < excluded.version
)
UPDATE dead_letters SET state = 'discarded', note = $2, last_at = now() FROM letter WHERE dead_letters.id = letter.id
RETURNING true
"""


def letter(row: asyncpg.Record) -> dict[str, Any]:
    """A dead letter as it is shown, with the event's name instead of its bytes."""
    shown = {key: value for key, value in row.items() if key not in ("data", "consumer")}
    return shown | {"type": from_row(row).envelope.get("type")}
