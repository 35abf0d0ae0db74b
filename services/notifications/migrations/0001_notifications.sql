-- Documents of notifications. Columns are generated from the document: what is searched, sorted or must never be broken.

CREATE TABLE messages (
    LIKE documents INCLUDING ALL,
    arrived          xid8 NOT NULL DEFAULT pg_current_xact_id(),  -- what a live stream has not seen yet, however late it commits
    status           text GENERATED ALWAYS AS (document ->> 'status') STORED NOT NULL,
    recipient_kind   text GENERATED ALWAYS AS (document -> 'recipient' ->> 'kind') STORED NOT NULL,
    recipient_key    text GENERATED ALWAYS AS (document -> 'recipient' ->> 'key') STORED NOT NULL,
    cause_id         uuid GENERATED ALWAYS AS ((document ->> 'cause_id')::uuid) STORED NOT NULL,
    about            uuid GENERATED ALWAYS AS ((document ->> 'about')::uuid) STORED NOT NULL,
    acknowledged_by  text GENERATED ALWAYS AS (document ->> 'acknowledged_by') STORED,
    CONSTRAINT "NOT-1 a message is for a post, a person or a customer"
        CHECK (recipient_kind IN ('post', 'person', 'customer') AND recipient_key <> ''),
    CONSTRAINT "NOT-3 once per recipient and cause" UNIQUE (cause_id, recipient_kind, recipient_key),
    CONSTRAINT "NOT-5 an acknowledgement says whose it is" CHECK ((status = 'acknowledged') = (acknowledged_by IS NOT NULL))
);
CREATE INDEX messages_by_recipient ON messages (recipient_kind, recipient_key, id);
CREATE INDEX messages_unread ON messages (recipient_kind, recipient_key, id) WHERE status = 'delivered';
CREATE INDEX messages_by_about ON messages (about, id);
CREATE INDEX messages_by_arrival ON messages (arrived);

CREATE TABLE bulletins (
    LIKE documents INCLUDING ALL,
    -- ISO 8601 in UTC sorts as text; a cast to timestamptz is not immutable
    published_at  text GENERATED ALWAYS AS (document ->> 'published_at') STORED NOT NULL,
    penalty_id    uuid GENERATED ALWAYS AS ((document ->> 'penalty_id')::uuid) STORED,
    CONSTRAINT "NOT-4 one bulletin per penalty" UNIQUE (penalty_id)
);
CREATE INDEX bulletins_by_time ON bulletins (published_at, id);

CREATE TABLE read_receipts (
    LIKE documents INCLUDING ALL,
    bulletin_id  uuid GENERATED ALWAYS AS ((document ->> 'bulletin_id')::uuid) STORED NOT NULL REFERENCES bulletins,
    reader       text GENERATED ALWAYS AS (document ->> 'reader') STORED NOT NULL,
    read_at      text GENERATED ALWAYS AS (document ->> 'read_at') STORED NOT NULL,
    -- deferrable: of two who enter the same at once the id decides, which the store takes for "changed meanwhile"
    CONSTRAINT "NOT-4 one receipt per bulletin and reader" UNIQUE (bulletin_id, reader) DEFERRABLE
);
CREATE INDEX read_receipts_by_time ON read_receipts (bulletin_id, read_at, id);
