"""The rulebook: every number in force, each from one regulation."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import ClassVar, Self
from uuid import UUID

from services.regulations.domain.regulation import Regulation
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.policy import Policy
from shared.domain.policy_parameter import PACKAGED, InvalidPolicy, Parameter, read_parameters
from shared.domain.refusals import RuleBroken
from shared.events.regulations import PolicyParameter, PolicyTookEffect

RULEBOOK = UUID("0b0e7c56-0d3c-5c8e-8a0f-6d1f5a3b9c77")


class RulebookStatus(StrEnum):
    NEW = "new"
    KEPT = "kept"


class Rulebook(Aggregate):
    """参数总表: the parameters of all editions in force, and the version they have together; there is one (REG-2)."""

    TABLE = "rulebooks"
    ENTITY = "policy"
    START = RulebookStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        PolicyTookEffect: Step(set(RulebookStatus), RulebookStatus.KEPT),
    }

    status: RulebookStatus
    policy: str = ""
    effective_at: datetime | None = None
    parameters: dict[str, PolicyParameter] = {}

    @classmethod
    def open(cls, editions: Iterable[Regulation], since: datetime) -> Self:
        """The book of the first editions: what they state together holds from the beginning (REG-2)."""
        book = cls.begin(RULEBOOK)
        book._announce(book._with(editions), since)
        return book

    def must_admit(self, regulation: Regulation, before: Sequence[Regulation] = ()) -> None:
        """Raises `RuleBroken` if the edition's parameters could not hold after those of the editions `before`."""
        book = self
        for edition in before:
            if book.objection(edition) is None:
                book = book.model_copy(update={"parameters": book._with([edition])})
        refused = book._refused(regulation)
        if refused is not None:
            raise refused

    def objection(self, regulation: Regulation) -> str | None:
        """Why the edition's parameters cannot hold together with the others in force; None if they can."""
        refused = self._refused(regulation)
        return None if refused is None else str(refused)

    def take_over(self, regulation: Regulation, at: datetime) -> list[str]:
        """The edition's parameters hold from now on, all others as before; returns the keys that changed (REG-2).

        The same version is announced again where only the edition or the clause is another one.
        """
        parameters = self._with([regulation])
        changed = [key for key, one in parameters.items() if (one.value, one.unit) != self._value(key)]
        if parameters != self.parameters:
            self._announce(parameters, max(at, self.effective_at or at))
        return changed

    def _value(self, key: str) -> tuple[object, str | None]:
        parameter = self.parameters.get(key) or known()[key]
        return parameter.value, parameter.unit

    def _refused(self, regulation: Regulation) -> RuleBroken | None:
        stated = {statement.key for statement in regulation.parameters}
        for key in sorted(stated):
            owner = self.parameters[key].regulation if key in self.parameters else regulation.code
            if key not in known():
                return RuleBroken("REG-2", "the rules use no parameter {key}", key=key)
            if owner != regulation.code:
                return RuleBroken("REG-2", "parameter {key} belongs to regulation {code}", key=key, code=owner)
        for key, parameter in self.parameters.items():
            if parameter.regulation == regulation.code and key not in stated:
                return RuleBroken("REG-2", "an edition states every parameter of the one before: {key}", key=key)
        try:
            self._with([regulation])
        except InvalidPolicy as error:
            return RuleBroken("REG-2", "these parameters make no policy: {why}", why=str(error))
        return None

    def _with(self, editions: Iterable[Regulation]) -> dict[str, PolicyParameter]:
        """The book's parameters with those of the editions in their place; raises `InvalidPolicy`."""
        stated = {key: Parameter(**_plainly(parameter)) for key, parameter in self.parameters.items()}
        places = {key: (parameter.regulation, parameter.edition) for key, parameter in self.parameters.items()}
        for edition in editions:
            stated |= {one.key: one.parameter(edition.code) for one in edition.parameters}
            places |= {one.key: (edition.code, edition.edition) for one in edition.parameters}
        policy = Policy.from_parameters(stated)
        return {
            key: PolicyParameter(
                value=policy.parameters[key].value, unit=policy.parameters[key].unit, clause=stated[key].clause or "",
                regulation=code, edition=edition,
            )
            for key, (code, edition) in places.items()
        }  # fmt: skip

    def _announce(self, parameters: dict[str, PolicyParameter], at: datetime) -> None:
        stated = {key: Parameter(**_plainly(parameter)) for key, parameter in parameters.items()}
        self.parameters, self.effective_at = parameters, at
        self.policy = Policy.from_parameters(stated).version
        self.record(PolicyTookEffect(version=self.policy, effective_at=at, parameters=parameters))


@cache
def known() -> dict[str, Parameter]:
    """The parameters that the rules use, with the values of the product."""
    return read_parameters(PACKAGED)


def _plainly(parameter: PolicyParameter) -> dict[str, object]:
    return parameter.model_dump(include=set(Parameter.model_fields))
