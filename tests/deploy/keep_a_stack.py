"""Runs a stack of stand-ins as `xiaofu up` would, for tests that kill its supervisor."""

import sys
from pathlib import Path

from deploy.local.display import say
from deploy.local.running import stay_with
from deploy.local.stack import Stack

data_dir, port, *manner = sys.argv[1:]
standin = Path(__file__).with_name("standin.py")


def command(name: str, port: int) -> list[str]:
    return [sys.executable, str(standin), name, str(port), *manner]


stay_with(Stack(Path(data_dir), services={"orders": int(port)}, command=command, report=say))
