"""The rules of samples and of confidential standards, without a database."""

from uuid import uuid4

import pytest

from services.quality.domain.certificate import CertifiedLot
from services.quality.domain.sample import Sample, SampleStatus
from services.quality.domain.standard import Standard
from services.quality.domain.standard_reading import StandardReading
from shared.domain.actor import Actor, Post
from shared.domain.money import yuan
from shared.domain.refusals import Forbidden, NotAllowedNow, NotFound, RuleBroken
from tests.quality.cases import AT, INSPECTOR, actor

SALES = actor("u12", Post.SALESPERSON)
LOT = CertifiedLot(lot_id=uuid4(), lot="L1", article="A-1")
CHIEF = actor("chief", Post.QUALITY_INSPECTOR)


def requested() -> Sample:
    return Sample.request(uuid4(), uuid4(), "A-1", yuan("2"), "show room", SALES, AT)


def drafted(text: str = "secret", by: Actor = INSPECTOR) -> Standard:
    return Standard.draft(uuid4(), "Q/XF-1", "釉面检验规程", [Post.QUALITY_INSPECTOR, Post.PRODUCTION], text, by, AT)


def test_a_sample_is_taken_sent_and_answered_in_that_order() -> None:
    """QUA-7"""
    sample = requested()
    for deed in (lambda: sample.send("SF", "1", INSPECTOR, AT), lambda: sample.answer(True, "good", SALES, AT)):
        with pytest.raises(NotAllowedNow):
            deed()
    sample.take(LOT, False, "sound", INSPECTOR, AT)
    sample.send("SF", "1", INSPECTOR, AT)
    with pytest.raises(NotAllowedNow):
        sample.decline("too late", INSPECTOR)
    sample.answer(False, "too dark", SALES, AT, ["u12"])
    assert (sample.status, sample.taken_by, sample.satisfied) == (SampleStatus.ANSWERED, INSPECTOR.id, False)


@pytest.mark.parametrize(
    ("lot", "held", "by", "sentence"),
    [
        (LOT.model_copy(update={"article": "B-2"}), False, INSPECTOR, "another article"),
        (LOT, True, INSPECTOR, "quality hold"),
        (LOT, False, actor("u12", Post.QUALITY_INSPECTOR), "does not take it"),
        (LOT, False, actor("x", Post.QUALITY_INSPECTOR, on_behalf_of="u12"), "does not take it"),
    ],
)
def test_a_sample_is_of_a_sound_lot_and_taken_by_another_person(
    lot: CertifiedLot, held: bool, by: Actor, sentence: str
) -> None:
    """QUA-7"""
    with pytest.raises(RuleBroken, match=sentence) as refusal:
        requested().take(lot, held, "x", by, AT)
    assert refusal.value.rule == "QUA-7"


def test_somebody_elses_sample_is_not_answered_for() -> None:
    """QUA-7"""
    sample = requested()
    sample.take(LOT, False, "sound", INSPECTOR, AT)
    sample.send("SF", "1", INSPECTOR, AT)
    with pytest.raises(NotFound):
        sample.answer(True, "good", actor("u13", Post.SALESPERSON), AT, ["u13"])


def test_a_standard_is_approved_by_another_person_than_its_author() -> None:
    """QUA-8"""
    standard = drafted()
    for by in (INSPECTOR, actor("x", Post.QUALITY_INSPECTOR, on_behalf_of=INSPECTOR.id)):
        with pytest.raises(RuleBroken) as refusal:
            standard.approve(by, AT)
        assert refusal.value.rule == "QUA-8"
    standard.approve(CHIEF, AT)


def test_a_standard_is_read_by_the_posts_it_names_alone() -> None:
    """QUA-8"""
    standard = drafted()
    standard.approve(CHIEF, AT)
    with pytest.raises(Forbidden) as refusal:
        standard.readable(None, SALES)
    assert refusal.value.rule == "QUA-8"
    assert standard.readable(None, actor("p", Post.PRODUCTION)).edition == 1
    standard.name_readers([Post.QUALITY_INSPECTOR])
    with pytest.raises(Forbidden):
        standard.readable(None, actor("p", Post.PRODUCTION))


def test_the_edition_before_holds_until_the_next_is_approved() -> None:
    """QUA-8"""
    standard = drafted()
    with pytest.raises(NotAllowedNow, match="in force yet"):
        standard.readable(None, INSPECTOR)
    standard.approve(CHIEF, AT)
    standard.revise("more secret", INSPECTOR, AT)
    assert standard.readable(None, INSPECTOR).edition == 1
    assert standard.readable(2, CHIEF).edition == 2
    standard.approve(CHIEF, AT)
    assert standard.readable(None, INSPECTOR).edition == 2
    with pytest.raises(NotFound):
        standard.readable(3, INSPECTOR)


def test_nobody_from_outside_is_named_a_reader() -> None:
    """QUA-8"""
    with pytest.raises(RuleBroken, match="outside"):
        Standard.draft(uuid4(), "Q1", "x", [Post.CUSTOMER], "secret", INSPECTOR, AT)
    with pytest.raises(RuleBroken, match="outside"):
        drafted().name_readers([Post.PRODUCTION, Post.PARTNER])


def test_no_event_and_no_document_carries_the_text() -> None:
    """QUA-8"""
    standard = drafted("the secret recipe")
    standard.approve(CHIEF, AT)
    reading = StandardReading.log(uuid4(), standard, standard.editions[0], "audit", INSPECTOR, AT)
    said = [standard.model_dump_json(), reading.model_dump_json()]
    said += [event.model_dump_json() for event in (*standard.recorded, *reading.recorded)]
    assert not any("recipe" in text for text in said)
    assert (reading.reader, reading.why, reading.edition) == (INSPECTOR.id, "audit", 1)
