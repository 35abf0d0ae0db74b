"""A year of orders, straight into the tables of orders: `python -m bench.filling postgresql://… 20000`.

Documents come from the domain, one for each status, and are varied by SQL; what follows from them stands in the sales
ledger. Events are left out: everything can be listed, searched and reported, nothing be proved from the log.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime
from decimal import Decimal

import asyncpg

from bench.figures import show
from services.orders.domain.article import Article
from services.orders.domain.order import Order
from services.orders.domain.paid_order import OrderStatus
from services.orders.domain.payment import PaymentKind
from services.orders.domain.stock_position import Available, StockPosition
from shared.domain.actor import Actor
from shared.domain.policy import Policy
from shared.events.envelope import new_id
from shared.events.orders import OrderedLine
from shared.persistence.pool import Connection

ORDERS = 1_000_000
AT_ONCE = 20_000
DAYS = 365
SALESPEOPLE, STORES, ARTICLES = 50, 20, 60
ORDERS_A_CUSTOMER = 200

CUSTOMERS_SQL = """
INSERT INTO known_customers (id, code, company, owner)
SELECT md5('customer ' || n)::uuid, 'F' || lpad(n::text, 6, '0'), '佛山市样板建材经营部' || n || '号',
       'u' || 100 + n % $2::integer
FROM generate_series(0, $1::integer - 1) AS n ON CONFLICT DO NOTHING
"""

ARTICLES_SQL = """
INSERT INTO articles (id, version, document, digest)
SELECT md5('article ' || n)::uuid, 1,
       $2::jsonb || jsonb_build_object('id', md5('article ' || n)::uuid, 'article', 'F' || lpad(n::text, 5, '0')), ''
FROM generate_series(0, $1::integer - 1) AS n ON CONFLICT (id) DO NOTHING
"""

# Order n of $1 … $2 was placed n/$3 of the way through the days before now. Random, but the same in every run.
ORDERS_SQL = """
INSERT INTO orders (id, version, document, digest, created_at, updated_at)
SELECT id, 4, templates -> status || jsonb_build_object(
           'id', id,
           'number', 'DH' || to_char(at AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDD') || '-'
               || upper(lpad(to_hex(n), 8, '0')),
           'customer_id', md5('customer ' || customer)::uuid, 'salesperson', 'u' || 100 + customer % $5::integer,
           'store', 'S' || customer % $6::integer, 'placed_at', said, 'lines', lines, 'total', total::text,
           'confirmed', CASE WHEN paid THEN total ELSE 0.00 END::text,
           'released_against', CASE WHEN left_us THEN total ELSE 0.00 END::text,
           'payments', CASE WHEN paid THEN jsonb_build_array(templates #> '{paid,payments,0}' || jsonb_build_object(
               'id', md5('payment ' || n)::uuid, 'reference', 'F' || n, 'amount', total::text, 'recorded_at', said,
               'confirmed_at', said)) ELSE '[]' END,
           'goods', CASE WHEN left_us AND status <> 'released' THEN goods ELSE '[]' END),
       '', at, at
FROM (
    SELECT n, at, templates, status, customer, paid, status IN ('released', 'dispatched', 'delivered') AS left_us,
           to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS said,
           (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8'
            || substr(md5('order ' || n), 1, 15))::uuid AS id
    FROM (
        SELECT n, $7::jsonb AS templates, now() - make_interval(secs => ($3 - n) * ($4 * 86400.0 / $3)) AS at,
               status, (hashint4(n) & 2147483647) % $8::integer AS customer,
               status IN ('paid', 'released', 'dispatched', 'delivered') AS paid
        FROM generate_series($1::integer, $2::integer) AS n
        CROSS JOIN LATERAL (SELECT (hashint4(n + 7) & 2147483647) % 100 AS dice) AS thrown
        CROSS JOIN LATERAL (SELECT CASE
            WHEN n > $3 * 0.98 AND dice < 60 THEN 'awaiting_payment'
            WHEN dice < 3 THEN 'expired' WHEN dice < 7 THEN 'cancelled' WHEN dice < 9 THEN 'awaiting_payment'
            WHEN dice < 13 THEN 'paid' WHEN dice < 16 THEN 'released' WHEN dice < 22 THEN 'dispatched'
            ELSE 'delivered' END AS status) AS chosen
    ) AS thrown
) AS placed
CROSS JOIN LATERAL (
    SELECT jsonb_agg(templates #> '{paid,lines,0}' || jsonb_build_object(
               'article', article, 'quantity', quantity::text, 'price', price::text) ORDER BY line) AS lines,
           jsonb_agg(jsonb_build_object('line', line, 'article', article, 'lot_id', md5('lot ' || article)::uuid,
               'lot', 'L' || article, 'quantity', quantity::text) ORDER BY line) AS goods,
           sum(round(quantity * price, 2)) AS total
    FROM (
        SELECT line, 'F' || lpad(kind::text, 5, '0') AS article, (20 + kind * 3)::numeric(12, 2) AS price,
               (1 + (hashint4(n * 5 + line) & 2147483647) % 200)::numeric(12, 2) AS quantity
        FROM generate_series(1, 1 + n % 3) AS line
        CROSS JOIN LATERAL (SELECT (hashint4(n * 3 + line) & 2147483647) % $9::integer AS kind) AS chosen
    ) AS line
) AS wanted
"""

ENTRIES_SQL = """
INSERT INTO sales_entries (event_id, part, happened_at, booked_on, kind, order_id, number, line, article, specification,
                           model, colour_number, grade, quantity, price, amount, customer_id, salesperson, store)
SELECT md5(told.kind || kept.id)::uuid, coalesce(line.line, 1), told.at, (told.at AT TIME ZONE 'Asia/Shanghai')::date,
       told.kind, kept.id, kept.number, line.line, line.said ->> 'article', line.said ->> 'specification',
       line.said ->> 'model', line.said ->> 'colour_number', line.said ->> 'grade', told.sign * line.quantity,
       line.price, coalesce(told.sign * round(line.quantity * line.price, 2), kept.total), kept.customer_id,
       kept.salesperson, kept.document ->> 'store'
FROM orders AS kept
CROSS JOIN LATERAL (VALUES
    ('ordered', kept.created_at, 1, true),
    ('paid', kept.created_at + interval '1 day', NULL, kept.confirmed > 0),
    ('dispatched', kept.created_at + interval '4 days', 1, kept.status IN ('dispatched', 'delivered')),
    (kept.status, kept.created_at + interval '7 days', -1, kept.status IN ('cancelled', 'expired'))
) AS told (kind, at, sign, happened)
LEFT JOIN LATERAL (
    SELECT line::integer, said, (said ->> 'quantity')::numeric AS quantity, (said ->> 'price')::numeric AS price
    FROM jsonb_array_elements(kept.document -> 'lines') WITH ORDINALITY AS line (said, line)
) AS line ON told.sign IS NOT NULL
WHERE told.happened AND told.at <= now() AND kept.id BETWEEN $1 AND $2
ORDER BY told.at, kept.id, told.kind, line.line
"""


def templates() -> dict[str, Order]:
    """An order as it is in each status: its document is what a million are varied from."""
    at, by = datetime.now(UTC), Actor(id="u100")
    line = OrderedLine(
        article="F00000", specification="800x800x10 mm", model="MB-8801", grade="优等品", colour_number="A1",
        quantity=Decimal(10), price=Decimal("88.00"), authority="price book JG20261124-00000000",
    )  # fmt: skip
    customer, policy = new_id(), Policy.read()

    def placed() -> Order:
        position = StockPosition.show(new_id(), customer, [Available(article="F00000", available=Decimal(0))], by, at)
        position.accept("Wang", at)
        return Order.place(
            new_id(), customer_id=customer, contract_id=None, position=position, lines=[line], requirements="",
            salesperson="u100", policy=policy, by=by, at=at,
        )  # fmt: skip

    def paid() -> Order:
        order, payment = placed(), new_id()
        order.record_payment(payment, PaymentKind.WIRE, order.total, "6222", "F", Actor(id="u19"), at)
        order.confirm_payment(payment, Actor(id="u17"), at)
        return order

    def released() -> Order:
        order = paid()
        order.release(Actor(id="u26"), at)
        return order

    made = {"awaiting_payment": placed(), "paid": paid(), "cancelled": placed(), "expired": placed()}
    made["cancelled"].cancel("no need", by, at)
    made["expired"].expire(at)
    made |= {status: released() for status in ("released", "dispatched", "delivered")}
    return made


async def fill(connection: Connection, orders: int = ORDERS) -> None:
    """So many orders over the last year, 200 a customer, with 50 salespeople, 20 stores and 60 articles."""
    started, customers = time.perf_counter(), max(SALESPEOPLE, orders // ORDERS_A_CUSTOMER)
    documents = ",".join(
        f'"{status}":{order.model_copy(update={"status": OrderStatus(status), "version": 4}).model_dump_json()}'
        for status, order in templates().items()
    )
    article = Article.enter(
        "F00000", name="玉石瓷砖", specification="800x800x10 mm", model="MB-8801", grade="优等品", colour_number="A1",
        unit="m²", standard="GB/T 4100-2015", in_production=True,
    )  # fmt: skip
    await connection.execute(CUSTOMERS_SQL, customers, SALESPEOPLE)
    await connection.execute(ARTICLES_SQL, ARTICLES, article.model_dump_json())
    for first in range(1, orders + 1, AT_ONCE):
        last = min(first + AT_ONCE - 1, orders)
        await connection.execute(
            ORDERS_SQL,
            first,
            last,
            orders,
            DAYS,
            SALESPEOPLE,
            STORES,
            f"{{{documents}}}",
            customers,
            ARTICLES,
            timeout=600,
        )
    ids = [row["id"] for row in await connection.fetch("SELECT id FROM orders ORDER BY id")]
    for first in range(0, len(ids), AT_ONCE):
        part = ids[first : first + AT_ONCE]
        await connection.execute(ENTRIES_SQL, part[0], part[-1], timeout=600)
    await connection.execute(
        "VACUUM ANALYZE orders, sales_entries, sales_months, known_customers, articles", timeout=600
    )
    entries = await connection.fetchval("SELECT count(*) FROM sales_entries")
    show("filled", unit="orders", ours=orders, entries=entries, seconds=round(time.perf_counter() - started))


async def main(url: str, orders: int) -> None:
    connection = await asyncpg.connect(url, command_timeout=3600)
    try:
        await fill(connection, orders)
    finally:
        await connection.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else ORDERS))
