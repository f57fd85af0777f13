"""Ports for servers that are told where to listen: programs of their own, and those that go away and come back."""

import itertools
import os
import socket

from demo.place import claim

_FIRST, _COUNT = 20_000, 12_000
_turn = itertools.count(os.getpid() * 61)


def free_ports(count: int) -> list[int]:
    """Below those that the system gives to whoever asks for any, such as every connection: none of these is taken by
    somebody else in the seconds before its server listens, nor by another process of the tests.
    """
    return list(itertools.islice(filter(_is_free, (_FIRST + turn % _COUNT for turn in _turn)), count))


def _is_free(port: int) -> bool:
    if not claim(port):
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
