"""Numbers people read out on the phone, derived from an id so that no counter has to be asked."""

from datetime import datetime
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: without I, L, O, U
SHANGHAI = ZoneInfo("Asia/Shanghai")


def number(prefix: str, identity: UUID, at: datetime) -> str:
    """`DH20261124-7F3K9QX2`: kind, Shanghai date, and 40 random bits of the id in eight readable characters."""
    tail = identity.int & ((1 << 40) - 1)
    letters = "".join(ALPHABET[(tail >> shift) & 31] for shift in range(35, -1, -5))
    return f"{prefix}{at.astimezone(SHANGHAI):%Y%m%d}-{letters}"


def same_id(identity: UUID, purpose: str) -> UUID:
    """The id that everybody works out for what follows, once, from `identity`: an investigation of a complaint."""
    return uuid5(identity, purpose)
