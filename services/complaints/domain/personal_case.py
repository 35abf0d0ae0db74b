"""The people of a case: the complainant, whom it is about, who handles it — and what each may do and see (CMP-18)."""

from typing import Any, Self
from uuid import UUID

from services.complaints.domain.intake import Contact
from services.complaints.domain.investigated_case import InvestigatedCase
from services.complaints.domain.steps import MASK, Attempt, Closure, Reopening, Resolution, Responsibility, masked
from shared.domain.actor import INSIDE, Actor, Post
from shared.domain.refusals import Forbidden

MANAGERS = (
    Post.SALES_MANAGER,
    Post.SALES_DIRECTOR,
    Post.VICE_PRESIDENT_SALES,
    Post.BRANCH_GENERAL_MANAGER,
    Post.GENERAL_MANAGER,
)
SEES_CONTACT = (*MANAGERS, Post.SERVICE_AGENT, Post.OFFICE)


class PersonalCase(InvestigatedCase):
    """A case with its people."""

    customer_id: UUID
    contact: Contact | None
    about: str | None = None
    filed_by: str
    handler: str | None = None
    responsibility: Responsibility | None = None
    resolution: Resolution | None = None
    attempts: list[Attempt] = []
    closure: Closure | None = None
    reopenings: list[Reopening] = []

    @property
    def internal(self) -> frozenset[str]:
        """The fields that are the company's own business: what it found, and how it went about it."""
        return frozenset({"responsibility", "evidence", "investigation", "sections", "actions", "corrections"})

    def concerns(self, by: Actor) -> bool:
        """Whether the case is about `by`: named by the complainant, or found responsible since (CMP-18)."""
        found = self.responsibility.responsible if self.responsibility else []
        return not by.people.isdisjoint({self.about} | {one.employee for one in found})

    def is_of(self, by: Actor) -> bool:
        """Whether `by` is the complainant, or the partner who complains for them."""
        return self.customer_id in by.customers

    def sees_contact(self, by: Actor) -> bool:
        """Who needs the complainant's contact data sees it: never whom the case is about (CMP-18)."""
        if self.concerns(by):
            return False
        took_it_in = by.id == self.filed_by and by.holds(Post.CLERK)
        return self.is_of(by) or by.id == self.handler or took_it_in or by.holds(*SEES_CONTACT)

    def shown_to(self, by: Actor) -> Self:
        """The case as `by` may see it; itself, where nothing has to be hidden.

        The complainant does not see what the company found about its people.
        """
        hidden = {} if self.sees_contact(by) else self.without_contact()
        if by.outside:
            hidden |= {name: type(self).model_fields[name].default for name in self.internal}
        return self.model_copy(update=hidden) if hidden else self

    def without_contact(self) -> dict[str, Any]:
        """The fields that lead to the complainant, as others may see them (CMP-18)."""
        attempts = [attempt.model_copy(update={"note": MASK}) for attempt in self.attempts]
        reopenings = [
            kept.model_copy(update=masked(kept.response, kept.resolution, kept.closure)) for kept in self.reopenings
        ]
        steps = masked(self.response, self.resolution, self.closure)
        return {"contact": None, "attempts": attempts, "reopenings": reopenings, **steps}

    def refuse_concerned(self, by: Actor) -> None:
        """Whoever a complaint is about has no hand in it, nor has their delegate (CMP-18)."""
        if self.concerns(by):
            raise Forbidden("nobody handles a complaint about themselves", rule="CMP-18")

    def refuse_strangers(self, by: Actor, *posts: Post) -> None:
        """Whoever holds none of these posts, or of those inside, has to do with their own cases alone."""
        if not by.acts_for(self.customer_id, *posts or INSIDE):
            raise Forbidden("this complaint is not yours")

    def require_handler(self, by: Actor) -> None:
        """What the handling post decides is decided by the person who took the case, in person (CMP-4)."""
        self.refuse_concerned(by)
        if by.id != self.handler:
            raise Forbidden("this is for whoever has taken the complaint in hand", rule="CMP-4")
