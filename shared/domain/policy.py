"""Every number a rule uses: one typed value with its clause, of `policy.toml` or as regulations announce it (REG-2)."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    Strict,
    ValidationError,
    field_validator,
    model_validator,
)

from shared.domain.actor import Post
from shared.domain.approvals import content_digest
from shared.domain.money import Amount, PositiveAmount
from shared.domain.policy_parameter import PACKAGED, InvalidPolicy, Parameter, faults, read_parameters
from shared.domain.working_time import Calendar

# Strict: a number without a unit is no duration, and true is no number.
Duration = Annotated[timedelta, Strict(), Field(gt=timedelta(0))]
Count = Annotated[int, Strict(), Field(gt=0)]
# Normalized, so that 0.2 and 0.20 are the same policy.
Share = Annotated[Decimal, Field(ge=0, le=1), AfterValidator(Decimal.normalize)]
Posts = Annotated[tuple[Post, ...], Field(min_length=1)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Complaints(Section):
    """客户投诉: the clocks of a case, and who is called when they run out (CMP-7, CMP-10, CMP-11, CMP-16, CMP-17)."""

    response_time: Duration
    resolution_time: Duration
    calendar: Calendar
    warning_share: Share
    escalation_step: Duration
    escalation_ladder: Posts
    major_ladder: Posts
    pause_cap: Duration
    pause_reasons: tuple[str, ...]
    closing_attempts: Count
    department_time: Duration
    follow_up_after: Duration

    def warning_after(self, limit: timedelta) -> timedelta:
        """The part of a time limit after which a warning is given."""
        return limit * float(self.warning_share)


class ClaimLimit(Section):
    up_to: Amount | None = None
    post: Post


class Quality(Section):
    """质量索赔 and corrective action (QUA-4, QUA-5)."""

    effect_check_after: Duration
    recurrence_within: Duration
    claim_limits: tuple[ClaimLimit, ...]

    @field_validator("claim_limits")
    @classmethod
    def _rise_without_end(cls, limits: tuple[ClaimLimit, ...]) -> tuple[ClaimLimit, ...]:
        amounts = [limit.up_to for limit in limits[:-1] if limit.up_to is not None]
        if not limits or limits[-1].up_to is not None or len(amounts) < len(limits) - 1:
            raise ValueError("the last limit, and only the last, has no up_to")
        if amounts != sorted(set(amounts)):
            raise ValueError("the limits rise")
        return limits

    def claim_approver(self, amount: Decimal) -> Post:
        """The post whose limit covers a claim of this amount."""
        return next(limit.post for limit in self.claim_limits if limit.up_to is None or amount <= limit.up_to)


class Penalties(Section):
    """处罚: fines for service complaints and their bounds (STF-7, STF-8)."""

    service_fine_low: Amount
    service_fine_high: Amount
    monthly_cap_share: Share
    fines_as_deductions: Mapping[str, Annotated[bool, Strict()]]
    appeal_time: Duration

    @model_validator(mode="after")
    def _fines_have_a_range(self) -> Self:
        if self.service_fine_low > self.service_fine_high:
            raise ValueError("service_fine_low is above service_fine_high")
        return self


class Orders(Section):
    """先款后货: money first, and how long it may take (ORD-6, ORD-9, ORD-13, ORD-16, ORD-17)."""

    stock_position_valid: Duration
    payment_reminder: Duration
    payment_expiry: Duration
    deposit_share: Share
    overdue_delivery_warning: Duration


class ChainEntry(Section):
    """Posts that approve a contract for which all the named conditions hold, and the clause that asks for them."""

    posts: Posts
    clause: Annotated[str, Field(min_length=1)]
    kind: Literal["sales", "clearance", "service"] | None = None
    deviates: Annotated[bool, Strict()] | None = None
    amount_from: PositiveAmount | None = None

    @property
    def unconditional(self) -> bool:
        return self.kind is None and self.deviates is None and self.amount_from is None

    def applies(self, kind: str, amount: Decimal, *, deviates: bool) -> bool:
        """Whether a contract of this kind and amount asks for the posts."""
        return (
            self.kind in (None, kind)
            and self.deviates in (None, deviates)
            and (self.amount_from is None or amount >= self.amount_from)
        )


class Contracts(Section):
    """合同: who approves and reviews, and what is reminded of (CON-2 to CON-4, CON-7, CON-10, CON-13)."""

    approval_chain: tuple[ChainEntry, ...]
    review_departments: Posts
    milestone_warning: Duration
    expiry_reminder: Duration

    @field_validator("approval_chain")
    @classmethod
    def _always_somebody(cls, entries: tuple[ChainEntry, ...]) -> tuple[ChainEntry, ...]:
        if not any(entry.unconditional for entry in entries):
            raise ValueError("one entry has no condition, so that somebody always approves")
        thresholds: dict[tuple[str | None, bool | None], list[Decimal]] = {}
        for entry in entries:
            if entry.amount_from is not None:
                thresholds.setdefault((entry.kind, entry.deviates), []).append(entry.amount_from)
        if any(amounts != sorted(set(amounts)) for amounts in thresholds.values()):
            raise ValueError("the amounts of entries that are otherwise alike rise")
        return entries

    def approvers(self, kind: str, amount: Decimal, *, deviates: bool) -> dict[Post, list[str]]:
        """The posts a contract goes through, in order, each with the clauses that ask for it; each signs once."""
        asked: dict[Post, list[str]] = {}
        for entry in self.approval_chain:
            if entry.applies(kind, amount, deviates=deviates):
                for post in entry.posts:
                    clauses = asked.setdefault(post, [])
                    clauses.extend({entry.clause} - set(clauses))
        return asked


class Customers(Section):
    """客户参观 (CUS-5), and who counts as a large customer (CON-8)."""

    visit_lead_time: Duration
    large_levels: tuple[str, ...]


class Messages(Section):
    """Notifications and escalations (NOT-3, NOT-5)."""

    delivery_attempts: Count
    acknowledgement_time: Duration


class Regulations(Section):
    """规章: who approves an edition, when it is reviewed, how long employees have to acknowledge it (REG-1, REG-3)."""

    approval_chain: Posts
    review_time: Duration
    review_reminder: Duration
    acknowledgement_time: Duration


class Policy(Section):
    """The numbers in force; `version` is stamped on the cases they decide."""

    complaints: Complaints
    quality: Quality
    penalties: Penalties
    orders: Orders
    contracts: Contracts
    customers: Customers
    messages: Messages
    regulations: Regulations
    parameters: Mapping[str, Parameter] = Field(exclude=True, repr=False)
    announced: str | None = Field(default=None, exclude=True, repr=False)

    @classmethod
    def read(cls, override: Path | None = None) -> Self:
        """The packaged values, or those of `override` in their place; `InvalidPolicy` names file and key."""
        changes = read_parameters(override) if override else {}
        packaged = read_parameters(PACKAGED)
        for key in changes:
            if key not in packaged:
                raise InvalidPolicy(f"{override}: {key}: there is no such parameter")
        return cls._of(packaged, changes, f"{PACKAGED}: ", f"{override}: ")

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Parameter], announced: str | None = None) -> Self:
        """The policy of a whole set by keys; `InvalidPolicy` names the key.

        A key that this code does not know is left aside, and one that the set does not have keeps its packaged value:
        the set may be older or newer than the code. `announced` is the version under which others know it.
        """
        packaged = read_parameters(PACKAGED)
        known = {key: parameter for key, parameter in parameters.items() if key in packaged}
        return cls._of(packaged, known, "", "").model_copy(update={"announced": announced})

    @classmethod
    def _of(
        cls, packaged: Mapping[str, Parameter], changes: Mapping[str, Parameter], origin: str, changed_in: str
    ) -> Self:
        origins = dict.fromkeys(packaged, origin) | dict.fromkeys(changes, changed_in)
        parameters = dict(packaged)
        values: dict[str, dict[str, Any]] = {}
        for key in packaged:
            try:
                if key in changes:
                    parameters[key] = packaged[key].changed_to(changes[key])
                section, name = key.split(".")
                values.setdefault(section, {})[name] = parameters[key].typed()
            except (ValueError, OverflowError) as error:
                raise InvalidPolicy(f"{origins[key]}{key}: {error}") from None
        try:
            return cls.model_validate({**values, "parameters": parameters})
        except ValidationError as invalid:
            raise InvalidPolicy(faults(invalid, origins, origin)) from None

    @property
    def clauses(self) -> dict[str, str]:
        """The clause of each parameter, by key."""
        return {key: parameter.clause or "" for key, parameter in self.parameters.items()}

    def clause(self, key: str) -> str:
        """The clause a parameter rests on, such as "D4 §3.3"; "policy" where the regulations are silent."""
        return self.clauses[key]

    @cached_property
    def version(self) -> str:
        """Twelve hex digits that are the same for the same values, wherever they were read from."""
        return self.announced or content_digest(self)[:12]
