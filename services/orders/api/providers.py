"""Banks and payment providers, and how what they send is known to be theirs (ORD-10)."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal, NamedTuple

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from opentelemetry import trace
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from services.orders.domain.payment import PaymentKind
from services.orders.domain.payment_notice import NoticeKind, PaymentNotice
from shared.domain.money import PositiveAmount
from shared.domain.refusals import NotFound
from shared.events.envelope import Occasion, new_id
from shared.telemetry import story, traceparent
from shared.web.change import Change
from shared.web.problems import Unauthenticated

LONGEST_ID = 200
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


class Providers:
    """The secrets we share with each provider: several at once while one takes the place of another."""

    def __init__(self, secrets: Mapping[str, Sequence[str]]) -> None:
        self._known = {name: [Webhook(secret) for secret in several] for name, several in secrets.items()}

    def verify(self, provider: str, body: bytes, headers: Mapping[str, str]) -> str:
        """The webhook's id, once its Standard Webhooks signature holds and is at most five minutes old.

        Raises `NotFound` for a provider we do not know, `Unauthenticated` for everything else that is wrong.
        """
        if provider not in self._known:
            raise NotFound("there is no {entity} {id}", entity="provider", id=provider)
        given = {name: headers.get(name, "") for name in HEADERS}
        identity = given["webhook-id"]
        if len(identity) > LONGEST_ID or not any(_signed(key, body, given) for key in self._known[provider]):
            raise Unauthenticated("the notice is not signed by the provider, or it is too old")
        return identity


def _signed(key: Webhook, body: bytes, headers: dict[str, str]) -> bool:
    try:
        key.verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError):  # ValueError: what cannot even be read as a signature or as text
        return False
    return True


class Money(BaseModel):
    """What a provider says of money that came or went back."""

    model_config = ConfigDict(str_strip_whitespace=True)

    account: Annotated[str, Field(min_length=1, max_length=60, description="Our account")]
    reference: Annotated[str, Field(min_length=1, max_length=60, description="The bank's reference")]
    amount: PositiveAmount
    kind: Literal["cash", "cheque", "wire"] = "wire"
    order_number: Annotated[str | None, Field(min_length=1, max_length=40)] = None
    paid_at: AwareDatetime | None = None
    reason: Annotated[str | None, Field(min_length=1, max_length=500)] = None


class Notice(BaseModel):
    """A webhook's body, `{"type": "payment.received", "data": {…}}`; what we do not know of it is left alone."""

    type: Literal["payment.received", "payment.reversed"]
    data: Money


class SignedNotice(NamedTuple):
    """What a provider has sent: verified, and read."""

    provider: str
    webhook_id: str
    body_digest: str
    notice: Notice

    def received(self, at: datetime) -> PaymentNotice:
        """The notice as it is kept."""
        money = self.notice.data
        return PaymentNotice.receive(
            self.provider, self.webhook_id, self.body_digest, at,
            kind=NoticeKind(self.notice.type.removeprefix("payment.")), payment_kind=PaymentKind(money.kind),
            **money.model_dump(exclude={"kind"}),
        )  # fmt: skip


async def signed_notice(provider: str, request: Request) -> SignedNotice:
    """The dependency that lets signed notices in; raises what `Providers.verify` raises, or names what is wrong."""
    providers: Providers = request.app.state.providers
    body = await request.body()
    identity = providers.verify(provider, body, request.headers)
    try:
        notice = Notice.model_validate_json(body)
    except ValidationError as wrong:
        raise RequestValidationError([error | {"loc": ("body", *error["loc"])} for error in wrong.errors()]) from wrong
    return SignedNotice(provider, identity, hashlib.sha256(body).hexdigest(), notice)


async def change_by_provider(provider: str, request: Request) -> Change[PaymentNotice]:
    """The dependency that lets a provider change things in its own name: nobody is signed in."""
    span = trace.get_current_span()
    occasion = Occasion(f"provider:{provider}", datetime.now(UTC), story(span) or new_id(), None, traceparent(span))
    return Change(PaymentNotice, request, occasion, None)
