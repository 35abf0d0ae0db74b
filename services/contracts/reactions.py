"""What contracts does about what it hears."""

from services.contracts import views
from shared.events.customers import CustomerOwnerChanged, CustomerRegistered
from shared.messaging.reactions import Reactions
from shared.persistence.work import Work

reactions = Reactions("contracts")


@reactions.on(CustomerRegistered)
async def know_the_customer(event: CustomerRegistered, work: Work) -> None:
    """Contracts are drawn up for registered customers only."""
    work.project(views.KNOW_CUSTOMER, event.entity_id, event.code, event.company, event.owner)


@reactions.on(CustomerOwnerChanged)
async def know_the_new_owner(event: CustomerOwnerChanged, work: Work) -> None:
    """The customer's contracts are now those of another salesperson too."""
    work.project(views.KNOW_OWNER, event.entity_id, event.owner)
