"""Penalties of the release that did not keep the policies it stamped."""

from datetime import datetime, timedelta
from uuid import UUID

from tests.house import Running
from tests.staff.conftest import proposed
from tests.staff.test_api import decide, fine, join
from tests.staff.test_appeals import deliver, pass_the_time, shown


async def test_a_penalty_of_the_release_that_kept_no_policies_is_decided_noticed_and_made_final(staff: Running) -> None:
    """REG-2, STF-8: its stamp is the version of a file that is gone; it goes by what was in force when proposed."""
    await join(staff, "a0")
    old = await proposed(staff, "a0")
    await staff.pool.execute(
        'UPDATE penalties SET document = document || \'{"policy": "5b1d0c9e77aa"}\' WHERE id = $1', UUID(old["id"])
    )
    decided = await decide(staff, old, fine("50.00"))
    assert (decided["status"], decided["policy"]) == ("decided", "5b1d0c9e77aa")
    await deliver(staff, decided)
    noticed = await shown(staff, decided)
    wait = datetime.fromisoformat(noticed["appeal_by"]) - datetime.fromisoformat(noticed["noticed_at"])
    assert (noticed["status"], wait) == ("noticed", timedelta(days=5))
    assert (await pass_the_time(staff, noticed))["status"] == "final"
