"""A disk that can fill up: a file system in memory, made as large as its content at a moment's notice."""

import os
import shutil
import subprocess
from pathlib import Path

_ROOMY = 4 * 1024**3
_TRIES = 50


class Disk:
    """Mounted at `folder`. It takes memory only for what lies on it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        _run("mount", "-t", "tmpfs", "-o", f"size={_ROOMY},mode=700", "stallkeeper", str(folder))

    def fill(self) -> None:
        """From now on nothing more fits."""
        for patience in reversed(range(_TRIES)):
            try:
                self._resize(shutil.disk_usage(self._folder).used)
                break
            except subprocess.CalledProcessError:  # it grew since we looked
                if not patience:
                    raise

    def make_room(self) -> None:
        self._resize(_ROOMY)

    def unmount(self) -> None:
        _run("umount", "--lazy", str(self._folder))

    def _resize(self, size: int) -> None:
        _run("mount", "-o", f"remount,size={size}", str(self._folder))


def find_disk(folder: Path) -> Disk | None:
    """None where this user may not mount, or this machine has no such file system."""
    folder.mkdir(exist_ok=True)
    if os.geteuid() != 0 or not shutil.which("mount"):
        return None
    try:
        return Disk(folder)
    except subprocess.CalledProcessError:
        return None


def _run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=20, capture_output=True)
