"""An employee and the post they hold."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID, uuid5

from shared.domain.actor import Post
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.money import PositiveAmount, share
from shared.events.staff import EmployeeJoined

REGISTER = UUID("9cdb72c9-9915-5750-9a4c-47df3db017a3")


class EmployeeStatus(StrEnum):
    NEW = "new"
    EMPLOYED = "employed"


class Employee(Aggregate):
    """员工: a person with posts, in a department of a branch (STF-1).

    `superior` is an employee code. The monthly wage, in yuan, bounds fines (STF-8) and never leaves the register.
    """

    TABLE = "employees"
    ENTITY = "employee"
    START = EmployeeStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {EmployeeJoined: Step({EmployeeStatus.NEW}, EmployeeStatus.EMPLOYED)}

    status: EmployeeStatus
    code: str
    name: str
    posts: list[Post]
    department: str
    branch: str
    store: str | None = None
    superior: str | None = None
    monthly_wage: PositiveAmount
    joined: date

    @staticmethod
    def id_of(code: str) -> UUID:
        """The id follows from the code (工号), so that a person is registered once."""
        return uuid5(REGISTER, code)

    @classmethod
    def join(cls, code: str, **fields: object) -> Self:
        """Enter a person in the register."""
        employee = cls.begin(cls.id_of(code), code=code, **fields)
        employee.record(EmployeeJoined.model_validate(employee, from_attributes=True))
        return employee

    def fines_of_a_month(self, part: Decimal) -> Decimal:
        """The most that fines of one month may take, in yuan: a part of the wage, 0.20 being a fifth (STF-8)."""
        return share(self.monthly_wage, part)
