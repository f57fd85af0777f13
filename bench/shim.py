"""A disk that takes its time and a clock that jumps, for programs that we start: shim.c, compiled when it is needed."""

import contextlib
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")


def build(folder: Path) -> Path | None:
    """The compiled library; None on a machine without a C compiler or where programs take no LD_PRELOAD."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or os.uname().sysname != "Linux":
        return None
    library = folder / "shim.so"
    command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True, timeout=60)
    return library


class Shim:
    """The switches of one group of programs."""

    def __init__(self, library: Path, control: Path) -> None:
        self._library, self._control = library, control
        self._fsync_us = self._clock_seconds = 0
        self._write()
        control.chmod(0o644)

    def environment(self) -> dict[str, str]:
        """What the programs must be started with."""
        return {"LD_PRELOAD": str(self._library), "SHIM_CONTROL": str(self._control)}

    @contextlib.contextmanager
    def inherited(self) -> Iterator[None]:
        """For programs that are started by somebody else's code: they inherit our environment."""
        mine = self.environment()
        os.environ.update(mine)
        try:
            yield
        finally:
            for name in mine:
                del os.environ[name]

    def slow_disk(self, microseconds: int) -> None:
        """Every fsync takes so much longer."""
        self._fsync_us = microseconds
        self._write()

    def jump(self, seconds: int) -> None:
        """The time of day is so far ahead of the truth, or behind it if negative."""
        self._clock_seconds = seconds
        self._write()

    def calm(self) -> None:
        self.slow_disk(0)
        self.jump(0)

    def _write(self) -> None:
        """In place: the programs have the file mapped."""
        number = os.open(self._control, os.O_RDWR | os.O_CREAT)
        os.pwrite(number, struct.pack("qq", self._fsync_us, self._clock_seconds), 0)
        os.close(number)
