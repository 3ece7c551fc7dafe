"""Ports that stay ours from the moment they are named, although whoever is to listen there comes later."""

from __future__ import annotations

import socket
import sys

_held: list[socket.socket] = []


def own_port() -> int:
    """A TCP port of 127.0.0.1 that nobody else is given as long as this process runs.

    A port that was only looked for may be given to another process of a busy machine before the one it was looked for
    listens there, or while that one is started again. On Linux whoever binds with SO_REUSEADDR, as servers do, may
    listen on a port that is held by a socket that does not.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    port = int(holder.getsockname()[1])
    if sys.platform == "linux":
        _held.append(holder)
    else:
        holder.close()
    return port
