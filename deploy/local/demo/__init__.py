"""The story the product exists for, told through the HTTP APIs and the bus alone, with every expectation checked."""

from deploy.local.demo.escalating import policy_file
from deploy.local.demo.telling import run

__all__ = ["policy_file", "run"]
