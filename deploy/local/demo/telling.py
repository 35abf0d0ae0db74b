"""The story from beginning to end."""

from deploy.local.demo.account import Account
from deploy.local.demo.cast import Cast
from deploy.local.demo.complaining import complain
from deploy.local.demo.contracting import contract
from deploy.local.demo.escalating import escalate
from deploy.local.demo.ledger import Ledger
from deploy.local.demo.ordering import order
from deploy.local.demo.preparing import prepare
from deploy.local.demo.serving import serve
from deploy.local.demo.settling import settle
from deploy.local.demo.storming import storm
from deploy.local.demo.theatre import Theatre
from deploy.local.demo.trading import trade
from deploy.local.demo.visitors import Visitors

PARTS = (prepare, contract, order, trade, complain, settle, serve, escalate, storm)


async def run(stack: Theatre) -> int:
    """Tell the whole story on a fresh stack; 0 only if every expectation held."""
    visitors = Visitors(stack)
    cast = Cast(stack, visitors, Account(), Ledger(stack.nats_url(), stack.services))
    try:
        for part in PARTS:
            await part(cast)
    finally:
        await visitors.close()
    return cast.account.summary()
