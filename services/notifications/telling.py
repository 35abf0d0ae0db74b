"""Putting messages into inboxes, and the bus door that everything which is told comes through."""

from services.notifications.domain.message import Message
from services.notifications.domain.recipient import Recipient
from services.notifications.rendering import TEMPLATES
from shared.events.event import Event
from shared.messaging.reactions import Reactions
from shared.persistence.work import Work

reactions = Reactions("notifications")


async def tell(
    work: Work, event: Event, template: str, *recipients: Recipient, urgent: bool = False, **more: str
) -> None:
    """Put a message into each inbox, once per recipient and cause (NOT-3); it keeps what its template speaks of."""
    params = event.model_dump(mode="json", include=TEMPLATES[template].speaks_of) | more
    for recipient in dict.fromkeys(recipients):
        identity = work.id_for(f"message to {recipient.kind} {recipient.key}")
        if await work.find(Message, identity) is None:
            message = Message.deliver(
                identity,
                recipient,
                template,
                params,
                about=event.entity_id,
                cause_id=event.id,
                urgent=urgent,
                at=work.at,
            )
            work.begin(message)
