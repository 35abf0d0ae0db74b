"""The policies of a service: heard, kept, and asked for by moment or by version."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.decisions import refusal_id, refused_by
from shared.domain.policy import InvalidPolicy, Policy
from shared.domain.policy_parameter import Parameter
from shared.events.envelope import Occasion, new_id, open_event, provenance, seal, unseal
from shared.events.event import Event
from shared.events.regulations import PolicyParameter, PolicyTookEffect
from shared.messaging.policy_reaction import keep_the_policy, with_policies
from shared.messaging.reactions import Reactions
from shared.persistence.policies import Policies
from shared.persistence.pool import Pool, migrate, open_pool
from shared.persistence.work import Work
from tests.house import eventually

JANUARY, MARCH, MAY = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 3, 5))
FIRST = Policy.read()


def changed(**values: Parameter) -> Policy:
    parameters = dict(FIRST.parameters) | {key.replace("__", "."): value for key, value in values.items()}
    return Policy.from_parameters(parameters)


def hours(number: float) -> Parameter:
    return Parameter(value=number, unit="hour")


FASTER = changed(complaints__response_time=hours(20))


def announced(policy: Policy, effective_at: datetime) -> PolicyTookEffect:
    return PolicyTookEffect(
        version=policy.version,
        effective_at=effective_at,
        parameters={
            key: PolicyParameter(**{"clause": "policy"} | parameter.model_dump(), regulation="D4", edition=2)
            for key, parameter in policy.parameters.items()
        },
    )


def heard(event: Event) -> Event:
    """The event as it comes off the bus."""
    envelope = unseal(seal(event, uuid4(), 1, Occasion("u", MAY, new_id()))[1])
    return open_event(envelope, provenance(envelope))


@pytest.fixture
async def pool(database: str, tmp_path: Path) -> AsyncIterator[Pool]:
    await migrate(database, tmp_path)
    async with open_pool(database, size=2) as opened:
        yield opened


@pytest.fixture
async def policies(pool: Pool) -> Policies:
    opened = Policies(FIRST)
    await opened.open(pool)
    return opened


async def hear(pool: Pool, *events: PolicyTookEffect) -> None:
    async with pool.acquire() as connection, connection.transaction():
        work = Work(connection, Policies(FIRST))
        for event in events:
            received = heard(event)
            assert isinstance(received, PolicyTookEffect)
            with work.on(Occasion("service:test", MAY, new_id())):
                await keep_the_policy(received, work)
        await work.flush()


async def test_before_anything_was_heard_the_files_policy_holds(pool: Pool, policies: Policies) -> None:
    """REG-2"""
    assert policies.at(JANUARY) is policies.now is await policies.of(FIRST.version, JANUARY, pool) is FIRST


async def test_what_was_heard_holds_from_its_time_on_and_the_earlier_ones_stay_known(
    pool: Pool, policies: Policies
) -> None:
    """REG-2: a change never alters a running case, which is stamped with its version."""
    await hear(pool, announced(FASTER, MAY), announced(FIRST, MARCH))
    await policies.learn(pool)
    assert [policies.at(moment).version for moment in (JANUARY, MARCH, MAY - timedelta(seconds=1), MAY)] == [
        FIRST.version, FIRST.version, FIRST.version, FASTER.version,
    ]  # fmt: skip
    first, faster = [await policies.of(version, MAY, pool) for version in (FIRST.version, FASTER.version)]
    assert first.complaints.response_time == timedelta(hours=24)
    assert faster.complaints.response_time == timedelta(hours=20)
    assert faster.quality == FIRST.quality


async def test_the_same_values_may_hold_again(pool: Pool, policies: Policies) -> None:
    """REG-2"""
    await hear(pool, announced(FASTER, JANUARY), announced(FIRST, MARCH), announced(FASTER, MAY))
    await policies.learn(pool)
    versions = [policies.at(moment).version for moment in (JANUARY, MARCH, MAY)]
    assert versions == [FASTER.version, FIRST.version, FASTER.version]


async def test_a_policy_that_is_told_twice_is_kept_once(pool: Pool, policies: Policies) -> None:
    await hear(pool, announced(FASTER, MAY), announced(FASTER, MAY))
    assert await pool.fetchval("SELECT count(*) FROM policies WHERE effective_at IS NOT NULL") == 1


async def test_a_case_from_before_an_upgrade_finds_the_policy_of_the_files_of_that_time(pool: Pool) -> None:
    """REG-2"""
    before, after = Policies(FASTER), Policies(FIRST)
    await before.open(pool)
    await after.open(pool)
    assert (await after.of(FASTER.version, MAY, pool)).complaints.response_time == timedelta(hours=20)
    assert after.now.version == FIRST.version


@pytest.mark.parametrize("stamp", [None, "000000000000"])
async def test_a_case_of_a_release_that_kept_no_policies_goes_by_what_was_in_force_when_it_was_begun(
    pool: Pool, policies: Policies, stamp: str | None
) -> None:
    """REG-2: the stamp of a file that is gone, or none."""
    await hear(pool, announced(FASTER, MARCH), announced(FIRST, MAY))
    await policies.learn(pool)
    assert (await policies.of(stamp, MARCH, pool)).version == FASTER.version
    assert (await policies.of(stamp, MAY, pool)).version == FIRST.version
    assert (await policies.of(stamp, JANUARY, pool)) is FIRST


async def test_a_stamp_that_another_process_has_heard_of_is_looked_up_at_once(pool: Pool, policies: Policies) -> None:
    """REG-2: nothing waits for the next look."""
    await hear(pool, announced(FASTER, MAY))
    assert (await policies.of(FASTER.version, MAY, pool)).complaints.response_time == timedelta(hours=20)


async def test_another_process_of_the_service_learns_what_one_has_heard(pool: Pool, policies: Policies) -> None:
    """REG-2"""
    following = asyncio.create_task(policies.follow(pool))
    await hear(pool, announced(FASTER, MARCH))

    async def learned() -> bool:
        return policies.at(MAY) is not FIRST

    await eventually(learned)
    following.cancel()
    assert policies.at(MAY).version == FASTER.version


async def test_a_policy_that_this_code_cannot_use_is_left_aside(pool: Pool, policies: Policies) -> None:
    bad = announced(FASTER, MARCH)
    bad.parameters["complaints.closing_attempts"] = PolicyParameter(
        value="many", clause="policy", regulation="D4", edition=2
    )
    await hear(pool, bad.model_copy(update={"version": "bad"}), announced(FASTER, MAY))
    await policies.learn(pool)
    assert policies.at(MARCH) is FIRST
    assert policies.at(MAY).version == FASTER.version


async def test_kept_policies_are_never_changed(pool: Pool, policies: Policies) -> None:
    for query in ("UPDATE policies SET version = 'x'", "DELETE FROM policies"):
        with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
            await pool.execute(query)


async def test_a_services_reactions_are_its_own_and_this_one() -> None:
    own = Reactions("tally")
    assert with_policies(own).sources == ["regulations"]
    assert own.sources == []


# The parameters


def test_a_set_from_an_event_is_the_policy_it_was_made_of() -> None:
    """REG-2: exactly, whatever JSON does to the numbers."""
    sent = PolicyTookEffect.model_validate_json(announced(FIRST, MAY).model_dump_json())
    parameters = {key: Parameter(value=p.value, unit=p.unit, clause=p.clause) for key, p in sent.parameters.items()}
    received = Policy.from_parameters(parameters)
    assert received.model_dump() == FIRST.model_dump()
    assert received.version == FIRST.version
    assert received.clauses == FIRST.clauses


def test_a_set_may_be_older_or_newer_than_the_code() -> None:
    """REG-2"""
    older = {key: parameter for key, parameter in FASTER.parameters.items() if key != "complaints.pause_cap"}
    newer = older | {"complaints.of_tomorrow": Parameter(value=1, unit="hour")}
    received = Policy.from_parameters(newer, "ab12")
    assert received.complaints == FASTER.complaints
    assert received.version == "ab12"


def test_a_decimal_that_binary_fractions_do_not_know_is_what_was_written() -> None:
    assert Parameter(value=[{"share": 0.1}]).value == [{"share": Decimal("0.1")}]
    assert Parameter(value=Decimal("0.10")).model_dump(mode="json")["value"] == 0.1


@pytest.mark.parametrize(
    ("key", "parameter"),
    [
        ("complaints.response_time", Parameter(value=0, unit="hour")),
        ("complaints.response_time", Parameter(value=1, unit="yuan")),
        ("complaints.warning_share", Parameter(value=75)),
        ("penalties.service_fine_low", Parameter(value=20.555, unit="yuan")),
        ("contracts.approval_chain", Parameter(value=[])),
    ],
)
def test_a_wrong_parameter_is_named(key: str, parameter: Parameter) -> None:
    """REG-2"""
    with pytest.raises(InvalidPolicy, match=f"^{key}: "):
        changed(**{key.replace(".", "__"): parameter})


# The id of a refusal


@given(
    letters=st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3),
    number=st.integers(0, 999),
    at=st.datetimes(datetime(1970, 1, 1), datetime(2900, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants them so
)
def test_a_refusals_id_bears_its_rule_and_moment(letters: str, number: int, at: datetime) -> None:
    """REG-4"""
    identity = refusal_id(f"{letters}-{number}", at)
    assert identity is not None
    assert (identity.version, identity.variant) == (8, "specified in RFC 4122")
    read = refused_by(identity)
    assert read is not None
    assert read.rule == f"{letters}-{number}"
    assert timedelta(0) <= at - read.at < timedelta(milliseconds=1)


@given(st.integers(0, (1 << 128) - 1))
def test_another_id_is_not_taken_for_a_refusals(number: int) -> None:
    """REG-4: also not the version 8 ids that follow from a cause."""
    assert refused_by(UUID(int=number & ~(0xF << 76) & ~(0b11 << 62) | 0x8 << 76 | 0b10 << 62)) is None


def test_two_refusals_in_one_millisecond_are_two_and_what_is_no_rule_has_no_id() -> None:
    """REG-4"""
    assert len({refusal_id("ORD-9", MAY) for _ in range(100)}) == 100
    assert refusal_id("house rule", MAY) is None
