import tomllib
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.domain.actor import Post
from shared.domain.money import yuan
from shared.domain.policy import PACKAGED, InvalidPolicy, Policy
from shared.domain.working_time import Calendar

STATED = [
    ("complaints.response_time", timedelta(hours=24), "D4 §3.3"),
    ("complaints.resolution_time", timedelta(hours=48), "D4 §4.2"),
    ("complaints.major_ladder", (Post.BRANCH_GENERAL_MANAGER, Post.GENERAL_MANAGER), "D19 §3.1"),
    ("penalties.service_fine_low", yuan(20), "D19 §4.3a"),
    ("penalties.service_fine_high", yuan(100), "D19 §4.3a"),
    ("orders.deposit_share", Decimal(1), "D19 §6.2"),
    ("contracts.review_departments", (Post.PRODUCTION, Post.QUALITY_INSPECTOR), "D19 §10.1"),
    ("customers.visit_lead_time", timedelta(days=1), "D13 pre-sale 3"),
]


@pytest.fixture
def override(tmp_path: Path) -> Path:
    return tmp_path / "short.toml"


@pytest.mark.parametrize(("key", "value", "clause"), STATED)
def test_what_the_regulations_state_is_the_default_with_its_clause(key: str, value: object, clause: str) -> None:
    """REG-2"""
    policy = Policy.read()
    section, name = key.split(".")
    assert getattr(getattr(policy, section), name) == value
    assert policy.clause(key) == clause


def test_every_parameter_of_the_file_is_a_field_and_has_a_clause() -> None:
    """REG-2"""
    policy = Policy.read()
    entries = tomllib.loads(PACKAGED.read_text("utf-8"))
    keys = {f"{section}.{name}" for section, names in entries.items() for name in names}
    fields = {f"{section}.{name}" for section, names in policy.model_dump().items() for name in names}
    assert keys == fields == policy.clauses.keys()
    assert all(clause == "policy" or clause.startswith("D") for clause in policy.clauses.values())


def test_an_override_names_only_what_it_changes_and_needs_only_the_value(override: Path) -> None:
    override.write_text(
        """
        [complaints]
        response_time = { value = 30, unit = "second" }
        resolution_time = { value = 1.5 }
        calendar = { value = { kind = "working", hours = ["09:00-17:00"] } }
        [penalties]
        fines_as_deductions = { value = { guangdong = true }, clause = "Guangdong labour inspection §51" }
        """
    )
    policy = Policy.read(override)
    assert policy.complaints.response_time == timedelta(seconds=30)
    assert policy.complaints.resolution_time == timedelta(minutes=90)
    assert policy.complaints.calendar == Calendar(kind="working", hours=("09:00-17:00",))
    assert policy.complaints.department_time == timedelta(hours=12)
    assert policy.penalties.fines_as_deductions == {"guangdong": True}
    assert policy.clause("complaints.response_time") == "D4 §3.3"
    assert policy.clause("penalties.fines_as_deductions").startswith("Guangdong")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[complaints]\nrespons_time = { value = 1 }", "complaints.respons_time"),
        ("[compliments]\nresponse_time = { value = 1 }", "compliments.response_time"),
        ("complaints = 3", "complaints"),
        ("[complaints]\nresponse_time = 24", "complaints.response_time"),
        ("[complaints]\nresponse_time = { unit = 'hour' }", "complaints.response_time"),
        ("[complaints]\nresponse_time = { value = 1, because = 'x' }", "complaints.response_time"),
        ("[complaints]\nresponse_time = { value = 1, unit = 'week' }", "complaints.response_time"),
        ("[complaints]\nresponse_time = { value = 1, unit = 'yuan' }", "complaints.response_time"),
        ("[complaints]\nresponse_time = { value = '24' }", "complaints.response_time"),
        ("[complaints]\nresponse_time = { value = true }", "complaints.response_time"),
        ("[complaints]\nresponse_time = { value = 0 }", "complaints.response_time"),
        ("[complaints]\nresponse_time = { value = inf }", "complaints.response_time"),
        ("[complaints]\nresponse_time = { value = nan }", "complaints.response_time"),
        ("[complaints]\nclosing_attempts = { value = 3, unit = 'hour' }", "complaints.closing_attempts"),
        ("[complaints]\nclosing_attempts = { value = true }", "complaints.closing_attempts"),
        ("[complaints]\nwarning_share = { value = 75 }", "complaints.warning_share"),
        ("[complaints]\ncalendar = { value = 'lunar' }", "complaints.calendar"),
        ("[complaints]\nescalation_ladder = { value = ['king'] }", "complaints.escalation_ladder"),
        ("[complaints]\nescalation_ladder = { value = [] }", "complaints.escalation_ladder"),
        ("[penalties]\nservice_fine_low = { value = 20.555 }", "penalties.service_fine_low"),
        ("[penalties]\nservice_fine_low = { value = 101 }", "penalties"),
        ("[penalties]\nfines_as_deductions = { value = { here = 1 } }", "penalties.fines_as_deductions"),
        ("[quality]\nclaim_limits = { value = [] }", "quality.claim_limits"),
        ("[quality]\nclaim_limits = { value = [{ up_to = 1, post = 'auditor' }] }", "quality.claim_limits"),
        (
            "[quality]\nclaim_limits = { value = [{ post = 'auditor' }, { post = 'hr' }] }",
            "quality.claim_limits",
        ),
        *(
            (f"[contracts]\napproval_chain = {{ value = [{entries}] }}", "contracts.approval_chain")
            for entries in (
                "",
                "{ posts = ['auditor'], clause = 'x', kind = 'sales' }",
                "{ posts = ['auditor'], clause = 'x' }, { posts = ['hr'], clause = 'x', kind = 'gift' }",
                "{ posts = ['auditor'], clause = 'x' }, { posts = ['hr'], clause = 'x', amount_from = 0 }",
                "{ posts = ['auditor'], clause = 'x' }, { posts = ['hr'], clause = 'x', deviates = 'yes' }",
                "{ posts = ['auditor'], clause = 'x' }, { posts = [], clause = 'x', deviates = true }",
                "{ posts = ['king'], clause = 'x' }",
                "{ posts = ['auditor'] }",
                "{ posts = ['hr'], clause = 'x' }"
                + "".join(f", {{ posts = ['hr'], clause = 'x', amount_from = {amount} }}" for amount in (2, 1)),
            )
        ),
        (
            """[quality]
            claim_limits = { value = [
                { up_to = 2, post = 'hr' }, { up_to = 1, post = 'auditor' }, { post = 'hr' },
            ] }
            """,
            "quality.claim_limits",
        ),
        ("[complaints", "end of document"),
    ],
)
def test_a_wrong_entry_gives_one_error_that_names_file_and_key(override: Path, text: str, key: str) -> None:
    override.write_text(text)
    with pytest.raises(InvalidPolicy) as refused:
        Policy.read(override)
    (line,) = str(refused.value).splitlines()
    assert line.startswith(f"{override}: ")
    assert key in line


def test_a_file_that_is_not_utf_8_is_named(override: Path) -> None:
    override.write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidPolicy, match=r"short\.toml"):
        Policy.read(override)


def test_the_version_follows_the_values_and_nothing_else(override: Path) -> None:
    """CMP-7, REG-2: the version is stamped on the case."""
    packaged = Policy.read().version
    assert len(packaged) == 12
    assert int(packaged, 16) >= 0
    override.write_text(
        """
        [complaints]
        response_time = { value = 1, unit = "day", clause = "another clause" }
        [penalties]
        monthly_cap_share = { value = 0.2 }
        service_fine_low = { value = 20 }
        """
    )
    assert Policy.read(override).version == packaged
    override.write_text("[complaints]\nresponse_time = { value = 23 }")
    assert Policy.read(override).version != packaged


def test_a_policy_cannot_be_changed_after_reading() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Policy.read().complaints.closing_attempts = 0  # type: ignore[misc]  # that is the point


def test_a_warning_comes_after_three_quarters_of_the_time() -> None:
    """CMP-7"""
    complaints = Policy.read().complaints
    assert complaints.warning_after(complaints.response_time) == timedelta(hours=18)


@pytest.mark.parametrize(
    ("amount", "post"),
    [
        ("0.00", Post.SALES_MANAGER),
        ("5000.00", Post.SALES_MANAGER),
        ("5000.01", Post.SALES_DIRECTOR),
        ("50000.00", Post.SALES_DIRECTOR),
        ("50000.01", Post.GENERAL_MANAGER),
    ],
)
def test_the_amount_of_a_claim_decides_who_approves_it(amount: str, post: Post) -> None:
    """QUA-5"""
    assert Policy.read().quality.claim_approver(yuan(amount)) is post


STANDARD = [Post.SALES_MANAGER, Post.AUDITOR]
SMALL, LARGE = yuan("999999.99"), yuan(1_000_000)


@pytest.mark.parametrize(
    ("kind", "amount", "deviates", "more"),
    [
        ("sales", SMALL, False, []),
        ("service", SMALL, False, []),
        ("sales", SMALL, True, [Post.VICE_PRESIDENT_SALES, Post.HEADQUARTERS]),
        ("clearance", SMALL, False, [Post.BRANCH_GENERAL_MANAGER, Post.VICE_PRESIDENT_SALES]),
        ("clearance", SMALL, True, [Post.VICE_PRESIDENT_SALES, Post.HEADQUARTERS, Post.BRANCH_GENERAL_MANAGER]),
        ("sales", LARGE, False, [Post.GENERAL_MANAGER]),
        ("sales", LARGE, True, [Post.VICE_PRESIDENT_SALES, Post.HEADQUARTERS, Post.GENERAL_MANAGER]),
    ],
)
def test_kind_amount_and_deviations_add_their_posts_and_no_post_signs_twice(
    kind: str, amount: Decimal, deviates: bool, more: list[Post]
) -> None:
    """CON-2, CON-4, CON-7"""
    approvers = Policy.read().contracts.approvers(kind, amount, deviates=deviates)
    assert list(approvers) == [*STANDARD, *more]


def test_each_post_of_a_chain_knows_the_clauses_that_ask_for_it() -> None:
    """CON-2, CON-4, CON-7"""
    assert Policy.read().contracts.approvers("clearance", LARGE, deviates=True) == {
        Post.SALES_MANAGER: ["D19 §10.2", "D19 §10.8"],
        Post.AUDITOR: ["D19 §10.2"],
        Post.VICE_PRESIDENT_SALES: ["D19 §10.5", "D19 §10.8"],
        Post.HEADQUARTERS: ["D19 §10.5"],
        Post.BRANCH_GENERAL_MANAGER: ["D19 §10.8"],
        Post.GENERAL_MANAGER: ["policy"],
    }


def test_another_policy_gives_another_chain_without_a_change_of_code(override: Path) -> None:
    """CON-4, REG-2"""
    override.write_text(
        """
        [contracts]
        approval_chain = { value = [
            { posts = ["auditor"], clause = "policy" },
            { posts = ["finance"], clause = "policy", kind = "sales", deviates = false, amount_from = 10 },
            { posts = ["hr", "auditor"], clause = "policy", kind = "sales", deviates = false, amount_from = 20.5 },
        ] }
        """
    )
    contracts = Policy.read(override).contracts
    assert list(contracts.approvers("sales", yuan(20), deviates=False)) == [Post.AUDITOR, Post.FINANCE]
    assert list(contracts.approvers("sales", yuan(21), deviates=False)) == [
        Post.AUDITOR, Post.FINANCE, Post.HR,
    ]  # fmt: skip
    assert list(contracts.approvers("sales", yuan(21), deviates=True)) == [Post.AUDITOR]
