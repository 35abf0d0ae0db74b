"""The one hierarchy of expected "no": HTTP answers with it, the bus parks the event."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class Refusal(Exception):
    """Understood, and no. `message` is an English template that `params` fill, so that it can be said otherwise."""

    code: ClassVar[str] = "refused"

    def __init__(self, message: str, rule: str | None = None, **params: Any) -> None:
        super().__init__(message)
        self.message, self.rule, self.params = message, rule, params

    def __str__(self) -> str:
        return self.message.format_map(self.params)

    @property
    def field(self) -> str | None:
        """Where in the request the trouble lies, if one field can be named."""
        return self.params.get("field")


class NotFound(Refusal):
    """There is no such thing, or none this actor may know of."""

    code = "not_found"


class NotAllowedNow(Refusal):
    """The thing exists, but its present status does not allow this."""

    code = "not_allowed_now"


class ChangedMeanwhile(Refusal):
    """Somebody else changed the thing between reading and writing; read it again and decide again."""

    code = "changed_meanwhile"


class Forbidden(Refusal):
    """This actor may not do this, whatever the status."""

    code = "forbidden"


class RuleBroken(Refusal):
    """A rule of the regulations says no; `rule` leads to its clause."""

    code = "rule_broken"

    def __init__(self, rule: str, message: str, **params: Any) -> None:
        super().__init__(message, rule, **params)


class Invalid(Refusal):
    """The input as a whole cannot be accepted; every error is named and nothing was taken in.

    Each error is a mapping with at least `code` and `detail` (English), and what locates it: `field`, or `sheet`,
    `row`, `column`, `heading`, `value`.
    """

    code = "invalid"

    def __init__(self, message: str, errors: Sequence[Mapping[str, Any]], **params: Any) -> None:
        super().__init__(message, **params)
        self.errors = [dict(error) for error in errors]
