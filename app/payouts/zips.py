"""Many files in one, made while it is sent."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

Files = Iterable[tuple[str, bytes]]
"""Each with its name."""


def zip_files(files: Files, moment: datetime) -> Iterator[bytes]:
    """One zip, in pieces as the files come; the same bytes for the same files and moment."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, content in files:
            entry = zipfile.ZipInfo(name, moment.timetuple()[:6])
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
            yield sink.take()
    yield sink.take()


class _Sink(io.RawIOBase):
    """What zipfile writes to when nobody can go back in it."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, content: Any) -> int:
        self._held += content
        return len(content)

    def take(self) -> bytes:
        taken, self._held = bytes(self._held), bytearray()
        return taken
