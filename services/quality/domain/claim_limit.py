"""Who decides on a claim."""

from decimal import Decimal

from shared.domain.actor import Post
from shared.domain.policy import Quality


def approver_of(amount: Decimal, earlier: Decimal, goods_value: Decimal | None, quality: Quality) -> Post:
    """The post whose limit covers this claim and all `earlier` ones of its case, in yuan (QUA-5).

    Together above the goods' value they need the next limit, as far as there is one.
    """
    total = amount + earlier
    limits = quality.claim_limits
    place = next(at for at, limit in enumerate(limits) if limit.up_to is None or total <= limit.up_to)
    if goods_value is not None and total > goods_value:
        place = min(place + 1, len(limits) - 1)
    return limits[place].post
