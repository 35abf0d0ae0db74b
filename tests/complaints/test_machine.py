"""Whatever people do, and whenever deadlines fall due, a complaint keeps its word."""

from collections.abc import Callable
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.complaints.domain.complaint import Complaint
from services.complaints.domain.intake import Channel, Kind, Severity
from services.complaints.domain.lifecycle import RUNNING, ComplaintStatus
from services.complaints.domain.settled_case import NEEDS_CONSENT
from services.complaints.domain.terms import Breach, ClockName
from shared.domain.actor import Actor, Post
from shared.domain.refusals import NotAllowedNow, Refusal
from tests.complaints.cases import (
    ACCUSED,
    AGENT,
    BRANCH_HEAD,
    CLERK,
    CUSTOMER,
    DELEGATE,
    DIRECTOR,
    EVIDENCE,
    GENERAL_MANAGER,
    HOUR,
    MANAGER,
    NOON,
    OFFICE,
    POLICY,
    STRANGER,
    VICE_PRESIDENT,
    WAREHOUSE,
    filed,
    found,
)

PEOPLE = [ACCUSED, AGENT, BRANCH_HEAD, CLERK, CUSTOMER, DELEGATE, DIRECTOR, GENERAL_MANAGER, MANAGER, OFFICE, STRANGER,
          VICE_PRESIDENT, WAREHOUSE]  # fmt: skip
TEXT = st.sampled_from(["", EVIDENCE, "王先生"])
NAMED = st.lists(st.sampled_from(["w1", "w2", MANAGER.id]), max_size=2)


class AnyStory(RuleBasedStateMachine):
    """Commands by anybody, in any order, with the timers of the store beside them."""

    @initialize(kind=st.sampled_from(Kind), severity=st.sampled_from(Severity), major=st.booleans())
    def file(self, kind: Kind, severity: Severity, major: bool) -> None:
        self.now = NOON
        self.timers: dict[str, datetime] = {}
        self.breaches: list[Breach] = []
        self.calls = self.responses = self.run = 0
        self.keep(filed(kind, severity=severity, major=major, about=ACCUSED.id))

    def keep(self, complaint: Complaint) -> None:
        """What the store does: document, events, timers."""
        for kind, due_at in complaint.timers.items():
            self.timers.pop(kind, None)
            if due_at is not None:
                self.timers[kind] = due_at
        names = [type(event).__name__ for event in complaint.recorded]
        self.responses = names.count("ComplaintResponded") + self.responses * (complaint.terms.run == self.run)
        self.run = complaint.terms.run
        self.kept = complaint.model_dump_json()

    @property
    def complaint(self) -> Complaint:
        return Complaint.model_validate_json(self.kept)

    def attempt(self, deed: Callable[[Complaint], None]) -> None:
        complaint = self.complaint
        try:
            deed(complaint)
        except Refusal:
            return
        self.keep(complaint)

    @rule(hours=st.integers(1, 30))
    def time_passes(self, hours: int) -> None:
        self.now += hours * HOUR

    @precondition(lambda self: any(due_at <= self.now for due_at in self.timers.values()))
    @rule(data=st.data(), late=st.integers(0, 600))
    def a_deadline_falls_due(self, data: st.DataObject, late: int) -> None:
        self.now += timedelta(seconds=late)
        kind = data.draw(st.sampled_from(sorted(kind for kind, due_at in self.timers.items() if due_at <= self.now)))
        del self.timers[kind]
        complaint = self.complaint
        try:
            getattr(complaint, kind)(self.now)
        except NotAllowedNow:
            return
        self.keep(complaint)

    @rule(by=st.sampled_from(PEOPLE))
    def take(self, by: Actor) -> None:
        self.attempt(lambda complaint: complaint.take(by, self.now))

    @rule(by=st.sampled_from(PEOPLE))
    def acknowledge(self, by: Actor) -> None:
        self.attempt(lambda complaint: complaint.acknowledge(by, self.now))

    @rule(by=st.sampled_from(PEOPLE), evidence=TEXT)
    def respond(self, by: Actor, evidence: str) -> None:
        self.attempt(lambda complaint: complaint.respond(Channel.PHONE, evidence, "王先生", by, self.now))

    @rule(by=st.sampled_from(PEOPLE), verified=st.booleans(), named=NAMED)
    def establish(self, by: Actor, verified: bool, named: list[str]) -> None:
        self.attempt(lambda complaint: complaint.establish(verified, [found(one) for one in named], by, self.now))

    @rule(by=st.sampled_from(PEOPLE))
    def propose(self, by: Actor) -> None:
        self.attempt(lambda complaint: complaint.propose("换货", by, self.now))

    @rule(by=st.sampled_from(PEOPLE))
    def agree(self, by: Actor) -> None:
        self.attempt(lambda complaint: complaint.agree("好", by, self.now))

    @rule(by=st.sampled_from(PEOPLE))
    def carry_out(self, by: Actor) -> None:
        self.attempt(lambda complaint: complaint.carry_out("换货", "CH1", by, self.now))

    @rule(by=st.sampled_from(PEOPLE))
    def resolve(self, by: Actor) -> None:
        self.attempt(lambda complaint: complaint.resolve("已换货", "电话", by, self.now))

    @rule()
    def the_handler_goes_on(self) -> None:
        """The next step in order, so that stories get to their end often enough."""
        by = next((one for one in PEOPLE if one.id == self.complaint.handler), DIRECTOR)
        self.take(by)
        self.hand_over(by, Post.WAREHOUSE)
        self.report_back(WAREHOUSE)
        self.carry_out(by)
        self.resolve(by)
        self.propose(by)
        self.agree(CUSTOMER)

    @rule()
    def the_handler_waits(self) -> None:
        """A pause that is asked for and granted, so that pauses run often enough."""
        by = next((one for one in PEOPLE if one.id == self.complaint.handler), DIRECTOR)
        self.ask_pause(by, "waiting_for_customer", None)
        self.decide_pause(GENERAL_MANAGER, granted=True)

    @rule(by=st.sampled_from(PEOPLE), reason=st.sampled_from(["waiting_for_customer", "holidays"]),
          hours=st.sampled_from([None, 1, 100]))  # fmt: skip
    def ask_pause(self, by: Actor, reason: str, hours: int | None) -> None:
        until = hours and self.now + hours * HOUR
        self.attempt(lambda complaint: complaint.ask_pause(reason, "出差", until or None, by, self.now))

    @rule(by=st.sampled_from(PEOPLE), granted=st.booleans())
    def decide_pause(self, by: Actor, granted: bool) -> None:
        self.attempt(
            lambda complaint: (
                complaint.grant_pause(by, self.now) if granted else complaint.refuse_pause("不必", by, self.now)
            )
        )

    @rule(by=st.sampled_from(PEOPLE))
    def resume(self, by: Actor) -> None:
        self.attempt(lambda complaint: complaint.resume(by, self.now))

    @rule(by=st.sampled_from(PEOPLE), department=st.sampled_from([Post.WAREHOUSE, Post.OFFICE, Post.CUSTOMER]))
    def hand_over(self, by: Actor, department: Post) -> None:
        self.attempt(lambda complaint: complaint.hand_over(department, "请核实", by, self.now))

    @rule(by=st.sampled_from([WAREHOUSE, OFFICE, ACCUSED]), accepted=st.booleans())
    def answer_handover(self, by: Actor, accepted: bool) -> None:
        self.attempt(
            lambda complaint: (
                complaint.accept_handover(by, self.now)
                if accepted
                else complaint.return_handover("不归我们", by, self.now)
            )
        )

    @rule(by=st.sampled_from([WAREHOUSE, OFFICE, ACCUSED]))
    def report_back(self, by: Actor) -> None:
        self.attempt(lambda complaint: complaint.report_back("已核实", by, self.now))

    @rule(by=st.sampled_from(PEOPLE))
    def answer(self, by: Actor) -> None:
        self.attempt(lambda complaint: complaint.answer("采纳", Channel.PHONE, EVIDENCE, "王先生", by, self.now))

    @rule(by=st.sampled_from(PEOPLE), satisfied=st.booleans())
    def follow_up(self, by: Actor, satisfied: bool) -> None:
        self.attempt(
            lambda complaint: complaint.follow_up(Channel.PHONE, "王先生", "还行", satisfied, POLICY, by, self.now)
        )

    @rule(by=st.sampled_from(PEOPLE), severity=st.sampled_from(Severity), major=st.booleans())
    def grade(self, by: Actor, severity: Severity, major: bool) -> None:
        self.attempt(lambda complaint: complaint.grade(severity, major, "媒体关注", by, self.now))

    @rule(away=st.booleans())
    def whoever_is_called_is_away(self, away: bool) -> None:
        deputies = ["y9"] if away else []
        self.attempt(lambda complaint: complaint.cover(complaint.level, ["g9"], deputies, self.now))

    @rule(by=st.sampled_from(PEOPLE))
    def log_attempt(self, by: Actor) -> None:
        self.attempt(lambda complaint: complaint.log_attempt(Channel.PHONE, "无人接听", by, self.now))

    @rule(by=st.sampled_from(PEOPLE), confirmed_by=st.sampled_from([None, "王先生"]))
    def close(self, by: Actor, confirmed_by: str | None) -> None:
        self.attempt(lambda complaint: complaint.close(confirmed_by, by, self.now))

    @rule(by=st.sampled_from([CUSTOMER, AGENT, STRANGER, ACCUSED]))
    def reopen(self, by: Actor) -> None:
        self.attempt(lambda complaint: complaint.reopen("不满意", POLICY, by, self.now))

    @invariant()
    def breaches_stay(self) -> None:
        breaches = self.complaint.breaches
        assert breaches[: len(self.breaches)] == self.breaches
        assert len({(breach.clock, breach.run) for breach in breaches}) == len(breaches)
        self.breaches = breaches

    @invariant()
    def calls_only_go_up_the_line(self) -> None:
        complaint = self.complaint
        posts = tuple(call.post for call in complaint.calls)
        assert len(posts) >= self.calls
        since = posts[complaint.earlier_calls :]
        assert since == complaint.line[: len(since)]
        self.calls = len(posts)

    @invariant()
    def there_is_one_first_response(self) -> None:
        assert self.responses == (self.complaint.response is not None)

    @invariant()
    def what_is_late_is_a_breach(self) -> None:
        complaint = self.complaint
        if complaint.response and complaint.response.at > complaint.terms.respond_by:
            assert complaint.missed(ClockName.RESPONSE)
        if complaint.resolution and complaint.resolution.at > complaint.terms.resolve_by:
            assert complaint.missed(ClockName.RESOLUTION)

    @invariant()
    def a_running_case_has_its_deadlines_and_a_settled_one_none(self) -> None:
        complaint = self.complaint
        if complaint.status not in RUNNING:
            assert self.timers.keys() <= {"remind_follow_up"}
        elif complaint.pause and complaint.pause.running:
            assert "end_pause" in self.timers
            assert self.timers.keys().isdisjoint({"miss_response", "miss_resolution"})
        elif complaint.terms.resolve_by > self.now:
            assert "miss_resolution" in self.timers
            assert complaint.response or complaint.missed(ClockName.RESPONSE) or "miss_response" in self.timers

    @invariant()
    def the_end_has_its_reasons(self) -> None:
        complaint = self.complaint
        if complaint.status in (ComplaintStatus.RESOLVED, ComplaintStatus.CLOSED):
            assert complaint.resolution
            assert (complaint.consent and complaint.carried_out) or complaint.kind not in NEEDS_CONSENT
        if complaint.status is ComplaintStatus.CLOSED:
            assert complaint.closure
            since = [one for one in complaint.attempts if complaint.resolution and one.at >= complaint.resolution.at]
            assert (
                complaint.closure.confirmed_by
                or len(since) >= POLICY.complaints.closing_attempts
                or (complaint.kind is Kind.OPINION and complaint.reports)
            )

    @invariant()
    def the_clock_is_paused_by_two_and_within_the_cap(self) -> None:
        complaint = self.complaint
        assert complaint.paused_for <= POLICY.complaints.pause_cap
        for pause in complaint.pauses:
            assert pause.granted_by not in pause.asked_by
            assert pause.reason in POLICY.complaints.pause_reasons
        moved = complaint.terms.resolve_by - complaint.terms.started_at - POLICY.complaints.resolution_time
        of_this_run = [pause.took for pause in complaint.pauses if pause.asked_at >= complaint.terms.started_at]
        assert moved == sum(of_this_run, timedelta(0))

    @invariant()
    def one_department_has_a_case_that_is_not_settled(self) -> None:
        complaint = self.complaint
        assert (complaint.stay is not None) == (complaint.status in RUNNING)
        assert sum(stay.ended_at is None for stay in complaint.stays) <= 1
        assert abs(sum(time.share for time in complaint.department_times(self.now)) - 1) < 1e-9

    @invariant()
    def nobody_judges_themselves(self) -> None:
        complaint = self.complaint
        assert complaint.handler not in (ACCUSED.id, DELEGATE.id)
        if complaint.responsibility:
            assert complaint.responsibility.by not in {one.employee for one in complaint.responsibility.responsible}
            assert complaint.responsibility.verified == bool(complaint.responsibility.responsible)


TestAnyStory = AnyStory.TestCase
TestAnyStory.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
