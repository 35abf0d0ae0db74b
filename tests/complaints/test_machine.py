"""Whatever people do, and whenever deadlines fall due, a complaint keeps its word."""

from collections.abc import Callable
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.complaints.domain.complaint import NEEDS_CONSENT, Complaint
from services.complaints.domain.intake import Channel, Kind, Severity
from services.complaints.domain.lifecycle import RUNNING, ComplaintStatus
from services.complaints.domain.timed_case import Breach, ClockName
from shared.domain.actor import Actor
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
    filed,
    found,
)

PEOPLE = [ACCUSED, AGENT, BRANCH_HEAD, CLERK, CUSTOMER, DELEGATE, DIRECTOR, GENERAL_MANAGER, MANAGER, OFFICE, STRANGER,
          VICE_PRESIDENT]  # fmt: skip
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
    def resolve(self, by: Actor) -> None:
        self.attempt(lambda complaint: complaint.resolve("已换货", "电话", by, self.now))

    @rule()
    def the_handler_goes_on(self) -> None:
        """The next step in order, so that stories get to their end often enough."""
        by = next((one for one in PEOPLE if one.id == self.complaint.handler), DIRECTOR)
        self.take(by)
        self.resolve(by)
        self.propose(by)
        self.agree(CUSTOMER)

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
        assert posts == complaint.line[: len(posts)]
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
            assert not self.timers
        elif complaint.terms.resolve_by > self.now:
            assert "miss_resolution" in self.timers
            assert complaint.response or complaint.missed(ClockName.RESPONSE) or "miss_response" in self.timers

    @invariant()
    def the_end_has_its_reasons(self) -> None:
        complaint = self.complaint
        if complaint.status in (ComplaintStatus.RESOLVED, ComplaintStatus.CLOSED):
            assert complaint.resolution
            assert complaint.consent or complaint.kind not in NEEDS_CONSENT
        if complaint.status is ComplaintStatus.CLOSED:
            assert complaint.closure
            since = [one for one in complaint.attempts if complaint.resolution and one.at >= complaint.resolution.at]
            assert complaint.closure.confirmed_by or len(since) >= POLICY.complaints.closing_attempts

    @invariant()
    def nobody_judges_themselves(self) -> None:
        complaint = self.complaint
        assert complaint.handler not in (ACCUSED.id, DELEGATE.id)
        if complaint.responsibility:
            assert complaint.responsibility.by not in {one.employee for one in complaint.responsibility.responsible}
            assert complaint.responsibility.verified == bool(complaint.responsibility.responsible)


TestAnyStory = AnyStory.TestCase
TestAnyStory.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
