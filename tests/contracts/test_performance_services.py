"""Work under a service contract, measured without I/O."""

from datetime import timedelta

import pytest

from services.contracts.domain.service_work import Job
from shared.domain.actor import Post
from shared.domain.refusals import RuleBroken
from shared.events.contracts import ServiceTerm
from tests.contracts.performing import AT, DAY, agreed, opened, wanted
from tests.contracts.sample import POLICY, person

technician = person("technician", Post.TECHNICIAN)
REPAIR = ServiceTerm(service="维修", response_hours=4, resolution_hours=48, times=2)


def job(reference: str = "W1", response: int = 1, done: int = 20, **more: object) -> Job:
    moments = {
        "requested_at": AT,
        "responded_at": AT + timedelta(hours=response),
        "done_at": AT + timedelta(hours=done),
    }
    return Job.model_validate({"service": "维修", "reference": reference, "by_whom": "w3", **moments, **more})


@pytest.mark.parametrize(
    ("response", "done", "kept"), [(4, 48, (True, True)), (5, 48, (False, True)), (4, 49, (True, False))]
)
def test_service_work_is_measured_against_its_time_limits(response: int, done: int, kept: tuple[bool, bool]) -> None:
    """CON-12"""
    performance = opened(services=[REPAIR])
    performance.measure(job(response=response, done=done), technician, AT + 9 * DAY)
    (work,), (figures,) = performance.works, performance.services
    assert (work.response_in_time, work.resolution_in_time, work.recorded_by) == (*kept, "technician")
    assert (figures.done, figures.responses_in_time, figures.resolutions_in_time) == (1, *kept)


def test_work_beyond_the_times_that_were_promised_is_measured_and_marked() -> None:
    """CON-12"""
    performance = opened(services=[REPAIR])
    for number in range(3):
        performance.measure(job(f"W{number}"), technician, AT + DAY)
    assert [work.within_times for work in performance.works] == [True, True, False]
    assert performance.services[0].done == 3


def test_work_is_refused_that_is_not_contracted_told_twice_out_of_order_or_not_yet_done() -> None:
    """CON-12"""
    performance = opened(services=[REPAIR])
    performance.measure(job(), technician, AT + DAY)
    soon = AT + DAY
    refused = [
        (job("W2", service="安装"), soon),
        (job(), soon),
        (job("W2", response=30), 2 * DAY + AT),
        (job("W2"), AT),
        (job("W2", requested_at=AT - 2 * DAY), soon),
    ]
    for work, at in refused:
        with pytest.raises(RuleBroken) as why:
            performance.measure(work, technician, at)
        assert why.value.rule == "CON-12"
    assert len(performance.works) == 1


def test_work_that_was_asked_for_while_the_contract_was_in_force_is_measured_after_its_end_too() -> None:
    """CON-12"""
    performance = opened(services=[REPAIR])
    performance.close(AT + timedelta(hours=1))
    performance.measure(job(), technician, AT + DAY)
    with pytest.raises(RuleBroken, match="not in force"):
        performance.measure(job("W2", response=3, requested_at=AT + timedelta(hours=2)), technician, AT + DAY)


def test_work_done_before_an_amendment_still_counts_for_its_service() -> None:
    """CON-9, CON-12"""
    performance = opened(services=[REPAIR])
    performance.measure(job(), technician, AT + DAY)
    terms = [REPAIR.model_copy(update={"times": 5}), ServiceTerm(service="保养", response_hours=1, resolution_hours=2)]
    performance.adjust(agreed(wanted(), services=terms, edition=2), [], POLICY, AT + DAY)
    assert [(figures.times, figures.done) for figures in performance.services] == [(5, 1), (None, 0)]
