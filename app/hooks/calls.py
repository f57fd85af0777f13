"""One signed POST to another system's address, which may be anything: slow, gone, or not what it says."""

import socket
import time
from dataclasses import dataclass
from typing import Final

import httpx

from app.config import get_config
from app.db import assert_no_transaction
from app.hooks.rules import forbidden_address

_TIMEOUT: Final = httpx.Timeout(connect=3, read=10, write=10, pool=5)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: an HTTP status, or a sentence why nothing did."""

    status: int | None
    error: str | None
    took_ms: int

    @property
    def is_good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """Send once. Redirects are not followed, and of the answer only its status is read."""
    assert_no_transaction()
    began = time.monotonic()
    status, error = None, None
    try:
        target = httpx.URL(url)
        checked = target.copy_with(host=_look_up(target))
        # To the very address that was checked: another look-up could give another one.
        extensions = {"sni_hostname": target.host}
        named = {**headers, "Host": target.netloc.decode()}
        with (
            httpx.Client(timeout=_TIMEOUT, trust_env=False, follow_redirects=False) as client,
            client.stream("POST", checked, content=body, headers=named, extensions=extensions) as response,
        ):
            status = response.status_code
    except (OSError, ValueError, httpx.HTTPError, httpx.InvalidURL) as failure:
        error = str(failure) or type(failure).__name__
    if status is not None and not 200 <= status < 300:
        error = f"It answered {status}."
    return Answer(status, error, round((time.monotonic() - began) * 1000))


def allows_this_machine() -> bool:
    """Where the app itself lives on this machine, so may what it calls."""
    return not get_config().is_secure


def _look_up(url: httpx.URL) -> str:
    """The address to connect to. Raises OSError, ValueError."""
    if url.scheme != "https" and not allows_this_machine():
        raise ValueError("Only https:// addresses are called.")
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        found = [str(each[4][0]) for each in socket.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)]
    except OSError as error:
        raise OSError(f"The name {url.host} is not known.") from error
    if (address := forbidden_address(found)) and not allows_this_machine():
        raise ValueError(f"{url.host} is {address}, which is not a public address.")
    return found[0]
