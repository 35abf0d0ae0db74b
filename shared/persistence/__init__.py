"""Documents, events, timers and idempotency keys in PostgreSQL: one statement per change."""
