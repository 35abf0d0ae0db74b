"""A process that behaves like a service as far as the stack can tell; `stubborn` ones ignore SIGTERM."""

import os
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

name, port = sys.argv[1], int(sys.argv[2])


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ["DATABASE_URL"].rpartition("/")[2].encode())

    def log_message(self, *_: object) -> None:
        return


if "crash" in sys.argv:
    sys.exit("no table named orders")
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "worker" in sys.argv:
    subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
ThreadingHTTPServer(("127.0.0.1", port), Health).serve_forever()
