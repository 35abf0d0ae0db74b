"""The envelope is CloudEvents 1.0, as somebody else's reader and writer see it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from shared.events.envelope import Occasion, Undecodable, new_id, open_event, provenance, seal, unseal
from shared.events.event import PARTITIONS, Event, publisher, subject
from tests.tally import TallyOpened, TallyRaised

TALLY = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
AT = datetime(2026, 11, 24, 7, 30, 15, 123456, UTC)
FULL = Occasion("u1", AT, uuid4(), uuid4(), f"00-{'ab' * 16}-{'cd' * 8}-01")


@given(
    by=st.integers(-(2**50), 2**50),
    version=st.integers(1, 2**31 - 1),
    actor=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1),
    at=st.datetimes(datetime(1990, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds it
)
def test_what_is_sealed_is_opened_as_it_was(by: int, version: int, actor: str, at: datetime) -> None:
    sealed = TallyRaised(by=by, total=by)
    occasion = FULL._replace(actor=actor, at=at)
    event_id, data = seal(sealed, TALLY, version, occasion)
    envelope = unseal(data)
    known = provenance(envelope)
    assert open_event(envelope, known).model_dump() == sealed.model_dump()
    assert (known.id, known.entity_id, known.version, known.time) == (event_id, TALLY, version, at)
    assert (known.actor, known.correlation_id, known.causation_id) == (actor, *occasion[2:4])
    assert known.traceparent == FULL.traceparent


def test_somebody_else_s_reader_understands_it() -> None:
    event_id, data = seal(TallyRaised(by=1, total=2), TALLY, 3, FULL)
    event = JSONFormat().read(CloudEvent, data)
    assert event.get_id() == str(event_id)
    assert event.get_source() == "/xiaofu/tally"
    assert event.get_type() == "tally.count.raised.v1"
    assert event.get_specversion() == "1.0"
    assert event.get_subject() == str(TALLY)
    assert event.get_time() == AT
    assert event.get_datacontenttype() == "application/json"
    assert event.get_dataschema() == "https://xiaofu.example/schemas/tally.count.raised.v1.json"
    assert event.get_extension("sequence") == "3"
    assert event.get_extension("partitionkey") == str(TALLY)
    assert event.get_extension("actor") == "u1"
    assert event.get_extension("causationid") == str(FULL.causation_id)
    assert event.get_extension("traceparent") == FULL.traceparent
    assert event.get_data() == {"by": 1, "total": 2}


def test_what_somebody_else_writes_is_understood() -> None:
    attributes: dict[str, Any] = {
        "id": str(new_id()), "source": "/elsewhere", "type": "tally.count.raised.v1", "specversion": "1.0",
        "subject": str(TALLY), "time": AT, "datacontenttype": "application/json",
        "sequence": "7", "actor": "u9", "correlationid": str(uuid4()),
    }  # fmt: skip
    data = JSONFormat().write(CloudEvent(attributes, {"by": 4, "total": 5, "a later field": True}))
    envelope = unseal(data)
    known = provenance(envelope)
    assert (known.version, known.actor, known.time, known.causation_id) == (7, "u9", AT, None)
    event = open_event(envelope, known)
    assert event.model_dump() == {"by": 4, "total": 5}
    assert (event.id, event.entity_id, event.time) == (known.id, TALLY, AT)


def test_attributes_that_are_not_known_are_left_out() -> None:
    _, data = seal(TallyOpened(name="x"), TALLY, 1, Occasion("u1", AT, uuid4()))
    assert not {"causationid", "traceparent"} & unseal(data).keys()


@pytest.mark.parametrize(
    "spoilt",
    [{"id": "x"}, {"id": 7}, {"subject": None}, {"sequence": "one"}, {"sequence": "0"}, {"sequence": "-1"},
     {"sequence": str(2**31)}, {"sequence": "9" * 5000}, {"time": "noon"}, {"time": 7}, {"correlationid": ""},
     {"causationid": "x"}, {"sequence": None}],
    ids=lambda spoilt: str(spoilt)[:40],
)  # fmt: skip
def test_an_envelope_with_a_malformed_attribute_is_none(spoilt: dict[str, Any]) -> None:
    _, data = seal(TallyOpened(name="x"), TALLY, 1, FULL)
    with pytest.raises(Undecodable, match="not an event envelope"):
        provenance(unseal(data) | spoilt)


@pytest.mark.parametrize("name", ["id", "subject", "sequence", "time", "actor", "correlationid"])
def test_an_envelope_that_lacks_an_attribute_is_none(name: str) -> None:
    _, data = seal(TallyOpened(name="x"), TALLY, 1, FULL)
    envelope = unseal(data)
    del envelope[name]
    with pytest.raises(Undecodable, match=name):
        provenance(envelope)


@given(st.binary())
def test_no_bytes_make_a_fault(data: bytes) -> None:
    try:
        provenance(unseal(data))
    except Undecodable:
        return


def test_an_event_that_is_not_declared_or_does_not_fit_is_told_apart() -> None:
    _, data = seal(TallyOpened(name="x"), TALLY, 1, FULL)
    envelope = unseal(data)
    known = provenance(envelope)
    for odd in ("tally.count.sung.v1", None, ["x"]):
        with pytest.raises(Undecodable, match="unknown event") as unknown:
            open_event(envelope | {"type": odd}, known)
        assert (unknown.value.provenance, unknown.value.name) == (known, None)
    for data_ in ({}, {"name": 7}, None, "x"):
        with pytest.raises(Undecodable, match=r"tally\.count\.opened\.v1") as unfit:
            open_event(envelope | {"data": data_}, known)
        assert unfit.value.name == "tally.count.opened.v1"


def test_ids_are_ordered_by_time() -> None:
    ids = [new_id() for _ in range(200)]
    assert ids == sorted(ids)
    assert {identity.version for identity in ids} == {7}


@given(st.uuids())
def test_a_subject_is_the_name_and_the_partition_of_the_entity(identity: UUID) -> None:
    name, _, partition = subject("tally.count.raised.v1", identity).rpartition(".p")
    assert name == "tally.count.raised.v1"
    assert 0 <= int(partition) < PARTITIONS
    assert publisher(name) == "tally"


def test_an_event_is_declared_once_under_a_proper_name() -> None:
    with pytest.raises(TypeError, match="is already the name of TallyRaised"):

        class Again(Event, name="tally.count.raised.v1"):
            pass

    for name in ("tally", "tally.count.raised", "Tally.count.raised.v1", "tally.count.raised.v0", "t.c.r.v1.p07"):
        with pytest.raises(TypeError, match="is not <service>"):
            type("Odd", (Event,), {}, name=name)


def test_an_event_that_was_not_heard_has_no_provenance() -> None:
    with pytest.raises(LookupError, match="was not heard"):
        assert TallyOpened(name="x").id


def test_an_event_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        TallyOpened(name="x").name = "y"  # type: ignore[misc]  # that is the point


def test_the_bytes_are_plain_json() -> None:
    _, data = seal(TallyOpened(name="数"), TALLY, 1, FULL)
    assert orjson.loads(data)["data"] == {"name": "数"}
