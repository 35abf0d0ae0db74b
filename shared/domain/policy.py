"""Every number a rule uses: one typed value with its clause, read from `policy.toml` (REG-2)."""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from shared.domain.actor import Post
from shared.domain.approvals import content_digest
from shared.domain.money import Amount, PositiveAmount
from shared.domain.working_time import Calendar

PACKAGED = Path(__file__).with_name("policy.toml")
TIME = ("second", "minute", "hour", "day")

# Strict: a number without a unit is no duration, and true is no number.
Duration = Annotated[timedelta, Strict(), Field(gt=timedelta(0))]
Count = Annotated[int, Strict(), Field(gt=0)]
# Normalized, so that 0.2 and 0.20 are the same policy.
Share = Annotated[Decimal, Field(ge=0, le=1), AfterValidator(Decimal.normalize)]
Posts = Annotated[tuple[Post, ...], Field(min_length=1)]


class InvalidPolicy(ValueError):
    """A policy file that cannot be used; the message names the file and the parameter."""


class Parameter(BaseModel):
    """One entry of a policy file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: Any
    unit: Literal["second", "minute", "hour", "day", "yuan"] | None = None
    clause: str | None = None

    def changed_to(self, change: Self) -> Self:
        """The change, keeping unit and clause where it names none; `ValueError` for a wrong unit."""
        units = TIME if self.unit in TIME else (self.unit,)
        if change.unit is not None and change.unit not in units:
            raise ValueError(f"the unit is {' or '.join(unit or 'none' for unit in units)}, not {change.unit}")
        return self.model_copy(update=change.model_dump(exclude_none=True))

    def typed(self) -> Any:
        """The value, as a timedelta if its unit is one of time; `ValueError` if it is not a number then."""
        if self.unit not in TIME:
            return self.value
        if isinstance(self.value, bool) or not isinstance(self.value, int | Decimal):
            raise ValueError("a time is a number of its unit")  # noqa: TRY004 pydantic wants ValueError
        return timedelta(**{f"{self.unit}s": float(self.value)})


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Complaints(Section):
    """客户投诉: the clocks of a case, and who is called when they run out (CMP-7, CMP-11, CMP-16, CMP-17)."""

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

    def warning_after(self, limit: timedelta) -> timedelta:
        """The part of a time limit after which a warning is given."""
        return limit * float(self.warning_share)


class ClaimLimit(Section):
    up_to: Amount | None = None
    post: Post


class Quality(Section):
    """质量索赔 and corrective action (QUA-4, QUA-5)."""

    effect_check_after: Duration
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
    """先款后货: money first, and how long it may take (ORD-6, ORD-9, ORD-13, ORD-17)."""

    stock_position_valid: Duration
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
    """客户参观 (CUS-5)."""

    visit_lead_time: Duration


class Messages(Section):
    """Notifications and escalations (NOT-3, NOT-5)."""

    delivery_attempts: Count
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
    clauses: Mapping[str, str] = Field(exclude=True, repr=False)

    @classmethod
    def read(cls, override: Path | None = None) -> Self:
        """The packaged values, or those of `override` in their place; `InvalidPolicy` names file and key."""
        parameters = _parameters(PACKAGED)
        files = dict.fromkeys(parameters, PACKAGED)
        changes = _parameters(override) if override else {}
        for key, change in changes.items():
            with _naming(override, key):
                if key not in parameters:
                    raise ValueError("there is no such parameter")
                parameters[key] = parameters[key].changed_to(change)
        files |= dict.fromkeys(changes, override or PACKAGED)

        values: dict[str, dict[str, Any]] = {}
        for key, parameter in parameters.items():
            section, name = key.split(".")
            with _naming(files[key], key):
                values.setdefault(section, {})[name] = parameter.typed()
        clauses = {key: parameter.clause for key, parameter in parameters.items()}
        try:
            return cls.model_validate({**values, "clauses": clauses})
        except ValidationError as invalid:
            raise InvalidPolicy(_faults(invalid, files)) from None

    def clause(self, key: str) -> str:
        """The clause a parameter rests on, such as "D4 §3.3"; "policy" where the regulations are silent."""
        return self.clauses[key]

    @cached_property
    def version(self) -> str:
        """Twelve hex digits that are the same for the same values, wherever they were read from."""
        return content_digest(self)[:12]


_FILE = TypeAdapter(dict[str, dict[str, Parameter]])


def _parameters(file: Path) -> dict[str, Parameter]:
    """The parameters of one file by their keys, such as "complaints.response_time"."""
    try:
        sections = _FILE.validate_python(tomllib.loads(file.read_text("utf-8"), parse_float=Decimal))
    except ValidationError as invalid:
        raise InvalidPolicy(_faults(invalid, {}, file)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidPolicy(f"{file}: {error}") from None
    return {
        f"{section}.{name}": parameter for section, entries in sections.items() for name, parameter in entries.items()
    }


@contextmanager
def _naming(file: Path | None, key: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, OverflowError) as error:
        raise InvalidPolicy(f"{file}: {key}: {error}") from None


def _faults(invalid: ValidationError, files: Mapping[str, Path], default: Path = PACKAGED) -> str:
    """One line for each key at fault: file, key, what is wrong first."""
    lines: dict[str, str] = {}
    for error in invalid.errors():
        key = ".".join(str(part) for part in error["loc"][:2])
        # A fault of a whole section lies with whoever changed something in it.
        suspects = [file for name, file in files.items() if name == key or name.startswith(f"{key}.")]
        file = next((file for file in suspects if file != PACKAGED), default)
        lines.setdefault(key, f"{file}: {key}: {error['msg']}")
    return "\n".join(lines.values())
