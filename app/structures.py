"""msgspec looks at a structure's fields when it first reads one, and two threads that do so at once crash the process
(0.22). What reads in threads calls `look_at_all` once everything is imported.
"""

from collections.abc import Iterator

import msgspec


def look_at_all() -> None:
    """Have every structure that is defined by now looked at. Again costs next to nothing."""
    for kind in _list_below(msgspec.Struct):
        msgspec.json.Decoder(kind)


def _list_below(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for below in kind.__subclasses__():
        yield below
        yield from _list_below(below)
