"""Employees: entered from a list, shown without their wages."""

import asyncio
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response, UploadFile
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, create_model, field_validator
from pydantic_core import PydanticCustomError

from services.staff import views
from services.staff.domain.access import WAGE_POSTS, insider
from services.staff.domain.employee import Employee
from shared.documents.tables import Day, Row, read_table
from shared.domain.actor import Actor, Post
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

    # Empty cells are checked as well: an employee may be registered with what is left out here.
    model_config = ConfigDict(str_strip_whitespace=True, validate_default=True)

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
async def import_employees(file: UploadFile, by: Personnel, change: EmployeeChange, request: Request) -> Imported:
    """Enter a list of employees (XLSX or CSV): all of it or, with every error named, nothing (STF-1).

    Who is registered already with the same data is left alone.
    """
    content, name = await file.read(), file.filename or ""
    rows = await asyncio.to_thread(read_table, content, name, StaffRow)
    named = {row.code for row in rows}
    registered = await views.registered(
        request.app.state.pool, list(named | {row.superior for row in rows if row.superior})
    )
    await asyncio.to_thread(read_table, content, name, _as_registered(registered, named))
    fresh = [row for row in rows if row.code not in registered]
    async with change.many() as work:
        for row in fresh:
            work.begin(row.employee())
    return Imported(registered=len(fresh), known_before=len(rows) - len(fresh))


def _as_registered(registered: Mapping[str, Employee], named: Collection[str]) -> type[StaffRow]:
    """The row that also refuses cells which differ from what is registered, or name a superior nobody knows."""

    def fits(value: object, info: ValidationInfo) -> object:
        known = registered.get(info.data.get("code", ""))
        if known is not None and _as_a_row(known, info.field_name or "") != value:
            raise PydanticCustomError("registered_otherwise", "Differs from what is registered.")
        if info.field_name == "superior" and value and value not in registered and value not in named:
            raise PydanticCustomError("superior_unknown", "Is the code of nobody registered or listed here.")
        return value

    return create_model("StaffRow", __base__=StaffRow, __validators__={"fits": field_validator("*")(fits)})


def _as_a_row(employee: Employee, field: str) -> object:
    return employee.posts[0] if field == "post" else getattr(employee, field)


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
