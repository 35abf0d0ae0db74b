"""Where goods are, as orders tells: the writes of that read model, and its reads (QUA-1, QUA-6)."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from shared.persistence.pool import Reader
from shared.web.paging import FIRST, Page

KNOW_ORDER = """
INSERT INTO known_orders (order_id, number, customer_id) VALUES ($1, $2, $3) ON CONFLICT (order_id) DO NOTHING
"""

# Of a lot that an order names we do not learn colour number and grade; they stay where its receipt told them.
KNOW_LOT = """
INSERT INTO known_lots (lot_id, lot, article, colour_number, grade) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (lot_id) DO UPDATE
SET colour_number = coalesce(excluded.colour_number, known_lots.colour_number),
    grade = coalesce(excluded.grade, known_lots.grade)
"""

FREE = "DELETE FROM allocated_goods WHERE order_id = $1"

ALLOCATE = """
INSERT INTO allocated_goods (order_id, line, lot_id, quantity) VALUES ($1, $2, $3, $4)
ON CONFLICT (order_id, line, lot_id) DO UPDATE SET quantity = allocated_goods.quantity + excluded.quantity
"""

TAKE_AWAY = """
UPDATE allocated_goods SET quantity = greatest(quantity - $4, 0) WHERE order_id = $1 AND line = $2 AND lot_id = $3
"""

DISPATCH = """
INSERT INTO shipments (shipment_id, order_id, shipment, certificate, certified, dispatched_at)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (shipment_id) DO NOTHING
"""

SHIP = """
INSERT INTO shipped_goods (shipment_id, line, lot_id, quantity) VALUES ($1, $2, $3, $4)
ON CONFLICT (shipment_id, line, lot_id) DO UPDATE SET quantity = shipped_goods.quantity + excluded.quantity
"""

DELIVER = "UPDATE shipments SET delivered_at = $2 WHERE shipment_id = $1"

# Every place where goods of the lots, or of the order, are, the ones that can still be stopped first.
UNDER_WAY = """
SELECT known_orders.number AS order_number, goods.order_id, known_orders.customer_id, goods.lot_id, known_lots.lot,
       goods.quantity::text AS quantity, goods.state, goods.shipment, goods.dispatched_at, goods.delivered_at
FROM (
    SELECT order_id, lot_id, sum(quantity) AS quantity, 'allocated' AS state, NULL::integer AS shipment,
           NULL::timestamptz AS dispatched_at, NULL::timestamptz AS delivered_at
    FROM allocated_goods WHERE (lot_id = ANY($1::uuid[]) OR order_id = $3::uuid) AND quantity > 0
    GROUP BY order_id, lot_id
    UNION ALL
    SELECT order_id, lot_id, sum(quantity), CASE WHEN delivered_at IS NULL THEN 'under_way' ELSE 'delivered' END,
           shipment, dispatched_at, delivered_at
    FROM shipments JOIN shipped_goods ON shipped_goods.shipment_id = shipments.shipment_id
    WHERE lot_id = ANY($1::uuid[]) OR order_id = $3
    GROUP BY shipments.shipment_id, lot_id
) AS goods
LEFT JOIN known_orders USING (order_id) LEFT JOIN known_lots USING (lot_id)
ORDER BY array_position(ARRAY['allocated', 'under_way', 'delivered'], goods.state), known_orders.number, goods.shipment,
         known_lots.lot
LIMIT $2
"""

SHIPMENTS = """
SELECT shipment_id AS id, (to_jsonb(shipments) || jsonb_build_object('order_number', known_orders.number))::text
    AS document
FROM shipments LEFT JOIN known_orders USING (order_id)
WHERE ($1::uuid = $4 OR (dispatched_at, shipment_id) <
           (SELECT dispatched_at, shipment_id FROM shipments WHERE shipment_id = $1))
  AND ($3::boolean IS NULL OR certified = $3) AND ($5::text IS NULL OR known_orders.number = $5)
ORDER BY dispatched_at DESC, shipment_id DESC LIMIT $2
"""

ORDER_OF = "SELECT order_id FROM known_orders WHERE number = $1"

MOST = 1_000  # places of goods shown at once


async def under_way(reader: Reader, lot_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Where goods of these lots are: allocated, under way, delivered (QUA-1)."""
    return await reader.fetch(UNDER_WAY, list(lot_ids), MOST, None)


async def of_order(reader: Reader, number: str) -> list[asyncpg.Record]:
    """Where the goods of an order are, as far as orders has told (QUA-6)."""
    order_id = await reader.fetchval(ORDER_OF, number)
    return await reader.fetch(UNDER_WAY, [], MOST, order_id) if order_id else []


async def shipments(
    reader: Reader, page: Page, *, certified: bool | None, order_number: str | None
) -> list[asyncpg.Record]:
    """The last to leave first, one more than the page shows (QUA-6)."""
    return await reader.fetch(SHIPMENTS, page.before, page.fetch, certified, FIRST, order_number)
