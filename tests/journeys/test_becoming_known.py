"""A dealer and a contract become known to whoever needs them, without any service calling another."""

from decimal import Decimal

from tests.house import eventually
from tests.journeys.town import Town


async def test_a_registered_customer_becomes_known_to_orders_contracts_and_complaints(town: Town) -> None:
    """CUS-1, PLT-1: orders are written, contracts drawn up and complaints taken in for registered customers only."""
    dealer = await town.register(owner="u12")
    for service in ("orders", "contracts", "complaints"):
        await eventually(lambda service=service: town.knows(service, dealer["id"]))  # type: ignore[misc]
        row = await town[service].pool.fetchrow("SELECT code, owner FROM known_customers WHERE id = $1", dealer["id"])
        assert tuple(row) == (dealer["code"], "u12")


async def test_a_customer_given_to_another_salesperson_is_theirs_everywhere(town: Town) -> None:
    """CUS-1: who looks after a customer is one and the same for every service."""
    dealer = await town.dealer()
    await town.post("customers", f"/customers/{dealer['id']}/owner", "sales_manager", {"owner": "u13"})
    for service in ("orders", "contracts", "complaints"):

        async def moved(service: str = service) -> bool:
            query = "SELECT owner = 'u13' FROM known_customers WHERE id = $1"
            return bool(await town[service].pool.fetchval(query, dealer["id"]))

        await eventually(moved)


async def test_nothing_is_ordered_under_a_contract_before_the_seal_and_all_it_leaves_open_after(town: Town) -> None:
    """CON-5, ORD-3, ORD-19: a sealed contract can be ordered under, at its own price, up to its quantity."""
    dealer, article = await town.dealer(), await town.article()
    contract = await town.contract(dealer, article, quantity="100", price="12.34")
    wish = await town.wish(dealer, article, "60", contract)
    assert (await town.refused("orders", "/orders", "salesperson", wish))["code"] == "not_found"
    await town.seal(contract)

    async def ordered() -> bool:
        answer = await town["orders"].ask("POST", "/orders", town.as_("salesperson"), json=wish)
        return answer.status_code == 201

    await eventually(ordered)
    (order,) = (await town.get("orders", f"/orders?customer_id={dealer['id']}", "sales_manager"))["items"]
    assert order["lines"][0]["price"] == "12.34"
    assert Decimal(order["total"]) == Decimal("12.34") * 60
    more = await town.wish(dealer, article, "41", contract)
    assert (await town.refused("orders", "/orders", "salesperson", more))["rule"] == "ORD-19"


async def test_the_departments_are_told_of_a_contract_that_takes_effect(town: Town) -> None:
    """CON-11, NOT-1."""
    contract = await town.seal(await town.contract(await town.dealer(), await town.article(), "10", "12.34"))
    for post in ("production", "warehouse", "finance"):
        await town.told("contract_took_effect", contract["id"], post)


async def test_an_ended_contract_is_not_ordered_under_any_more(town: Town) -> None:
    """ORD-19: no order under a contract not in force."""
    dealer, article = await town.dealer(), await town.article()
    contract = await town.seal(await town.contract(dealer, article, quantity="100", price="12.34"))
    path = f"/contracts/{contract['id']}/end"
    await town.post("contracts", path, "sales_manager", {"reason": "terminated"})
    wish = await town.wish(dealer, article, "1", contract)

    async def refused() -> bool:
        answer = await town["orders"].ask("POST", "/orders", town.as_("salesperson"), json=wish)
        return answer.status_code == 422 and answer.json()["rule"] == "ORD-19"

    await eventually(refused)


async def test_what_a_customer_buys_and_complains_of_stands_in_their_file(town: Town) -> None:
    """CUS-1, ORD-14: purchase and service records follow from events."""
    dealer, article = await town.dealer(), await town.article()
    order = await town.delivered(dealer, article, await town.lot(article))
    case = await town.file(town.grievance(dealer, order))

    async def entered() -> bool:
        records = await town.get("customers", f"/customers/{dealer['id']}/records", "sales_manager")
        purchases = [record["number"] for record in records["purchases"] if record["delivered_at"]]
        service = [record["number"] for record in records["service_records"]]
        return purchases == [order["number"]] and service == [case["number"]]

    await eventually(entered)
