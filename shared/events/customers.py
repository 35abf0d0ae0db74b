"""What customers announces."""

from shared.events.event import Event


class CustomerRegistered(Event, name="customers.customer.registered.v1"):
    """A customer has a file (CUS-1). Contacts stay in the file."""

    code: str
    company: str
    kind: str
    region: str
    level: str
    owner: str


class CustomerOwnerChanged(Event, name="customers.customer.owner_changed.v1"):
    """Another salesperson looks after the customer (谁的客户归谁接待)."""

    code: str
    owner: str
