"""Ports of this machine: which are free, and who holds the others."""

import socket
from collections.abc import Mapping

import psutil

from deploy.local.problem import Problem

HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # Without it a port whose last connections are in TIME_WAIT would look taken after every restart.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def free_port(preferred: int | None = None) -> int:
    """The preferred port if it is free, so that a restarted stack keeps its addresses; else any free one."""
    if preferred and is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def answers(port: int, timeout: float = 0.2) -> bool:
    try:
        socket.create_connection((HOST, port), timeout).close()
    except OSError:
        return False
    return True


def holder(port: int) -> str:
    """Who listens on a port, as far as this user may know: `python3 (pid 4711)`."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr[1] == port and connection.status == psutil.CONN_LISTEN:
                if connection.pid:
                    return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
                break
    except psutil.Error:
        pass
    return "another process"


def require_free(ports: Mapping[str, int], offset: int) -> None:
    """Every service port must be free before anything starts; all that are taken are named at once."""
    taken = [f"  {port} ({name}) by {holder(port)}" for name, port in ports.items() if not is_free(port)]
    if taken:
        raise Problem(
            "These ports are taken:\n"
            + "\n".join(taken)
            + f"\nStop what holds them, or move the whole stack: xiaofu up --port-offset {offset + 100}"
        )


def free_offset(ports: Mapping[str, int]) -> int:
    """The first multiple of 100 by which all ports can be moved to free ones."""
    for offset in range(0, 20_000, 100):
        if all(is_free(port + offset) for port in ports.values()):
            return offset
    raise Problem("No free range of ports was found between 8000 and 28000.")
