"""处罚通知书 of a penalty that follows from an investigation."""

from shared.domain.actor import Post
from shared.events.envelope import new_id
from shared.events.quality import LiabilityEstablished, Share
from tests import papers
from tests.hearing import announce
from tests.house import Running
from tests.staff.conftest import penalties_of
from tests.staff.test_api import hr


async def test_a_notice_never_leaves_out_what_was_established(staff: Running) -> None:
    """STF-8, QUA-3: quality tells of a share and no finding; the notice gives the reasons of the proposal."""
    cause = new_id()
    share = Share(department=Post.PRODUCTION, employee="u23", percent=70, severity="ordinary")
    told = LiabilityEstablished(number="ZL1", complaint_id=cause, shares=[share])
    await announce(staff, (new_id(), [told]))
    [penalty] = await penalties_of(staff, cause)
    body = {"measures": ["public_criticism"], "fine": "0.00", "reason": "责任已查实"}
    await staff.post(f"/penalties/{penalty['id']}/decide", hr(staff), body)
    answer = await staff.ask("GET", f"/penalties/{penalty['id']}/notice", hr(staff))
    [page] = papers.pages(papers.paper(answer, "pdf"))
    _, _, after = page.partition("查实事实")
    assert after.startswith("经查实，情节一般")
    assert penalty["clause"].replace(" ", "") in after.partition("处罚决定")[0]
