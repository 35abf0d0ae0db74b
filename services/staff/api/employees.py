"""Employees: entered from a list, shown without their wages."""

import asyncio
from collections.abc import Collection
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, create_model, field_validator
from pydantic_core import PydanticCustomError

from services.staff import views
from services.staff.domain.access import WAGE_POSTS, insider
from services.staff.domain.employee import Employee
from shared.documents.tables import Day, Row, like_registered, read_table
from shared.domain.actor import Actor, Post
from shared.web.asking import Uploaded
from shared.web.change import Change, change_of
from shared.web.identity import Anyone, admit
from shared.web.paging import FIRST, Page, document, listing
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
    known = {code: employee.model_dump() | {"post": employee.posts[0]} for code, employee in registered.items()}
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


@router.get("/employees")
async def list_employees(
    request: Request,
    anyone: Anyone,
    branch: Text = None,
    department: Text = None,
    post: Post | None = None,
    after: Annotated[str, Query(max_length=40, description="`next` of the page before")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Employees by code, for people inside; wages for personnel and the general manager alone (STF-1)."""
    insider(anyone)
    rows = await views.employees(
        request.app.state.pool, after, limit,
        with_wage=anyone.holds(*WAGE_POSTS), branch=branch, department=department, post=post,
    )  # fmt: skip
    return listing(rows, Page(limit, FIRST))


@router.get("/employees/{employee_id}")
async def show_employee(employee_id: UUID, request: Request, anyone: Anyone) -> Response:
    """One employee; the wage for personnel and the general manager alone (STF-1)."""
    insider(anyone)
    pool = request.app.state.pool
    return document(*await views.employee(pool, employee_id, with_wage=anyone.holds(*WAGE_POSTS)))
