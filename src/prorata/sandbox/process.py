"""Starting a sandbox process: the guard, the tie to its parent, the server."""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import socket
import socketserver
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prorata.sandbox import web
from prorata.sandbox.web import DROP

PR_SET_PDEATHSIG = 1
MODES = ("demo", "test")


def parser(name: str, what: str) -> argparse.ArgumentParser:
    """The arguments both sandboxes share."""
    parse = argparse.ArgumentParser(prog=f"prorata sandbox {name}", description=what)
    parse.add_argument(
        "--port", type=port, default=0, help="port on 127.0.0.1; 0 takes a free one and prints it"
    )
    parse.add_argument("--store", type=Path, required=True, help="SQLite file that holds everything")
    parse.add_argument(
        "--die-with-parent", action="store_true", help="end when the starting process ends (Linux)"
    )
    return parse


def port(given: str) -> int:
    """A port number, or one clear line."""
    if not (given.isascii() and given.isdigit() and int(given) <= 65535):
        raise argparse.ArgumentTypeError(f"{given!r} is not a port; take a number from 0 to 65535")
    return int(given)


def refuse(name: str, reason: str) -> NoReturn:
    """One line on stderr and the exit code of a usage error."""
    print(f"prorata sandbox {name}: {reason}", file=sys.stderr)
    raise SystemExit(2)


def guard(name: str) -> None:
    """No sandbox beside real money or real machines."""
    if os.environ.get("PRORATA_MODE") not in MODES:
        refuse(name, "the sandbox starts only with PRORATA_MODE=demo or PRORATA_MODE=test")


def tie_to_parent(parent: int) -> None:
    """Ask the kernel to end this process with its parent; elsewhere than on Linux there is no such call."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before we asked
        raise SystemExit(1)


class Handler(WSGIRequestHandler):
    """Quiet, and able to cut the connection under a view that was told to."""

    timeout = 60

    def get_environ(self) -> dict[str, Any]:
        environ = super().get_environ()
        environ[DROP] = self.cut
        return environ

    def cut(self) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        """Calls are kept in the store; a log line each would drown the demo."""


class Server(socketserver.ThreadingMixIn, WSGIServer):
    """One thread per connection. All state is in the store, so killing the process loses nothing."""

    daemon_threads = True
    request_queue_size = 128

    def server_bind(self) -> None:
        # HTTPServer would look up the host's full name here, which may take seconds without a name server.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is no news; anything else is."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def serve(name: str, at: int, start: Callable[[], Any]) -> int:
    """Open the store, bind, print the address and serve until ended. `start` returns the WSGI application."""
    try:
        application = start()
    except (sqlite3.Error, OSError) as error:
        refuse(name, f"the store cannot be opened ({error}); name another file with --store")
    try:
        server = Server(("127.0.0.1", at), Handler)
    except OSError as error:
        refuse(name, f"port {at} cannot be used ({error.strerror}); name another with --port")
    server.set_app(application)
    web.sandbox().address = f"http://127.0.0.1:{server.server_port}"
    print(f"Sandbox {name}: {web.sandbox().address}", flush=True)
    try:
        server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        return 0
    return 0
