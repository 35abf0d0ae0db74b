"""A message in somebody's inbox."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Self
from uuid import UUID

from services.notifications.domain.recipient import Recipient, RecipientKind, inboxes_of
from shared.domain.actor import Actor, Post
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.refusals import Forbidden
from shared.events.notifications import MessageAcknowledged, MessageDelivered


class MessageStatus(StrEnum):
    NEW = "new"
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"


class Message(Aggregate):
    """消息: what a recipient is told of one cause, once (NOT-3); an urgent one waits to be acknowledged (NOT-5).

    It keeps the template's key and what fills it; title and body are worded when somebody reads it, in their language
    (NOT-1). Lying in the inbox is delivery. Further channels (NOT-2) will be things of their own, each with a key that
    follows from the message and carried out after commit.
    """

    TABLE = "messages"
    ENTITY = "message"
    START = MessageStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        MessageDelivered: Step({MessageStatus.NEW}, MessageStatus.DELIVERED),
        MessageAcknowledged: Step({MessageStatus.DELIVERED}, MessageStatus.ACKNOWLEDGED),
    }

    status: MessageStatus
    recipient: Recipient
    template: str
    params: dict[str, Any]
    about: UUID
    cause_id: UUID
    urgent: bool = False
    delivered_at: datetime
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None

    @classmethod
    def deliver(
        cls,
        id: UUID,
        recipient: Recipient,
        template: str,
        params: Mapping[str, Any],
        *,
        about: UUID,
        cause_id: UUID,
        urgent: bool,
        at: datetime,
    ) -> Self:
        """Put a message into the inbox; `id` follows from the cause and the recipient (NOT-3)."""
        message = cls.begin(
            id,
            recipient=recipient,
            template=template,
            params=dict(params),
            about=about,
            cause_id=cause_id,
            urgent=urgent,
            delivered_at=at,
        )
        event = MessageDelivered(
            cause_id=cause_id,
            template=template,
            about=about,
            person=recipient.key if recipient.kind is RecipientKind.PERSON else None,
            post=message._post,
            customer_id=UUID(recipient.key) if recipient.kind is RecipientKind.CUSTOMER else None,
        )
        message.record(event)
        return message

    def acknowledge(self, by: Actor, at: datetime) -> None:
        """A recipient takes note; the first holder of a post does so for the post, and once is enough (NOT-5)."""
        if not self.is_for(by):
            raise Forbidden("this message is for somebody else", rule="NOT-5")
        if self.acknowledged_by == by.id:
            return
        event = MessageAcknowledged(
            cause_id=self.cause_id, about=self.about, by=by.id, template=self.template, post=self._post
        )
        self.record(event)
        self.acknowledged_by, self.acknowledged_at = by.id, at

    def is_for(self, actor: Actor) -> bool:
        """Whether the message lies in one of the actor's inboxes."""
        return self.recipient in inboxes_of(actor)

    @property
    def _post(self) -> Post | None:
        return Post(self.recipient.key) if self.recipient.kind is RecipientKind.POST else None
