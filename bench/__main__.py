"""`make bench`: every figure, or those named: `python -m bench placing relaying`."""

import sys

import uvloop

from bench.consuming import consuming
from bench.placing import placing
from bench.relaying import relaying
from deploy.local.accounts import scratch
from deploy.local.stack import Stack

FIGURES = {"placing": placing, "relaying": relaying, "consuming": consuming}


async def main(wanted: list[str]) -> None:
    """The wanted figures on a stack without services, each of which starts what it measures."""
    with scratch() as folder:
        async with Stack(folder / "data", services={}, report=lambda _: None) as stack:
            for name, take in FIGURES.items():
                if not wanted or name in wanted:
                    await take(stack)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1:]))
