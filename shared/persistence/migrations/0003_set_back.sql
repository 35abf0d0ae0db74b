-- A row: the stream holds events that this log does not, or the log has just been restored and not been compared yet.
-- While it stands, the service answers questions, and takes no commands, hears nothing and lets no deadline pass.

CREATE TABLE set_back (
    stream  text PRIMARY KEY,
    why     text NOT NULL,
    since   timestamptz NOT NULL DEFAULT now()
);
