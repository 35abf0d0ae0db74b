"""What every service does about a new policy: it keeps it (REG-2)."""

import orjson

from shared.domain.policy_parameter import plain
from shared.events.regulations import PolicyTookEffect
from shared.messaging.reactions import Reactions
from shared.persistence.policies import KEEP
from shared.persistence.work import Work


async def keep_the_policy(event: PolicyTookEffect, work: Work) -> None:
    """These numbers hold from their time on; what was begun under others stays as it was begun (REG-2)."""
    document = {key: plain(parameter.model_dump()) for key, parameter in event.parameters.items()}
    work.project(KEEP, event.version, event.effective_at, orjson.dumps(document).decode())


def with_policies(reactions: Reactions) -> Reactions:
    """The reactions of a service, and that one."""
    return reactions.also(PolicyTookEffect, keep_the_policy)
