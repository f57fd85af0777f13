"""Who takes part: the app as it is served, and the Node programs in peers/ with packages of their own."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench import packages, servers
from bench.packages import NODE

PEERS = Path(__file__).parent / "peers"
INSTALLED = servers.ROOT / "var" / "bench" / "peers"


_NPM_CI = (packages.NPM, "ci", "--ignore-scripts", "--include=dev", "--loglevel=error")


@dataclass(frozen=True, slots=True)
class Stack:
    name: str
    command: tuple[str, ...]
    folder: Path

    def environment(self, base: dict[str, str], database_url: str, port: int) -> dict[str, str]:
        return {**base, "DATABASE_URL": database_url, "PORT": str(port), "NODE_ENV": "production", **packages.PATH}


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
    place = packages.install(PEERS, INSTALLED.name, "package-lock.json", _NPM_CI)
    packages.run(place, NODE, "node_modules/@react-router/dev/bin.js", "build")


def versions() -> dict[str, str]:
    """What is compared, as installed."""
    asked = subprocess.run([NODE, "--version"], capture_output=True, text=True, timeout=20, check=True)
    return {"node": asked.stdout.strip()}
