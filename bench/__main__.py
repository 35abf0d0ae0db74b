"""`make bench`: every figure, or those named: `python -m bench placing relaying`."""

import sys

import uvloop

from bench.consuming import consuming
from bench.hopping import hopping
from bench.living import living
from bench.partitions import partitions
from bench.placing import placing
from bench.relaying import relaying
from bench.replicating import replicating
from bench.resting import resting
from bench.scaling import scaling
from bench.searching import searching
from bench.timing import timing
from deploy.local.accounts import scratch
from deploy.local.catalogue import SERVICES, chosen
from deploy.local.ports import free_offset
from deploy.local.stack import Stack

# Which services must run for a figure: none where it starts what it measures itself.
FIGURES = {
    "resting": (resting, {}),
    "placing": (placing, {}),
    "living": (living, SERVICES),
    "scaling": (scaling, {}),
    "searching": (searching, {}),
    "timing": (timing, {}),
    "relaying": (relaying, {}),
    "replicating": (replicating, {}),
    "consuming": (consuming, {}),
    "partitions": (partitions, {}),
    "hopping": (hopping, chosen(["complaints", "customers", "notifications", "orders", "quality"])),
}


async def main(wanted: list[str]) -> None:
    """The wanted figures, each on a stack of its own."""
    for name, (take, services) in FIGURES.items():
        if wanted and name not in wanted:
            continue
        with scratch() as folder:
            offset = free_offset(SERVICES)
            async with Stack(folder / "data", services=services, port_offset=offset, log_level="WARNING") as stack:
                await take(stack)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1:]))
