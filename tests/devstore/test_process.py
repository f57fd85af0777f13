"""The real process: its ports, and what a kill without warning leaves behind."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.devstore.conftest import ROOT
from tests.ports import free_ports

pytestmark = pytest.mark.slow


@contextlib.contextmanager
def running(data: Path, ports: list[int]) -> Iterator[subprocess.Popen[bytes]]:
    settings = {
        "DEVSTORE_PORT": str(ports[0]),
        "DEVSTORE_STOREFRONTS": f"acme.myshopify.com={ports[1]},zenith.myshopify.com={ports[2]}",
        "DEVSTORE_DATA": str(data),
        "DEVSTORE_APP_URL": "http://127.0.0.1:9",
        "DEVSTORE_CLIENT_ID": "client-id",
        "DEVSTORE_CLIENT_SECRET": "a-secret-of-at-least-thirty-two-bytes",
    }
    process = subprocess.Popen([sys.executable, "-m", "devstore"], cwd=ROOT, env=os.environ | settings)
    try:
        until = time.monotonic() + 120
        while True:
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"http://127.0.0.1:{ports[0]}/_control/health").raise_for_status()
                break
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_kill_without_warning_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    ports = free_ports(3)
    main = f"http://127.0.0.1:{ports[0]}"
    mail = {"from": "a@example.com", "to": "b@example.com", "subject": "Kept", "text": "Hello"}
    with running(tmp_path, ports):
        assert httpx.get(f"http://127.0.0.1:{ports[1]}/").status_code == 200
        assert httpx.get(f"http://127.0.0.1:{ports[1]}/_control/health").status_code == 404
        httpx.post(f"{main}/_control/clock", json={"offset_seconds": 86400}).raise_for_status()
        httpx.post(f"{main}/resend/emails", json=mail, headers={"Authorization": "Bearer x"}).raise_for_status()
    with running(tmp_path, ports):
        assert [each["subject"] for each in httpx.get(f"{main}/inbox.json").json()] == ["Kept"]
        assert httpx.get(f"{main}/_control/health").json()["clock_offset_seconds"] == 86400
