"""What the parts of the story hand on to each other."""

from dataclasses import dataclass, field
from typing import Any

from deploy.local.demo.account import Account
from deploy.local.demo.ledger import Ledger
from deploy.local.demo.theatre import Theatre
from deploy.local.demo.visitors import Visitors


@dataclass
class Cast:
    """Who and what the story is about."""

    stack: Theatre
    visitors: Visitors
    account: Account
    ledger: Ledger
    dealers: list[dict[str, Any]] = field(default_factory=list)
    articles: list[dict[str, Any]] = field(default_factory=list)
    contract: dict[str, Any] = field(default_factory=dict)
    order: dict[str, Any] = field(default_factory=dict)
    waiting: dict[str, Any] = field(default_factory=dict)
    case: dict[str, Any] = field(default_factory=dict)
    investigation: dict[str, Any] = field(default_factory=dict)
    short: dict[str, Any] = field(default_factory=dict)
