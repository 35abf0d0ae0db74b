"""The checker is checked: it must see every kind of fault it is there for."""

from uuid import UUID

import pytest

from tests.faults.ledger import Fact, complaints, complaints_about_effects

ONE, OTHER = UUID(int=1), UUID(int=2)


def fact(entity: UUID, version: int, data: bytes = b"x") -> Fact:
    return Fact(entity, version, UUID(int=entity.int << 32 | version), data)


A1, A2, A3, B1 = fact(ONE, 1), fact(ONE, 2), fact(ONE, 3), fact(OTHER, 1)
LOG = [A1, A2, B1, A3]


@pytest.mark.parametrize("stream", [LOG, [B1, A1, A2, A3], [A1, A2, A3, B1]])
def test_a_stream_in_order_per_entity_is_fine(stream: list[Fact]) -> None:
    assert complaints(LOG, stream) == []


@pytest.mark.parametrize(
    ("stream", "fault"),
    [
        ([A1, A2, B1], "was committed and is not in the stream"),
        ([*LOG, fact(OTHER, 2)], "is in the stream and was not committed"),
        ([A1, fact(ONE, 2, b"y"), B1, A3], "is in the stream and was not committed"),
        ([A2, A1, B1, A3], "goes [2, 1, 3]"),
        ([*LOG, A2], "is in the stream 2 times"),
    ],
)
def test_what_is_wrong_with_a_stream_is_named(stream: list[Fact], fault: str) -> None:
    assert any(fault in complaint for complaint in complaints(LOG, stream))


def test_after_a_repair_an_event_may_stand_there_again_but_not_first_out_of_order() -> None:
    assert complaints(LOG, [*LOG, A2, A3], once=False) == []
    assert complaints(LOG, [A1, A3, A2, B1, A3], once=False) != []


@pytest.mark.parametrize(
    ("effects", "fault"),
    [
        ([A1, A2, B1], "had no effect"),
        ([*LOG, A3], "had 2 effects"),
        ([A1, A3, A2, B1], "goes [1, 3, 2]"),
        ([*LOG, fact(OTHER, 2)], "was not committed"),
    ],
)
def test_what_is_wrong_with_the_effects_is_named(effects: list[Fact], fault: str) -> None:
    assert complaints_about_effects(LOG, LOG) == []
    assert any(fault in complaint for complaint in complaints_about_effects(LOG, effects))
