"""Ask the service in this container whether it is ready; a bare socket, as it runs every few seconds."""

import socket
import sys

REQUEST = b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def healthy(port: int = 8000) -> bool:
    """Whether `/health/ready` answers 200 within three seconds."""
    try:
        with socket.create_connection(("127.0.0.1", port), 3) as connection:
            connection.sendall(REQUEST)
            return connection.recv(64).split(b" ", 2)[1] == b"200"
    except (OSError, IndexError):
        return False


if __name__ == "__main__":
    sys.exit(not healthy())
