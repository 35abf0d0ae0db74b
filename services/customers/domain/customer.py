"""A customer's file."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID, uuid5

from shared.domain.actor import Actor
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.refusals import RuleBroken
from shared.events.customers import CustomerOwnerChanged, CustomerRegistered

REGISTER = UUID("1125247f-22f7-5d2a-9f3d-45fe6d2a7fa0")


class CustomerKind(StrEnum):
    DEALER = "dealer"
    PROJECT = "project"
    END_CUSTOMER = "end_customer"


class CustomerStatus(StrEnum):
    NEW = "new"
    REGISTERED = "registered"


class Customer(Aggregate):
    """客户档案: who the customer is, whom to contact there, and whose customer it is (CUS-1).

    `owner` is the employee code of the salesperson who looks after them (谁的客户归谁接待). Contact, phone and address
    stay in the file: no event carries them (CUS-9).
    """

    TABLE = "customers"
    ENTITY = "customer"
    START = CustomerStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        CustomerRegistered: Step({CustomerStatus.NEW}, CustomerStatus.REGISTERED),
        CustomerOwnerChanged: Step({CustomerStatus.REGISTERED}),
    }

    status: CustomerStatus
    code: str
    company: str
    kind: CustomerKind
    region: str
    level: str
    contact: str
    phone: str
    address: str
    owner: str
    registered_by: str
    registered_at: datetime

    @staticmethod
    def id_of(code: str) -> UUID:
        """The id follows from the code, so that a customer is registered once (CUS-1)."""
        return uuid5(REGISTER, code)

    @classmethod
    def register(cls, code: str, by: Actor, at: datetime, **file: object) -> Self:
        """Open the file of a customer."""
        customer = cls.begin(cls.id_of(code), code=code, registered_by=by.id, registered_at=at, **file)
        customer.record(CustomerRegistered.model_validate(customer, from_attributes=True))
        return customer

    def change_owner(self, owner: str) -> None:
        """Another salesperson looks after the customer from now on (CUS-1)."""
        if owner == self.owner:
            raise RuleBroken("CUS-1", "{owner} looks after this customer already", owner=owner)
        self.owner = owner
        self.record(CustomerOwnerChanged(code=self.code, owner=owner))
