"""The listening sockets of the services: the supervisor holds them, so that a restart refuses no connection."""

import socket

from deploy.local.ports import HOST, holder
from deploy.local.problem import Problem

SOCKET = "XIAOFU_SOCKET"  # read by `services.__main__`
BACKLOG = 1024  # connections that wait while a service is being started again


class Listening:
    """Ports that stay open from the stack's start to its end, whichever process serves them."""

    def __init__(self) -> None:
        self._sockets: dict[str, socket.socket] = {}

    def open(self, name: str, port: int) -> int:
        """The socket's number; whoever inherits it takes its connections from the one queue. Raises `Problem`."""
        try:
            self._sockets[name] = socket.create_server((HOST, port), backlog=BACKLOG)
        except OSError as error:
            raise Problem(f"Port {port} ({name}) has just been taken by {holder(port)}.") from error
        return self._sockets[name].fileno()

    def close(self) -> None:
        for each in self._sockets.values():
            each.close()
        self._sockets.clear()
