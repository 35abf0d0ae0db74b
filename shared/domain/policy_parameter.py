"""One parameter of the policy as it is written down: a value, its unit, the clause it rests on (REG-2)."""

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, field_serializer, field_validator

PACKAGED = Path(__file__).with_name("policy.toml")
TIME = ("second", "minute", "hour", "day")


class InvalidPolicy(ValueError):
    """Parameters that make no policy; the message names the parameter, and the file it was read from."""


class Parameter(BaseModel):
    """A value as files and events write it; numbers are exact decimals, in JSON as in TOML."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: Any
    unit: Literal["second", "minute", "hour", "day", "yuan"] | None = None
    clause: str | None = None

    @field_validator("value", mode="before")
    @classmethod
    def _exact(cls, value: Any) -> Any:
        return exact(value)

    @field_serializer("value", when_used="json")
    def _as_number(self, value: Any) -> Any:
        return plain(value)

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


def exact(value: Any) -> Any:
    """The same value with every binary fraction as the decimal it was written as: 0.1 is a tenth."""
    match value:
        case float():
            return Decimal(repr(value))
        case Mapping():
            return {key: exact(item) for key, item in value.items()}
        case list() | tuple():
            return [exact(item) for item in value]
        case _:
            return value


def plain(value: Any) -> Any:
    """The same value with every decimal as the number JSON writes for it."""
    match value:
        case Decimal():
            return float(value)
        case Mapping():
            return {key: plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            return value


_FILE = TypeAdapter(dict[str, dict[str, Parameter]])


def read_parameters(file: Path) -> dict[str, Parameter]:
    """The parameters of one file by their keys, such as "complaints.response_time"; raises `InvalidPolicy`."""
    try:
        sections = _FILE.validate_python(tomllib.loads(file.read_text("utf-8"), parse_float=Decimal))
    except ValidationError as invalid:
        raise InvalidPolicy(faults(invalid, {}, f"{file}: ")) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidPolicy(f"{file}: {error}") from None
    return {
        f"{section}.{name}": parameter for section, entries in sections.items() for name, parameter in entries.items()
    }


def faults(invalid: ValidationError, origins: Mapping[str, str], default: str) -> str:
    """One line for each key at fault: where it comes from, key, what is wrong first."""
    lines: dict[str, str] = {}
    for error in invalid.errors():
        key = ".".join(str(part) for part in error["loc"][:2])
        # A fault of a whole section lies with whoever changed something in it.
        suspects = [origin for name, origin in origins.items() if name == key or name.startswith(f"{key}.")]
        origin = next((origin for origin in suspects if origin != default), default)
        lines.setdefault(key, f"{origin}{key}: {error['msg']}")
    return "\n".join(lines.values())
