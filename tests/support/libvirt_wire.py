"""Between a driver and libvirt's daemon: a socket of our own that can lose a call or its answer, as a network does.

It forwards whole messages of libvirt's protocol, whose beginning is eight numbers: length, program, version, procedure,
kind, serial, status.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from collections.abc import Callable, Collection
from pathlib import Path

REMOTE, CALL, REPLY = 0x20008086, 0, 1
HEADER = struct.Struct("!IIIIIII")


class Wire:
    """Listens at `uri`, forwards to the daemon's socket.

    changed   called after the daemon's answer to each procedure in `watched` and before the caller has it
    """

    def __init__(
        self, folder: Path, daemon: Path, watched: Collection[int], changed: Callable[[], None]
    ) -> None:
        self.path, self.daemon = folder / "wire.sock", daemon
        self.uri = f"qemu+unix:///session?socket={self.path}"
        self.watched, self.changed = watched, changed
        self.lose_call = False
        self.lose_answer_to: int | None = None
        self.answers_before = 0
        self.silent = False
        self.seen: list[int] = []
        self._sockets: list[socket.socket] = []
        self.come_back()

    def go_down(self) -> None:
        """Nobody listens, and who was connected is cut off."""
        self._listener.close()
        self.path.unlink(missing_ok=True)
        for one in self._sockets:
            hang_up(one)
        self._sockets.clear()

    def come_back(self) -> None:
        """Listen again."""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(os.fspath(self.path))
        self._listener.listen()
        threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()

    def clear(self) -> None:
        """Nothing is lost from here on."""
        self.lose_call, self.lose_answer_to, self.answers_before, self.silent = False, None, 0, False
        self.seen.clear()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                daemon = socket.socket(socket.AF_UNIX)
                daemon.connect(os.fspath(self.daemon))
                self._sockets += [client, daemon]
                for pump in (self._to_daemon, self._to_client):
                    threading.Thread(target=pump, args=[client, daemon], daemon=True).start()

    def _to_daemon(self, client: socket.socket, daemon: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while message := receive(client):
                _, program, _, procedure, kind, _, _ = HEADER.unpack_from(message)
                if program == REMOTE and kind == CALL:
                    self.seen.append(procedure)
                    if self.lose_call:
                        self.lose_call = False
                        break
                if not self.silent:
                    daemon.sendall(message)
        hang_up(client)
        hang_up(daemon)

    def _to_client(self, client: socket.socket, daemon: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while message := receive(daemon):
                _, program, _, procedure, kind, _, _ = HEADER.unpack_from(message)
                if program == REMOTE and kind == REPLY:
                    if procedure in self.watched:
                        self.changed()
                    if procedure == self.lose_answer_to:
                        self.answers_before -= 1
                        if self.answers_before < 0:
                            self.lose_answer_to, self.answers_before = None, 0
                            break
                client.sendall(message)
        hang_up(client)
        hang_up(daemon)


def receive(source: socket.socket) -> bytes:
    """One message with its length; nothing at the end."""
    head = exactly(source, 4)
    return head + exactly(source, int.from_bytes(head, "big") - 4) if head else b""


def exactly(source: socket.socket, wanted: int) -> bytes:
    """So many bytes, or nothing."""
    found = b""
    while len(found) < wanted:
        part = source.recv(wanted - len(found))
        if not part:
            return b""
        found += part
    return found


def hang_up(one: socket.socket) -> None:
    """For both sides, at once."""
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
