-- Goods: set aside for one order only, shipped in parts with their papers, and every paper kept.

-- What left in one piece before shipments were kept is one shipment.
UPDATE orders SET document = document || jsonb_build_object(
    'shipments', jsonb_build_array(jsonb_build_object(
        'id', gen_random_uuid(), 'number', 1, 'delivery_order', document -> 'delivery_order',
        'goods', document -> 'goods', 'certificate', document -> 'certificate',
        'certificate_link', '/v1/certificates/' || (document ->> 'certificate'),
        'invoice', null, 'manual', false, 'warranty_card', false, 'plan', null,
        'released_against', document -> 'released_against', 'dispatched_by', document -> 'dispatched_by',
        'dispatched_at', document -> 'dispatched_at', 'delivered_at', document -> 'delivered_at',
        'received_by', document -> 'received_by')))
WHERE status IN ('dispatched', 'delivered');

-- Money that became credit or went back covers nothing any more; and every shipment says which money covered it.
ALTER TABLE orders
    ADD COLUMN credited numeric GENERATED ALWAYS AS (coalesce((document ->> 'credited')::numeric, 0)) STORED NOT NULL,
    ADD COLUMN refunded numeric GENERATED ALWAYS AS (coalesce((document ->> 'refunded')::numeric, 0)) STORED NOT NULL,
    ADD COLUMN own_reference text GENERATED ALWAYS AS (document ->> 'reference') STORED,
    DROP CONSTRAINT "ORD-9 payment first, goods after",
    ADD CONSTRAINT "ORD-9 payment first, goods after" CHECK (
        CASE status
            WHEN 'released' THEN confirmed - credited - refunded >= total AND released_against >= total
            WHEN 'dispatched' THEN released_against >= total
            WHEN 'delivered' THEN released_against >= total
            ELSE true
        END
        AND NOT jsonb_path_exists(document, '$.shipments[*] ? (@.released_against.decimal() < $.total.decimal())'));

CREATE UNIQUE INDEX "ORD-5 a customer's own order number is used once" ON orders (own_reference, customer_id)
    WHERE own_reference IS NOT NULL;

-- Every list is read newest first, whatever it is searched by: status first, so that one status or all of them (a merge)
-- are read in the order of the index (`views/search.py`).
DROP INDEX orders_by_status, orders_by_customer, orders_by_salesperson;
CREATE INDEX orders_by_status ON orders (status, id);
CREATE INDEX orders_by_customer ON orders (customer_id, status, id DESC);
CREATE INDEX orders_by_salesperson ON orders (salesperson, status, id DESC);
-- A number is found by its beginning too, whatever the database's collation.
DROP INDEX orders_by_number;
CREATE UNIQUE INDEX orders_by_number ON orders (number text_pattern_ops);

-- How much of a lot is promised to orders: no more than there is, and kept by the orders themselves. An order is
-- locked before its lots, and lots are locked in the order of their ids, here and in `views/stock.py`.
ALTER TABLE lots
    ADD COLUMN allocated numeric NOT NULL DEFAULT 0.00,
    DROP CONSTRAINT "ORD-12 no lot gives more than it holds",
    ADD CONSTRAINT "ORD-12 no lot gives more than it holds" CHECK (stock >= 0),
    ADD CONSTRAINT "ORD-12 no lot is promised twice" CHECK (allocated BETWEEN 0 AND stock);
CREATE INDEX lots_in_stock ON lots (article) WHERE stock > 0;

CREATE FUNCTION keep_lots_allocated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved record;
BEGIN
    FOR moved IN
        SELECT lot_id, sum(quantity) AS quantity
        FROM (
            SELECT (goods ->> 'lot_id')::uuid AS lot_id, (goods ->> 'quantity')::numeric AS quantity
            FROM jsonb_array_elements(NEW.document -> 'allocations') AS goods
            UNION ALL
            SELECT (goods ->> 'lot_id')::uuid, - (goods ->> 'quantity')::numeric
            FROM jsonb_array_elements(OLD.document -> 'allocations') AS goods
        ) AS goods
        GROUP BY lot_id HAVING sum(quantity) <> 0 ORDER BY lot_id
    LOOP
        UPDATE lots SET allocated = allocated + moved.quantity
        WHERE id = moved.lot_id AND (status = 'in_stock' OR moved.quantity < 0);
        IF NOT FOUND THEN
            RAISE EXCEPTION 'lot % is on hold, or there is none', moved.lot_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ORD-12 goods on hold are not set aside';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_lots_allocated AFTER UPDATE ON orders FOR EACH ROW
    WHEN (NEW.document -> 'allocations' IS DISTINCT FROM OLD.document -> 'allocations')
    EXECUTE FUNCTION keep_lots_allocated();
CREATE TRIGGER keep_lots_allocated_of_new AFTER INSERT ON orders FOR EACH ROW
    WHEN (jsonb_array_length(NEW.document -> 'allocations') > 0)
    EXECUTE FUNCTION keep_lots_allocated();

CREATE TABLE order_documents (
    LIKE documents INCLUDING ALL,
    order_id  uuid GENERATED ALWAYS AS ((document ->> 'order_id')::uuid) STORED NOT NULL REFERENCES orders (id)
);
CREATE INDEX order_documents_by_order ON order_documents (order_id, id DESC);

CREATE TABLE order_files (
    document_id  uuid PRIMARY KEY REFERENCES order_documents (id),
    content      bytea NOT NULL
);
-- What is filed is compressed already.
ALTER TABLE order_files ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE FUNCTION nothing_is_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'nothing in the archive is deleted (CON-8)'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'CON-8 nothing in the archive is deleted';
END $$;
CREATE TRIGGER nothing_is_deleted BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION nothing_is_deleted();
CREATE TRIGGER nothing_is_truncated BEFORE TRUNCATE ON orders EXECUTE FUNCTION nothing_is_deleted();
CREATE TRIGGER nothing_is_deleted BEFORE DELETE ON order_documents FOR EACH ROW EXECUTE FUNCTION nothing_is_deleted();
CREATE TRIGGER nothing_is_truncated BEFORE TRUNCATE ON order_documents EXECUTE FUNCTION nothing_is_deleted();
CREATE TRIGGER nothing_is_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON order_files EXECUTE FUNCTION nothing_is_deleted();
