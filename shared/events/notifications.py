"""What notifications announces."""

from uuid import UUID

from shared.domain.actor import Post
from shared.events.event import Event


class MessageDelivered(Event, name="notifications.message.delivered.v1"):
    """A message lies in the recipient's inbox, once per recipient and cause (NOT-3)."""

    cause_id: UUID
    template: str
    about: UUID
    person: str | None = None
    post: Post | None = None
    customer_id: UUID | None = None


class MessageAcknowledged(Event, name="notifications.message.acknowledged.v1"):
    """The recipient has taken note (NOT-5)."""

    cause_id: UUID
    about: UUID
    by: str
    template: str | None = None
    post: Post | None = None


class BulletinPublished(Event, name="notifications.bulletin.published.v1"):
    """Public criticism (通报批评) or a commendation, without the complainant's data (NOT-4)."""

    number: str
    kind: str
    employee: str
    cause_id: UUID
    clause: str


class BulletinRead(Event, name="notifications.read_receipt.given.v1"):
    """Somebody has read a bulletin (NOT-4)."""

    bulletin_id: UUID
    by: str
