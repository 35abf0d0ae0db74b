"""Who acts: a person with posts, a customer, a partner, or a service reacting to what it heard."""

from contextlib import suppress
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Post(StrEnum):
    """The posts (岗位) the regulations name; a person may hold several."""

    SALESPERSON = "salesperson"
    CLERK = "clerk"
    SALES_MANAGER = "sales_manager"
    SALES_DIRECTOR = "sales_director"
    VICE_PRESIDENT_SALES = "vice_president_sales"
    BRANCH_GENERAL_MANAGER = "branch_general_manager"
    GENERAL_MANAGER = "general_manager"
    HEADQUARTERS = "headquarters"
    AUDITOR = "auditor"
    SEAL_KEEPER = "seal_keeper"
    FINANCE = "finance"
    PRODUCTION = "production"
    QUALITY_INSPECTOR = "quality_inspector"
    WAREHOUSE = "warehouse"
    TRANSPORT = "transport"
    OFFICE = "office"
    HR = "hr"
    TRAINER = "trainer"
    SAFETY_OFFICER = "safety_officer"
    SERVICE_AGENT = "service_agent"
    TECHNICIAN = "technician"
    CUSTOMER = "customer"
    PARTNER = "partner"
    OPERATOR = "operator"


INSIDE = frozenset(Post) - {Post.CUSTOMER, Post.PARTNER}


class Actor(BaseModel):
    """The one who asks, as the identity provider vouches for them.

    `on_behalf_of` names the absent person whose post a delegate exercises (CON-15). `customer` and `partner` are the
    ids under which an outside actor may see its own cases.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    posts: frozenset[Post] = frozenset()
    branch: str | None = None
    store: str | None = None
    customer: str | None = None
    partner: str | None = None
    on_behalf_of: str | None = None

    def holds(self, *posts: Post) -> bool:
        """Whether the actor holds at least one of the posts."""
        return not self.posts.isdisjoint(posts)

    @property
    def outside(self) -> bool:
        """A customer or partner: sees only what is theirs."""
        return self.posts.isdisjoint(INSIDE)

    @property
    def only_sells(self) -> bool:
        """A salesperson who holds no other post inside: sees only what is theirs."""
        return self.posts & INSIDE == {Post.SALESPERSON}

    @property
    def people(self) -> frozenset[str]:
        """Who acts: the one who asks, and the absent one they stand in for; a rule that parts people means both."""
        return frozenset({self.id, self.on_behalf_of or self.id})

    @property
    def customers(self) -> frozenset[UUID]:
        """The customers an actor speaks for: themselves, or the partner (经销商), who is known under its customer id.

        An identity provider may know them by another name; then nothing is theirs.
        """
        found = set()
        for claim in (self.customer, self.partner):
            with suppress(ValueError):
                found.add(UUID(claim or ""))
        return frozenset(found)

    def acts_for(self, customer_id: UUID, *posts: Post) -> bool:
        """Whether the actor may act for a customer: in one of these posts, or as the customer."""
        return self.holds(*posts) or customer_id in self.customers

    @classmethod
    def service(cls, name: str) -> Self:
        """The service itself, acting on what it heard or on a deadline."""
        return cls(id=f"service:{name}")
