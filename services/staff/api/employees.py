"""Employees: entered one by one or from a list, appointed, transferred; shown without their wages."""

import asyncio
from collections.abc import Collection
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, create_model, field_validator
from pydantic_core import PydanticCustomError

from services.staff.domain.access import WAGE_POSTS, insider
from services.staff.domain.employee import Employee, EmployeeStatus, Place
from services.staff.views import employees as views
from services.staff.views.employees import Sought
from shared.documents.tables import Day, Row, like_registered, read_table
from shared.domain.actor import Actor, Post
from shared.domain.money import PositiveAmount
from shared.domain.refusals import RuleBroken
from shared.web.asking import Body, Name, Uploaded
from shared.web.change import Change, change_of
from shared.web.identity import Anyone, admit
from shared.web.import_templates import Wanted, import_template
from shared.web.paging import PagedByCode, document, listed
from shared.web.routes import Routes

router = Routes(tags=["employees"])

Personnel = Annotated[Actor, Depends(admit(Post.HR))]
EmployeeChange = Annotated[Change[Employee], Depends(change_of(Employee))]
Text = Annotated[str | None, Query(max_length=60)]


class StaffRow(Row, key=("code",)):
    """A row of the list of staff (员工表)."""

    model_config = ConfigDict(str_strip_whitespace=True)

    code: str = Field(title="工号", pattern=r"^[\w.-]+$", max_length=40)
    name: str = Field(title="姓名", min_length=1, max_length=60)
    post: Post = Field(title="职务")
    department: str = Field(title="部门", min_length=1, max_length=60)
    branch: str = Field(title="分公司", min_length=1, max_length=60)
    store: str | None = Field(title="门店", default=None, max_length=60)
    superior: str | None = Field(title="上级", default=None, max_length=40)
    monthly_wage: Decimal = Field(title="月薪", gt=0, lt=10**8, decimal_places=2)
    joined: Day = Field(title="入职日期")

    def employee(self) -> Employee:
        """Who joins with this row."""
        return Employee.join(posts=[self.post], **self.model_dump(exclude={"post"}))


class Imported(BaseModel):
    registered: int
    known_before: int


class Joining(Body):
    """Somebody who joins; the wage in yuan a month."""

    code: Annotated[str, Field(pattern=r"^[\w.-]+$", max_length=40)]
    name: Name
    posts: Annotated[list[Post], Field(min_length=1, max_length=10)]
    department: Name
    branch: Name
    store: Name | None = None
    superior: Name | None = None
    monthly_wage: PositiveAmount
    joined: date


class Appointing(Body):
    """A post from a day on; `until` is the last day."""

    post: Post
    since: date
    until: date | None = None


class Ending(Body):
    """The last day on which a post is held."""

    post: Post
    until: date


class Transfer(Body):
    department: Name
    branch: Name
    store: Name | None = None
    superior: Name | None = None


class Leaving(Body):
    """The last day, and why."""

    on: date
    reason: Name


class Committee(Body):
    committee: Name


class Membership(Committee):
    role: Name


class Colleague(BaseModel):
    """Somebody in the line of superiors."""

    code: str
    name: str
    posts: list[Post]


class StoreSize(BaseModel):
    store: str
    employees: int


class DepartmentSize(BaseModel):
    department: str
    employees: int
    stores: list[StoreSize]


class BranchSize(BaseModel):
    """A branch, or the head office: its departments and stores, and how many people work in each."""

    branch: str
    employees: int
    departments: list[DepartmentSize]


@router.post("/employees", status_code=201, response_model=Employee)
async def register_employee(body: Joining, by: Personnel, change: EmployeeChange) -> Response:
    """Enter one employee (STF-1)."""
    async with change.together() as both:
        await _superiors(both.work, body.superior)
        if await views.registered(both.work, [body.code]):
            raise RuleBroken("STF-1", "an employee code is registered once")
        both.main = Employee.join(**body.model_dump())
        both.main.turn_the_page(change.at)
    return change.answer


@router.post("/employees/import", status_code=201)
async def import_employees(file: Uploaded, by: Personnel, change: EmployeeChange, request: Request) -> Imported:
    """Enter a list of employees (XLSX or CSV): all of it or, with every error named, nothing (STF-1).

    Who is registered already with the same data is left alone.
    """
    rows = await asyncio.to_thread(read_table, file.content, file.name, StaffRow)
    named = {row.code for row in rows}
    registered = await views.registered(
        request.app.state.pool, list(named | {row.superior for row in rows if row.superior})
    )
    known = {
        code: employee.model_dump() | {"post": next(iter(employee.posts), None)}
        for code, employee in registered.items()
    }
    checked = like_registered(_under_known_superiors(named | registered.keys()), known)
    await asyncio.to_thread(read_table, file.content, file.name, checked)
    fresh = [row for row in rows if row.code not in registered]
    async with change.many() as work:
        for row in fresh:
            work.begin(row.employee())
    return Imported(registered=len(fresh), known_before=len(rows) - len(fresh))


def _under_known_superiors(codes: Collection[str]) -> type[StaffRow]:
    """The row that also refuses a superior whom nobody knows."""

    def known(superior: str | None) -> str | None:
        if superior and superior not in codes:
            raise PydanticCustomError("superior_unknown", "Is the code of nobody registered or listed here.")
        return superior

    return create_model("StaffRow", __base__=StaffRow, __validators__={"known": field_validator("superior")(known)})


@router.get("/employees/import-template")
async def show_employee_template(request: Request, by: Personnel, form: Wanted = "xlsx") -> Response:
    """An empty list of staff, to be filled and brought in."""
    return import_template(request, form, StaffRow)


@router.get("/employees")
async def list_employees(
    request: Request,
    anyone: Anyone,
    page: PagedByCode,
    branch: Text = None,
    department: Text = None,
    post: Post | None = None,
    store: Text = None,
    superior: Text = None,
    status: EmployeeStatus | None = None,
    committee: Text = None,
) -> Response:
    """Employees by code, for people inside; wages for personnel and the general manager alone (STF-1)."""
    insider(anyone)
    with_wage = anyone.holds(*WAGE_POSTS)
    sought = Sought(branch, department, post, store, superior, status, committee)
    employees = partial(views.employees, request.app.state.pool, sought=sought, with_wage=with_wage)
    return await listed(request, page, employees, Employee, without=() if with_wage else ["monthly_wage"])


@router.get("/organisation")
async def show_organisation(request: Request, anyone: Anyone) -> list[BranchSize]:
    """Head office and branches, their departments and stores (STF-1)."""
    insider(anyone)
    return [BranchSize.model_validate(branch) for branch in await views.organisation(request.app.state.pool)]


@router.get("/employees/{employee_id}")
async def show_employee(employee_id: UUID, request: Request, anyone: Anyone) -> Response:
    """One employee; the wage for personnel and the general manager alone (STF-1)."""
    insider(anyone)
    pool = request.app.state.pool
    return document(*await views.employee(pool, employee_id, with_wage=anyone.holds(*WAGE_POSTS)))


@router.get("/employees/{employee_id}/line")
async def show_line(employee_id: UUID, request: Request, anyone: Anyone) -> list[Colleague]:
    """Somebody and all above them, from below (STF-1)."""
    insider(anyone)
    pool = request.app.state.pool
    found = await views.line(pool, await views.employee_code(pool, employee_id))
    return [Colleague(code=one["code"], name=one["name"], posts=orjson.loads(one["posts"])) for one in found]


@router.post("/employees/{employee_id}/appoint", response_model=Employee)
async def appoint(employee_id: UUID, body: Appointing, by: Personnel, change: EmployeeChange) -> Response:
    """Give somebody one more post (STF-1)."""
    async with change(employee_id) as employee:
        employee.appoint(body.post, body.since, body.until, change.at)
    return change.answer


@router.post("/employees/{employee_id}/end-appointment", response_model=Employee)
async def end_appointment(employee_id: UUID, body: Ending, by: Personnel, change: EmployeeChange) -> Response:
    """Say on which day somebody holds a post for the last time (STF-1)."""
    async with change(employee_id) as employee:
        employee.end_appointment(body.post, body.until, change.at)
    return change.answer


@router.post("/employees/{employee_id}/transfer", response_model=Employee)
async def transfer(employee_id: UUID, body: Transfer, by: Personnel, change: EmployeeChange) -> Response:
    """Let somebody work elsewhere, or under somebody else (STF-1)."""
    async with change.together(employee_id) as both:
        both.main.transfer(Place(**body.model_dump()), await _superiors(both.work, body.superior))
    return change.answer


@router.post("/employees/{employee_id}/leave", response_model=Employee)
async def leave(employee_id: UUID, body: Leaving, by: Personnel, change: EmployeeChange) -> Response:
    """Somebody has left the company (STF-1)."""
    async with change(employee_id) as employee:
        employee.leave(body.on, body.reason, change.at)
    return change.answer


@router.post("/employees/{employee_id}/committees/join", response_model=Employee)
async def join_committee(employee_id: UUID, body: Membership, by: Personnel, change: EmployeeChange) -> Response:
    """Give somebody a seat on a committee (STF-1)."""
    async with change(employee_id) as employee:
        employee.join_committee(body.committee, body.role, change.at)
    return change.answer


@router.post("/employees/{employee_id}/committees/leave", response_model=Employee)
async def leave_committee(employee_id: UUID, body: Committee, by: Personnel, change: EmployeeChange) -> Response:
    """End somebody's seat on a committee (STF-1)."""
    async with change(employee_id) as employee:
        employee.leave_committee(body.committee, change.at)
    return change.answer


async def _superiors(reader: Any, superior: str | None) -> list[str]:
    """The superior and all above them."""
    if superior is None:
        return []
    line = [one["code"] for one in await views.line(reader, superior)]
    if not line:
        raise RuleBroken("STF-1", "the superior is not registered")
    return line
