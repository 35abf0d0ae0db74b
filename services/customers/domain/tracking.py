"""Who has a tracking sheet, and why."""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel

from shared.domain.money import ZERO, share
from shared.domain.policy import Policy
from shared.events.contracts import ContractLine


class Standing(StrEnum):
    """What a customer is to us: the first two have a tracking sheet whatever they buy (CON-8)."""

    CONTRACT = "contract"
    LARGE = "large"
    OCCASIONAL = "occasional"


class Amounts(BaseModel):
    """What a customer bought in one year, in yuan; what was given up or expired does not count."""

    year: int
    orders: int
    amount: Decimal
    delivered: int
    complaints: int


def standings(level: str, contracts: int, policy: Policy) -> list[Standing]:
    """合同客户, 大客户 (by policy's levels), or neither (CON-8)."""
    found = [Standing.CONTRACT] if contracts else []
    if level in policy.customers.large_levels:
        found.append(Standing.LARGE)
    return found or [Standing.OCCASIONAL]


def value_of(lines: Sequence[ContractLine]) -> Decimal:
    """What the lines of a contract come to, in yuan."""
    return sum((share(line.price, line.quantity) for line in lines), ZERO)
