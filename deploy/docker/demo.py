"""`make compose-demo`: the story of `xiaofu demo`, on containers that are made for it and removed after it."""

import asyncio
import sys
import time

from deploy.docker.stack import ComposeStack
from deploy.local.accounts import scratch
from deploy.local.demo import policy_file, run
from deploy.local.display import complain, say
from deploy.local.problem import Problem

PROJECT = "xiaofu-demo"


async def demonstrate() -> int:
    """The story's exit code: 0 only if every expectation held."""
    with scratch() as folder:
        policy_file(folder)
        say("Building the image and starting the containers")
        began = time.monotonic()
        async with ComposeStack(folder, PROJECT) as stack:
            say(f"Everything is ready after {time.monotonic() - began:.0f} s")
            return await run(stack)


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(demonstrate()))
    except Problem as problem:
        complain(problem)
        sys.exit(1)
