"""Arrays of whole documents as parameters of a statement.

psycopg's own lists copy every element once more: 20 us for an order, more than its signature costs.
"""

import struct
from typing import ClassVar

from psycopg.adapt import AdaptersMap, Dumper
from psycopg.pq import Format


class Bodies(list[bytes]):
    """A bytea[] parameter."""


class Documents(list[bytes]):
    """A json[] parameter: each element is JSON as text."""


class _ArrayDumper(Dumper):
    format = Format.BINARY
    element: ClassVar[int]

    def dump(self, elements: list[bytes]) -> bytes:
        """One dimension, no nulls, the elements' type, counted from 1; then each with its length."""
        parts = [struct.pack("!iiIii", 1, 0, self.element, len(elements), 1)]
        for element in elements:
            parts += (struct.pack("!i", len(element)), element)
        return b"".join(parts)


class _BodiesDumper(_ArrayDumper):
    oid, element = 1001, 17  # fixed in pg_type.dat


class _DocumentsDumper(_ArrayDumper):
    oid, element = 199, 114


def register(adapters: AdaptersMap) -> None:
    """Let connections with these adapters send such parameters."""
    adapters.register_dumper(Bodies, _BodiesDumper)
    adapters.register_dumper(Documents, _DocumentsDumper)
