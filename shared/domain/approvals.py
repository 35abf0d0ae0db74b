"""An ordered chain of approvals, each decision bound to the content it was made on."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict
from pydantic_core import to_jsonable_python

from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden, NotAllowedNow, RuleBroken


class Outcome(StrEnum):
    APPROVED = "approved"
    REJECTED = "rejected"


class Decision(BaseModel):
    """One step of the chain, taken by a person, possibly for an absent one."""

    model_config = ConfigDict(frozen=True)

    post: Post
    decided_by: str
    on_behalf_of: str | None = None
    outcome: Outcome
    digest: str
    at: AwareDatetime
    comment: str = ""

    @property
    def people(self) -> set[str]:
        return {self.decided_by} if self.on_behalf_of is None else {self.decided_by, self.on_behalf_of}


class VoidedDecision(Decision):
    """A decision that a later change of the content has undone; kept for the record."""

    voided_at: AwareDatetime
    voided_because: str


class Approvals(BaseModel):
    """审批: who decides on some content, in which order, and what they decided (CON-9, CON-15).

    Quality claims and penalties are approved the same way under rules of their own: `rule` is the one that
    separates the people, `digest_rule` the one that binds decisions to the content.
    """

    rule: str = "CON-15"
    digest_rule: str = "CON-9"
    chain: tuple[Post, ...] = ()
    digest: str | None = None
    excluded: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    voided: tuple[VoidedDecision, ...] = ()

    @property
    def submitted(self) -> bool:
        return self.digest is not None

    @property
    def rejected(self) -> bool:
        return any(decision.outcome is Outcome.REJECTED for decision in self.decisions)

    @property
    def complete(self) -> bool:
        return self.submitted and not self.rejected and len(self.decisions) == len(self.chain)

    @property
    def next_post(self) -> Post | None:
        """The only post that may decide now; none before submission, after a rejection, or when complete."""
        waiting = self.submitted and not self.rejected and not self.complete
        return self.chain[len(self.decisions)] if waiting else None

    def submit(self, chain: Sequence[Post], digest: str, excluded: Iterable[str]) -> None:
        """Freezes the content; `excluded` are the ids of its drafter and last editor."""
        if self.submitted:
            raise NotAllowedNow("already submitted for approval")
        if not chain:
            raise ValueError("a chain of approvals has at least one post")
        self.chain = tuple(chain)
        self.digest = digest
        self.excluded = tuple(sorted(set(excluded)))

    def decide(self, by: Actor, digest: str, outcome: Outcome, at: AwareDatetime, comment: str = "") -> None:
        """The next post of the chain approves or rejects the content that has this digest."""
        post = self.next_post
        if post is None:
            raise NotAllowedNow("no decision is awaited")
        if not by.holds(post):
            raise Forbidden("the next decision belongs to the post {post}", rule=self.rule, post=post)
        decision = Decision(
            post=post,
            decided_by=by.id,
            on_behalf_of=by.on_behalf_of,
            outcome=outcome,
            digest=digest,
            at=at,
            comment=comment,
        )
        if not decision.people.isdisjoint(self.excluded):
            raise RuleBroken(self.rule, "the drafter and the last editor never approve")
        if any(decision.people & earlier.people for earlier in self.decisions):
            raise RuleBroken(self.rule, "nobody takes two steps of one chain")
        if digest != self.digest:
            raise RuleBroken(self.digest_rule, "the content differs from what was submitted")
        self.decisions += (decision,)

    def void(self, at: AwareDatetime, reason: str) -> None:
        """Any change of the content undoes the submission and all decisions; harmless before submission."""
        self.voided += tuple(
            VoidedDecision(**dict(decision), voided_at=at, voided_because=reason) for decision in self.decisions
        )
        self.chain, self.digest, self.excluded, self.decisions = (), None, (), ()


def content_digest(content: BaseModel | Mapping[str, Any]) -> str:
    """sha256 (hex) over canonical JSON: sorted keys, no spaces, sets in order."""
    return hashlib.sha256(_canonical_json(content).encode()).hexdigest()


def _canonical_json(content: Any) -> str:
    return json.dumps(_plain(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    match value:
        case BaseModel():
            return _plain(value.model_dump())
        case Mapping():
            return {to_jsonable_python(key): _plain(item) for key, item in value.items()}
        case set() | frozenset():  # their own order changes from process to process
            return sorted((_plain(item) for item in value), key=_canonical_json)
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return to_jsonable_python(value)
