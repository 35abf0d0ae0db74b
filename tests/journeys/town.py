"""All services at work, and what the people of the company and its customers do there, over HTTP alone."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from tests.house import House, Running, eventually, fine

DATA = Path("deploy/local/data")
SERVICES = ("customers", "orders", "contracts", "complaints", "quality", "staff", "notifications")

# Who holds which post, as in the sample data.
PEOPLE = {
    "salesperson": "u12", "sales_manager": "u09", "sales_director": "u05", "vice_president_sales": "u02",
    "general_manager": "u01", "headquarters": "u03", "auditor": "u04", "seal_keeper": "u21", "finance": "u17",
    "clerk": "u19", "warehouse": "u26", "transport": "u28", "production": "u22", "quality_inspector": "u24",
    "hr": "u30", "service_agent": "u33", "operator": "u37",
}  # fmt: skip

# What the customer tells in confidence; no other service and no bulletin may carry it.
CONTACT = {"name": "梁耀祖", "phone": "13800000037"}

TEMPLATE = {
    "title": "产品销售合同",
    "kind": "sales",
    "clauses": [
        {"number": "1", "heading": "标的", "text": "甲方向乙方供应清单所列产品,用于{project}。"},
        {"number": "2", "heading": "付款", "text": "先款后货:货款到账并经财务确认后发货。"},
    ],
    "slots": [{"name": "project", "type": "text", "title": "用途"}],
}

type Thing = dict[str, Any]


class Town:
    """The services of one house by name, and their visitors."""

    def __init__(self, services: Mapping[str, Running]) -> None:
        self.services = services

    def __getitem__(self, service: str) -> Running:
        return self.services[service]

    def as_(self, post: str, person: str | None = None, **places: Any) -> dict[str, str]:
        """The headers of whoever holds a post."""
        return next(iter(self.services.values())).headers(person or PEOPLE.get(post, "u99"), post, **places)

    async def get(self, service: str, path: str, post: str = "operator", person: str | None = None) -> Any:
        return await self[service].get(path, self.as_(post, person))

    async def post(self, service: str, path: str, post: str, body: Any = None, **more: Any) -> Any:
        return await self[service].post(path, self.as_(post), body, **more)

    async def refused(self, service: str, path: str, post: str, body: Any = None) -> Thing:
        return await self[service].refused(path, self.as_(post), body)

    async def upload(self, service: str, path: str, post: str, name: str, content: bytes) -> Any:
        answer = await self[service].ask("POST", path, self.as_(post), files={"file": (name, content)})
        return fine(answer)

    async def open_shop(self) -> None:
        """Articles with a price book in force."""
        content = (DATA / "articles.xlsx").read_bytes()
        book = await self.upload("orders", "/articles/import", "sales_manager", "articles.xlsx", content)
        await self.post("orders", f"/price-books/{book['id']}/approve", "sales_director")

    async def register(self, owner: str = "u12") -> Thing:
        """A new dealer."""
        code = f"J{uuid4().hex[:10]}"
        body = {
            "code": code, "company": f"{code} 建材经营部", "kind": "dealer", "region": "广东", "level": "A",
            "contact": CONTACT["name"], "phone": CONTACT["phone"], "address": "佛山市", "owner": owner,
        }  # fmt: skip
        registered: Thing = await self.post("customers", "/customers", "clerk", body)
        return registered

    async def dealer(self) -> Thing:
        """A new dealer whom every service that needs to know has heard of."""
        registered = await self.register()
        for service in {"orders", "contracts", "complaints"} & self.services.keys():
            await eventually(lambda service=service: self.knows(service, registered["id"]))  # type: ignore[misc]
        return registered

    async def knows(self, service: str, customer_id: str) -> bool:
        """Whether the dealer has reached a service."""
        query = "SELECT EXISTS (SELECT FROM known_customers WHERE id = $1)"
        return bool(await self[service].pool.fetchval(query, customer_id))

    async def article(self) -> Thing:
        """An article that can be ordered."""
        listed = (await self.get("orders", "/articles?limit=20"))["items"]
        found: Thing = next(article for article in listed if article["in_production"])
        return found

    async def lot(self, article: Thing, quantity: str = "500") -> Thing:
        """A new lot of an article."""
        number = f"J-{uuid4().hex[:10]}"
        row = [number, article["article"], article["colour_number"], article["grade"], quantity, "2026-11-01"]
        text = f"批号,货号,色号,等级,数量,入库日期\n{','.join(row)}\n"
        await self.upload("orders", "/lots/import", "warehouse", "lots.csv", text.encode())
        lots = await self.get("orders", f"/lots?article={article['article']}&limit=200")
        found: Thing = next(lot for lot in lots["items"] if lot["lot"] == number)
        return found

    async def wish(self, dealer: Thing, article: Thing, quantity: str, contract: Thing | None = None) -> Thing:
        """The body of an order, after the dealer has seen the stock and accepted it."""
        body = {"customer_id": dealer["id"], "articles": [article["article"]]}
        position = await self.post("orders", "/stock-positions", "salesperson", body)
        accept = f"/stock-positions/{position['id']}/accept"
        await self.post("orders", accept, "salesperson", {"accepted_by": dealer["company"]})
        return {
            "customer_id": dealer["id"],
            "contract_id": contract and contract["id"],
            "stock_position_id": position["id"],
            "lines": [{"article": article["article"], "quantity": quantity}],
        }

    async def released(
        self, dealer: Thing, article: Thing, quantity: str = "60", contract: Thing | None = None
    ) -> Thing:
        """An order that is paid and may be shipped."""
        wish = await self.wish(dealer, article, quantity, contract)
        order = await self.post("orders", "/orders", "salesperson", wish)
        path = f"/orders/{order['id']}"
        voucher = {"kind": "wire", "amount": order["total"], "account": "6222", "reference": f"REF-{uuid4().hex}"}
        recorded = await self.post("orders", f"{path}/payments", "clerk", voucher)
        await self.post("orders", f"{path}/payments/{recorded['payments'][-1]['id']}/confirm", "finance")
        invoice = {"invoice": f"FP-{uuid4().hex[:8]}", "title": dealer["company"], "issued_on": "2026-11-24"}
        await self.post("orders", f"{path}/invoice", "finance", invoice)
        await self.post("orders", f"{path}/plan-dispatch", "transport", {"planned_on": "2099-01-01", "carrier": "顺丰"})
        released: Thing = await self.post("orders", f"{path}/release", "warehouse")
        return released

    @staticmethod
    def shipment(order: Thing, lot: Thing, certificate: str = "ZB-0") -> Thing:
        """The body of a dispatch: everything from one lot."""
        goods = [{"line": 1, "lot_id": lot["id"], "quantity": order["lines"][0]["quantity"]}]
        return {"goods": goods, "certificate": certificate, "manual": True, "warranty_card": True}

    async def delivered(self, dealer: Thing, article: Thing, lot: Thing, contract: Thing | None = None) -> Thing:
        """An order whose goods, all from one lot, the dealer has."""
        order = await self.released(dealer, article, contract=contract)
        path = f"/orders/{order['id']}"
        await self.post("orders", f"{path}/dispatch", "warehouse", self.shipment(order, lot))
        done: Thing = await self.post("orders", f"{path}/deliver", "transport", {"received_by": "梁耀祖"})
        return done

    async def contract(
        self, dealer: Thing, article: Thing, quantity: str, price: str, terms: Thing = TEMPLATE, **slots: str
    ) -> Thing:
        """A contract that has gone through review and approval, and can be sealed; `slots` are those of its terms."""
        template = terms | {"code": f"J{uuid4().hex[:10]}"}
        drafted = await self.post("contracts", "/templates", "headquarters", template)
        await self.post("contracts", f"/templates/{drafted['id']}/activate", "general_manager")
        line = {"article": article["article"], "specification": article["specification"], "quantity": quantity}
        body = {
            "template_id": drafted["id"],
            "customer_id": dealer["id"],
            "slots": {"project": "祖庙路工程"} | slots,
            "lines": [line | {"price": price, "deliver_by": "2026-12-31"}],
            "valid_until": "2027-06-30",
        }
        contract = await self.post("contracts", "/contracts", "salesperson", body)
        path = f"/contracts/{contract['id']}"
        submitted = await self.post("contracts", f"{path}/submit", "salesperson")
        for department in ("production", "quality_inspector"):
            review = {"line": 1, "can_meet": True, "comment": ""}
            await self.post("contracts", f"{path}/reviews", department, review)
        decision = {"digest": submitted["submission"]["digest"], "comment": ""}
        for post in ("sales_manager", "auditor"):
            approved: Thing = await self.post("contracts", f"{path}/approve", post, decision)
        return approved

    async def seal(self, contract: Thing) -> Thing:
        request = {"copies": 2, "purpose": "交付客户及存档"}
        await self.post("contracts", f"/contracts/{contract['id']}/request-seal", "salesperson", request)
        body = {"copies": 2, "digest": contract["submission"]["digest"]}
        sealed: Thing = await self.post("contracts", f"/contracts/{contract['id']}/seal", "seal_keeper", body)
        return sealed

    @staticmethod
    def grievance(dealer: Thing, order: Thing) -> Thing:
        """The body of a quality complaint with what the slip says."""
        line = order["lines"][0]
        slip = {name: line[name] for name in ("article", "specification", "grade", "colour_number")}
        return {
            "kind": "quality",
            "channel": "web",
            "customer_id": dealer["id"],
            "description": "釉面出现针孔",
            "contact": CONTACT,
            "slip": slip | {"order_number": order["number"], "quantity": "20", "purchased_on": order["placed_at"][:10]},
        }

    async def file(self, body: Thing, post: str = "service_agent", **more: Any) -> Thing:
        filed: Thing = await self.post("complaints", "/complaints", post, body, **more)
        return filed

    async def investigation(self, case: Thing) -> Thing:
        """The investigation of a case, once it has opened."""

        async def opened() -> list[Thing]:
            path = f"/investigations?complaint_id={case['id']}"
            return list((await self.get("quality", path, "quality_inspector"))["items"])

        (found,) = await eventually(opened)
        return await self.investigated(found["id"])

    async def investigated(self, identity: str) -> Thing:
        found: Thing = await self.get("quality", f"/investigations/{identity}", "quality_inspector")
        return found

    async def holds(self, lot: Thing) -> list[str]:
        return list((await self.get("orders", f"/lots/{lot['id']}", "warehouse"))["holds"])

    async def inbox(self, about: str, post: str, person: str | None = None) -> list[str]:
        """The templates of the messages about something in the inbox of a post, or of a person."""
        inbox = await self.get("notifications", "/inbox?limit=200", post, person)
        return [message["template"] for message in inbox["items"] if message["about"] == about]

    async def told(self, template: str, about: str, post: str, person: str | None = None) -> None:
        """Wait until the message is there."""

        async def there() -> bool:
            return template in await self.inbox(about, post, person)

        await eventually(there)

    async def penalties(self, cause_id: str) -> list[Thing]:
        return list((await self.get("staff", f"/penalties?cause_id={cause_id}", "hr"))["items"])

    async def proposed(self, cause_id: str) -> Thing:
        """The one penalty that follows from a cause, once it is proposed."""
        (penalty,) = await eventually(lambda: self.penalties(cause_id))
        return penalty

    async def final(self, penalty: Thing) -> None:
        """The employee has the notice, and the time to appeal is over."""
        path = f"/penalties/{penalty['id']}"

        async def noticed() -> bool:
            return bool((await self.get("staff", path, "hr"))["noticed_at"])

        await eventually(noticed)
        await self["staff"].pool.execute("UPDATE timers SET due_at = now() WHERE owner = $1", UUID(penalty["id"]))

        async def nothing_can_be_said() -> bool:
            return bool((await self.get("staff", path, "hr"))["status"] == "final")

        await eventually(nothing_can_be_said)

    async def employee(self) -> str:
        """The code of a new employee of production."""
        code = f"j{uuid4().hex[:10]}"
        row = [code, "麦伟强", "production", "生产部", "佛山", "", "", "9800.00", "2017-05-08"]
        text = f"工号,姓名,职务,部门,分公司,门店,上级,月薪,入职日期\n{','.join(row)}\n"
        await self.upload("staff", "/employees/import", "hr", "staff.csv", text.encode())
        return code

    async def parked(self, entities: Collection[str]) -> list[str]:
        """What any service could not handle of some entities, with the reason."""
        query = "SELECT subject, error FROM dead_letters WHERE state = 'parked' AND entity_id = ANY($1::uuid[])"
        found = [row for service in self.services.values() for row in await service.pool.fetch(query, list(entities))]
        return [f"{row['subject']}: {row['error']}" for row in found]


async def build(house: House, *services: str) -> Town:
    """A town with these services, or with all of them."""
    return Town({name: await house.service(name) for name in services or SERVICES})
