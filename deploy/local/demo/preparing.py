"""Part 1: the article list, the dealers and the staff come in from files."""

from deploy.local.demo.cast import Cast
from deploy.local.demo.visitors import eventually

IMPORTS = (
    # service, path, who, the file, the same file with wrong rows, rules
    ("staff", "/employees/import", "u30", "staff.csv", "staff-with-errors.csv", "STF-1"),
    ("customers", "/customers/import", "u19", "dealers.csv", "dealers-with-errors.csv", "CUS-1"),
    ("orders", "/articles/import", "u09", "articles.xlsx", "articles-with-errors.xlsx", "ORD-1"),
)


async def prepare(cast: Cast) -> None:
    """Nothing of a file with a wrong row is taken in; every error is named by line and column."""
    account, visitors = cast.account, cast.visitors
    account.chapter("1. Articles, dealers and staff come in from files")
    for service, path, who, good, bad, rules in IMPORTS:
        problem = (await visitors.upload(service, path, who, bad)).json()
        errors = problem.get("errors", [])
        for error in errors[:2]:
            account.tell(f"{bad}: row {error.get('row')}, column {error.get('column')}: {error['detail']}")
        listed = await visitors.get(service, path.removesuffix("/import"), who)
        account.expect(
            f"{bad} is refused as a whole: {len(errors)} wrong cells named, nothing imported",
            errors and all(error.get("row") for error in errors) and not listed["items"],
            rules,
            problem,
        )
        answer = await visitors.upload(service, path, who, good)
        account.expect(f"{good} is imported by {visitors.name(who)}", answer.status_code == 201, rules, answer.text)
        if service == "orders":
            cast.contract["book"] = answer.json()
    await _prices(cast)
    await _stock(cast)
    cast.dealers = (await visitors.get("customers", "/customers?limit=100", "u09"))["items"]
    account.expect("30 dealers are registered", len(cast.dealers) == 30, "CUS-1", len(cast.dealers))
    staff = await visitors.get("staff", "/employees?limit=100", "u30")
    account.expect("40 employees hold their posts", len(staff["items"]) == 40, "STF-1", len(staff["items"]))


async def _prices(cast: Cast) -> None:
    account, visitors, book = cast.account, cast.visitors, cast.contract.pop("book")
    articles = await visitors.get("orders", "/articles?limit=200", "u12")
    more = await visitors.get("orders", f"/articles?limit=200&after={articles['next']}", "u12")
    cast.articles = articles["items"] + more["items"]
    account.expect(f"{len(cast.articles)} articles are listed", len(cast.articles) >= 200, "ORD-1", len(cast.articles))
    approve = f"/price-books/{book['id']}/approve"
    problem = await visitors.refused("orders", approve, "u09")
    account.expect("who drafted the price book cannot approve it", problem.get("status") == 403, "ORD-2", problem)
    book = await visitors.post("orders", approve, "u05")
    account.expect(f"price book {book['number']} is in force", book["status"] == "in_force", "ORD-2", book["status"])


async def _stock(cast: Cast) -> None:
    answer = await cast.visitors.upload("orders", "/lots/import", "u26", "stock.csv")
    cast.account.expect("the warehouse's lots are received", answer.status_code == 201, "ORD-12", answer.text)

    async def known() -> bool:
        dealer = (await cast.visitors.get("customers", "/customers?limit=1", "u09"))["items"][0]
        body = {"customer_id": dealer["id"], "articles": [cast.articles[0]["article"]]}
        shown = await cast.visitors.ask("POST", "orders", "/stock-positions", "u12", json=body)
        return shown.status_code == 201

    heard = await eventually(known)
    cast.account.expect("orders has heard of the dealers from customers, over the bus", heard, "PLT-1")
