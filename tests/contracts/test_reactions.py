"""What contracts does about what it hears."""

from uuid import uuid4

from shared.events.customers import CustomerOwnerChanged, CustomerRegistered
from tests.contracts.conftest import Office
from tests.hearing import tell
from tests.house import Running


def registered(owner: str = "u1", company: str = "佛山陶瓷") -> CustomerRegistered:
    return CustomerRegistered(code="D1", company=company, kind="dealer", region="广东", level="A", owner=owner)


async def test_contracts_are_drawn_up_for_customers_it_has_heard_of(contracts: Running, desk: Office) -> None:
    """CON-1"""
    customer = uuid4()
    body = await desk.body(customer_id=str(customer))
    problem = await contracts.refused("/contracts", desk.seller, body)
    assert (problem["status"], problem["code"]) == (404, "not_found")
    await tell(contracts, registered(), customer)
    contract = await contracts.post("/contracts", desk.seller, body)
    assert contract["customer_id"] == str(customer)
    text = await contracts.get(f"/contracts/{contract['id']}/text", desk.seller)
    assert text["customer"] == "佛山陶瓷"


async def test_a_customers_new_salesperson_sees_the_contracts(contracts: Running, desk: Office) -> None:
    """PLT-3"""
    customer = uuid4()
    await tell(contracts, registered(owner="u21"), customer)
    contract = await desk.drafted(customer_id=str(customer))
    path = f"/contracts/{contract['id']}"
    before, after = contracts.headers("u21", "salesperson"), contracts.headers("u22", "salesperson")
    assert (await contracts.ask("GET", path, before)).status_code == 200
    assert (await contracts.ask("GET", path, after)).status_code == 403
    await tell(contracts, CustomerOwnerChanged(code="D1", owner="u22"), customer, 2)
    assert (await contracts.ask("GET", path, before)).status_code == 403
    assert (await contracts.ask("GET", path, after)).status_code == 200


async def test_an_event_that_comes_twice_or_early_leaves_the_same_rows(contracts: Running) -> None:
    """PLT-2"""
    customer = uuid4()
    await tell(contracts, CustomerOwnerChanged(code="D1", owner="u32"), customer, 2)
    await tell(contracts, registered(owner="u31"), customer)
    await tell(contracts, registered(owner="u31"), customer)
    row = await contracts.pool.fetchrow("SELECT company, owner FROM known_customers WHERE id = $1", customer)
    assert tuple(row) == ("佛山陶瓷", "u32")
