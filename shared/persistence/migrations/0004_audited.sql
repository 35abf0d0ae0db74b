-- How far the stream was found to hold the log: the next audit goes on from there.

ALTER TABLE relay_state
    ADD COLUMN audited_seq   bigint NOT NULL DEFAULT 0,   -- up to this log number, everything is in the stream
    ADD COLUMN audited_place bigint NOT NULL DEFAULT 0,   -- what has a higher number lies behind this message
    ADD COLUMN audited_round integer NOT NULL DEFAULT 0;  -- counted anew when the stream is refilled
