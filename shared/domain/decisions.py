"""The id of a refusal: it bears its moment and its rule itself, so that nothing has to be kept of it (REG-4)."""

import hashlib
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

RULE = re.compile(r"([A-Z]{3})-(\d{1,3})")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PROOF = (1 << 20) - 1  # bits that tell ours from other ids of the same UUID version
NOISE = 27  # random bits: two refusals in one millisecond are two decisions


class RefusedBy(NamedTuple):
    """Which rule said no, and when, to the millisecond."""

    rule: str
    at: datetime


def refusal_id(rule: str, at: datetime) -> UUID | None:
    """A new id (UUID version 8) for a refusal by `rule`; None if that is no rule of the regulations.

    48 bits milliseconds, the rule's number in 12, its letters in 15, 20 that prove them, 27 at random.
    """
    known = RULE.fullmatch(rule)
    if known is None:
        return None
    letters = 0
    for letter in known[1]:
        letters = letters << 5 | ord(letter) - ord("A")
    head = (at - EPOCH) // timedelta(milliseconds=1) << 12 | int(known[2])
    tail = letters << NOISE | secrets.randbits(NOISE)
    middle = _proof(head, tail)
    return UUID(int=head >> 12 << 80 | 0x8 << 76 | (head & 0xFFF) << 64 | 0b10 << 62 | middle << 42 | tail)


def refused_by(identity: UUID) -> RefusedBy | None:
    """What an id tells of its refusal; None if it is not one of `refusal_id`."""
    number = identity.int
    if number >> 76 & 0xF != 0x8 or number >> 62 & 0b11 != 0b10:
        return None
    head, tail = number >> 80 << 12 | number >> 64 & 0xFFF, number & (1 << 42) - 1
    letters = [tail >> NOISE + shift & 31 for shift in (10, 5, 0)]
    if number >> 42 & PROOF != _proof(head, tail) or max(letters) > 25:
        return None
    try:
        at = EPOCH + timedelta(milliseconds=head >> 12)
    except OverflowError:
        return None
    name = "".join(chr(ord("A") + letter) for letter in letters)
    return RefusedBy(f"{name}-{head & 0xFFF}", at)


def _proof(head: int, tail: int) -> int:
    return int.from_bytes(hashlib.sha256(head.to_bytes(8) + tail.to_bytes(8)).digest()[:4]) & PROOF
