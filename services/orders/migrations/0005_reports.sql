-- The sales ledger (销售台帐), its closings, and the daily and monthly reports that freeze it (ORD-15).

-- Up to which day, in Shanghai, nothing is booked any more. One row: whoever books shares it, whoever closes holds it alone.
CREATE TABLE sales_calendar (
    single        boolean PRIMARY KEY DEFAULT true CHECK (single),
    closed_until  date
);
INSERT INTO sales_calendar DEFAULT VALUES;

-- When each day was closed, and which events were to be seen then: with it, where an event is booked follows from the log alone.
CREATE TABLE sales_closings (
    closed_until  date PRIMARY KEY,
    snapshot      pg_snapshot NOT NULL,
    closed_at     timestamptz NOT NULL DEFAULT now(),
    closed_by     text NOT NULL
);

CREATE TABLE sales_entries (
    id             bigint GENERATED ALWAYS AS IDENTITY,
    event_id       uuid NOT NULL,
    part           integer NOT NULL,               -- of the event, from 1: an order is placed with several lines
    happened_at    timestamptz NOT NULL,
    booked_on      date NOT NULL,                  -- the event's day in Shanghai or, if that was closed, the first open one
    kind           text NOT NULL CHECK (kind IN
        ('ordered', 'cancelled', 'expired', 'paid', 'credited', 'reversed', 'refunded', 'dispatched')),
    order_id       uuid NOT NULL,
    number         text NOT NULL,
    line           integer,
    article        text,                           -- none: the entry is about the order's money
    specification  text,
    model          text,
    colour_number  text,
    grade          text,
    quantity       numeric,                        -- in the article's unit; below zero what was given up
    price          numeric,
    amount         numeric NOT NULL,               -- yuan; below zero what was given up, or went back
    customer_id    uuid NOT NULL,
    salesperson    text NOT NULL,
    store          text,
    CONSTRAINT "ORD-15 an event is booked once" PRIMARY KEY (event_id, part)
);
CREATE INDEX sales_entries_by_day ON sales_entries (booked_on, id);
CREATE INDEX sales_entries_by_salesperson ON sales_entries (salesperson, booked_on, id);
CREATE INDEX sales_entries_by_customer ON sales_entries (customer_id, booked_on, id);
CREATE INDEX sales_entries_by_article ON sales_entries (article, booked_on, id) WHERE article IS NOT NULL;
CREATE INDEX sales_entries_by_store ON sales_entries (store, booked_on, id) WHERE store IS NOT NULL;

-- The same by month, so that a year of a million orders is added up from thousands of rows.
CREATE TABLE sales_months (
    dimension  text NOT NULL CHECK (dimension IN ('article', 'store', 'salesperson', 'customer', 'day')),
    key        text NOT NULL,                      -- empty: no store
    month      date NOT NULL,
    kind       text NOT NULL,
    entries    bigint NOT NULL,
    orders     bigint NOT NULL,                    -- entries that are the first of their event
    quantity   numeric NOT NULL,
    amount     numeric NOT NULL,
    PRIMARY KEY (dimension, key, month, kind)
) WITH (fillfactor = 80);
CREATE INDEX sales_months_by_month ON sales_months (dimension, month);

CREATE FUNCTION add_up_the_sales() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM fresh JOIN sales_calendar ON fresh.booked_on <= sales_calendar.closed_until) THEN
        RAISE EXCEPTION 'ORD-15 a closed day takes no entries'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ORD-15 a closed day takes no entries';
    END IF;
    INSERT INTO sales_months (dimension, key, month, kind, entries, orders, quantity, amount)
    SELECT by.dimension, by.key, date_trunc('month', booked_on)::date, kind,
           count(*), count(*) FILTER (WHERE part = 1), coalesce(sum(quantity), 0), sum(amount)
    FROM fresh CROSS JOIN LATERAL (VALUES
        ('article', article), ('store', coalesce(store, '')), ('salesperson', salesperson), ('customer', customer_id::text),
        ('day', booked_on::text)
    ) AS by (dimension, key)
    WHERE by.key IS NOT NULL
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (dimension, key, month, kind) DO UPDATE
    SET entries = sales_months.entries + excluded.entries, orders = sales_months.orders + excluded.orders,
        quantity = sales_months.quantity + excluded.quantity, amount = sales_months.amount + excluded.amount;
    RETURN NULL;
END $$;
CREATE TRIGGER add_up_the_sales AFTER INSERT ON sales_entries
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION add_up_the_sales();

CREATE FUNCTION sales_are_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_ARGV[0];
END $$;
CREATE TRIGGER sales_are_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON sales_entries
    FOR EACH STATEMENT EXECUTE FUNCTION sales_are_never_changed('ORD-15 the sales ledger is only added to');
CREATE TRIGGER closings_are_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON sales_closings
    FOR EACH STATEMENT EXECUTE FUNCTION sales_are_never_changed('ORD-15 a closed day stays closed');

CREATE TABLE sales_reports (
    LIKE documents INCLUDING ALL,
    number     text GENERATED ALWAYS AS (document ->> 'number') STORED NOT NULL,
    kind       text GENERATED ALWAYS AS (document ->> 'kind') STORED NOT NULL,
    begins_on  text GENERATED ALWAYS AS (document ->> 'begins_on') STORED NOT NULL,
    CONSTRAINT "ORD-15 a period is reported once" UNIQUE (kind, begins_on)
);
CREATE UNIQUE INDEX sales_reports_by_number ON sales_reports (number);
-- for each row: a statement of the store's that creates one mentions UPDATE, too
CREATE TRIGGER reports_are_never_changed BEFORE UPDATE OR DELETE ON sales_reports
    FOR EACH ROW EXECUTE FUNCTION sales_are_never_changed('ORD-15 a closed report is frozen');

-- What a report says by day, article, store, salesperson and customer: names and figures as they were when it was closed.
CREATE TABLE sales_report_rows (
    report_id            uuid NOT NULL REFERENCES sales_reports (id),
    by                   text NOT NULL,
    position             integer NOT NULL,
    key                  text NOT NULL,
    name                 text NOT NULL,
    unit                 text NOT NULL,
    lines                bigint NOT NULL,
    orders               bigint NOT NULL,
    ordered_quantity     numeric NOT NULL,
    ordered_amount       numeric NOT NULL,
    given_up_quantity    numeric NOT NULL,
    given_up_amount      numeric NOT NULL,
    dispatched_quantity  numeric NOT NULL,
    dispatched_amount    numeric NOT NULL,
    paid                 numeric NOT NULL,
    given_back           numeric NOT NULL,
    credited             numeric NOT NULL,
    PRIMARY KEY (report_id, by, position)
);
CREATE TRIGGER report_rows_are_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON sales_report_rows
    FOR EACH STATEMENT EXECUTE FUNCTION sales_are_never_changed('ORD-15 a closed report is frozen');

-- The log in the order of time: closing and checking a day reads that day alone.
CREATE INDEX events_by_time ON events USING brin (at) WITH (pages_per_range = 16, autosummarize = on);

-- What an event of an order means to the ledger. All of it is read from the log: the same when it is booked and when it is checked.
CREATE FUNCTION sales_of(told events) RETURNS TABLE (
    part integer, kind text, number text, line integer, article text, specification text, model text, colour_number text,
    grade text, quantity numeric, price numeric, amount numeric, customer_id uuid, salesperson text, store text
) LANGUAGE sql STABLE ROWS 2 AS $$
    SELECT sale.part, sale.kind, placed.said ->> 'number', sale.line, ordered.said ->> 'article',
           ordered.said ->> 'specification', ordered.said ->> 'model', ordered.said ->> 'colour_number',
           ordered.said ->> 'grade', sale.quantity, (ordered.said ->> 'price')::numeric,
           coalesce(sale.amount, round(sale.quantity * (ordered.said ->> 'price')::numeric, 2)),
           (placed.said ->> 'customer_id')::uuid, placed.said ->> 'salesperson', placed.said ->> 'store'
    FROM (
        SELECT split_part(told.subject, '.', 3) AS name, convert_from(told.data, 'UTF8')::jsonb -> 'data' AS said
        OFFSET 0  -- here and below: read once, and not again for every column
    ) AS event
    CROSS JOIN LATERAL (
        SELECT convert_from(first.data, 'UTF8')::jsonb -> 'data' AS said FROM events AS first
        WHERE first.entity_id = told.entity_id AND first.version = 1 AND first.entity = told.entity
          AND first.at <= told.at + interval '1 day'  -- clocks differ; partitions of later months need not be looked at
        OFFSET 0
    ) AS placed
    CROSS JOIN LATERAL (
        SELECT position::integer, CASE event.name WHEN 'placed' THEN 'ordered' ELSE event.name END, position::integer,
               CASE event.name WHEN 'placed' THEN 1 ELSE -1 END * (one ->> 'quantity')::numeric, NULL::numeric
        FROM jsonb_array_elements(placed.said -> 'lines') WITH ORDINALITY AS line (one, position)
        WHERE event.name IN ('placed', 'cancelled', 'expired')
        UNION ALL
        SELECT position::integer, 'dispatched', (one ->> 'line')::integer, (one ->> 'quantity')::numeric, NULL
        FROM jsonb_array_elements(event.said -> 'goods') WITH ORDINALITY AS goods (one, position)
        WHERE event.name = 'shipment_dispatched'
           OR event.name = 'dispatched' AND NOT EXISTS (  -- whole orders left as one before there were shipments
                SELECT FROM events AS earlier
                WHERE earlier.entity_id = told.entity_id AND earlier.version < told.version
                  AND earlier.subject LIKE 'orders.order.shipment\_dispatched.%')
        UNION ALL
        -- credit that pays an order is no new money; what becomes credit stays with us: both are `credited`
        SELECT 1, CASE WHEN event.said ->> 'kind' = 'credit' THEN 'credited' ELSE 'paid' END, NULL, NULL,
               (event.said ->> 'amount')::numeric
        WHERE event.name = 'payment_confirmed'
        UNION ALL
        SELECT 1, CASE WHEN event.said ->> 'kind' = 'credit' THEN 'credited' ELSE 'reversed' END, NULL, NULL,
               -(event.said ->> 'amount')::numeric
        WHERE event.name = 'payment_reversed' AND coalesce((event.said ->> 'counted')::boolean, EXISTS (
                SELECT FROM events AS earlier
                WHERE earlier.entity_id = told.entity_id AND earlier.version < told.version
                  AND earlier.subject LIKE 'orders.order.payment\_confirmed.%'
                  AND convert_from(earlier.data, 'UTF8')::jsonb #>> '{data,payment_id}' = event.said ->> 'payment_id'))
        UNION ALL
        SELECT 2, 'credited', NULL, NULL, (event.said ->> 'recalled')::numeric  -- the customer's account gives it back
        WHERE event.name = 'payment_reversed' AND (event.said ->> 'recalled')::numeric > 0
        UNION ALL
        SELECT 1, 'credited', NULL, NULL, -(event.said ->> 'surplus')::numeric WHERE event.name = 'overpaid'
        UNION ALL
        SELECT 1, CASE WHEN (event.said ->> 'to_credit')::boolean THEN 'credited' ELSE 'refunded' END, NULL, NULL,
               -(event.said ->> 'amount')::numeric
        WHERE event.name = 'refunded'
    ) AS sale (part, kind, line, quantity, amount)
    LEFT JOIN LATERAL (SELECT placed.said -> 'lines' -> (sale.line - 1) AS said OFFSET 0) AS ordered ON true
$$;

-- Where an event belongs: its day or, if closings that could not see it had closed that day, the day after the last of them.
-- What one closing sees all later ones see, so that the first to see it ends the search.
CREATE FUNCTION sales_day(told events) RETURNS date LANGUAGE sql STABLE AS $$
    SELECT greatest((told.at AT TIME ZONE 'Asia/Shanghai')::date, (
        SELECT max(closed_until) + 1 FROM sales_closings
        WHERE closed_until >= (told.at AT TIME ZONE 'Asia/Shanghai')::date
          AND closed_until < coalesce((
            SELECT seeing.closed_until FROM sales_closings AS seeing
            WHERE seeing.closed_until >= (told.at AT TIME ZONE 'Asia/Shanghai')::date
              AND pg_visible_in_snapshot(told.transaction, seeing.snapshot)
            ORDER BY seeing.closed_until LIMIT 1), 'infinity')))
$$;

-- One entry's digest: sha256 of its values as a JSON array, times in UTC.
CREATE FUNCTION sales_digest(
    event_id uuid, part integer, happened_at timestamptz, booked_on date, kind text, order_id uuid, number text,
    line integer, article text, specification text, model text, colour_number text, grade text, quantity numeric,
    price numeric, amount numeric, customer_id uuid, salesperson text, store text
) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(convert_to(jsonb_build_array(
        event_id, part, happened_at AT TIME ZONE 'UTC', booked_on, kind, order_id, number, line, article, specification,
        model, colour_number, grade, quantity, price, amount, customer_id, salesperson, store)::text, 'UTF8'))
$$;
