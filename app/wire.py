"""Statements as they travel to PostgreSQL: several as one, in its own spelling.

Beginning and ending a statement costs both sides more than what it does for a lone order, and so does asking psycopg to
spell it each time: what it has spelt it forgets when that is long or has many parameters.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import psycopg

Statement = tuple[bytes, Mapping[str, Any]]
"""Parameters are spelt %(name)s."""
_PARAMETER: Final = re.compile(rb"%\((\w+)\)s")


def run(driver: psycopg.Connection[Any], statements: Sequence[Statement]) -> psycopg.Cursor[Any]:
    """Have statements done that touch different rows; the answer is that of the last one."""
    texts, values = zip(*statements, strict=True)
    text, parameters = _spell(texts)
    return psycopg.RawCursor(driver).execute(text, [values[at][name] for at, name in parameters])


@lru_cache(500)
def _spell(texts: tuple[bytes, ...]) -> tuple[bytes, Sequence[tuple[int, str]]]:
    """Also which parameter of which statement each of its own is."""
    places: dict[tuple[int, str], int] = {}

    def spell(at: int, text: bytes) -> bytes:
        return _PARAMETER.sub(lambda found: b"$%d" % places.setdefault((at, found[1].decode()), len(places) + 1), text)

    *first, last = [spell(at, text) for at, text in enumerate(texts)]
    before = b", ".join(b"s%d AS (%b)" % (at, text) for at, text in enumerate(first))
    return (b"WITH %b %b" % (before, last) if first else last), tuple(places)
