"""One signed POST to another system's address, which may be anything: slow, gone, or not what it says."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from app.config import get_config
from app.db import assert_no_transaction
from app.hooks.rules import forbidden_address

_TIMEOUT: Final = httpx.Timeout(connect=3, read=10, write=10, pool=5)
_MOST_REDIRECTS: Final = 3
_DOWNLOAD_SECONDS: Final = 40.0
_ALTOGETHER_SECONDS: Final = 15.0
"""Time-outs are for each read: an answer that comes letter by letter never runs into one."""


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
        with _reach("POST", httpx.URL(url), _ALTOGETHER_SECONDS, body, headers) as response:
            status = response.status_code
    except (OSError, ValueError, httpx.HTTPError, httpx.InvalidURL) as failure:
        error = str(failure) or type(failure).__name__
    if status is not None and not 200 <= status < 300:
        error = f"It answered {status}."
    return Answer(status, error, round((time.monotonic() - began) * 1000))


def download(url: str, most_bytes: int) -> bytes:
    """What lies at somebody's address, after a few redirects at most, each checked as the first.

    Raises TooLarge, OSError, ValueError, httpx.HTTPError, httpx.InvalidURL.
    """
    assert_no_transaction()
    target, end = httpx.URL(url), time.monotonic() + _DOWNLOAD_SECONDS
    headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
    for _turn in range(_MOST_REDIRECTS + 1):
        if (left := end - time.monotonic()) <= 0:
            break
        with _reach("GET", target, left, b"", headers) as response:
            if not response.has_redirect_location:
                response.raise_for_status()
                return _read(response, most_bytes)
            target = target.join(response.headers["Location"])
    raise ValueError(f"{url} leads from one address to the next, or takes too long.")


class TooLarge(ValueError):  # noqa: N818 - it reads as what happened
    """More bytes came than may come."""


def _read(response: httpx.Response, most_bytes: int) -> bytes:
    parts, size = [], 0
    for part in response.iter_raw():
        size += len(part)
        if size > most_bytes:
            raise TooLarge(f"More than {most_bytes} bytes.")
        parts.append(part)
    return b"".join(parts)


@contextlib.contextmanager
def _reach(
    method: str, target: httpx.URL, seconds: float, body: bytes, headers: Mapping[str, str]
) -> Iterator[httpx.Response]:
    """The answer of an address that was looked up and checked, for so many seconds altogether."""
    checked = target.copy_with(host=_look_up(target))
    # To the very address that was checked: another look-up could give another one.
    line = _Line()
    extensions = {"sni_hostname": target.host, "trace": line.remember}
    named = {**headers, "Host": target.netloc.decode()}
    with (
        line.cut_after(seconds),
        httpx.Client(timeout=_TIMEOUT, trust_env=False, follow_redirects=False) as client,
        client.stream(method, checked, content=body, headers=named, extensions=extensions) as response,
    ):
        yield response


class _Line:
    """The connection of one call, which can be cut while another thread waits for it."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._time_is_up = False

    def remember(self, name: str, details: Mapping[str, Any]) -> None:
        """Called by httpx for each of its steps; of interest are that it has a connection, and has it encrypted."""
        if name in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._socket = details["return_value"].get_extra_info("socket")
            if self._time_is_up:
                self._shut_down()

    @contextlib.contextmanager
    def cut_after(self, seconds: float) -> Iterator[None]:
        timer = threading.Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        self._time_is_up = True  # said first: a connection that comes at this moment is cut by whoever is later
        self._shut_down()

    def _shut_down(self) -> None:
        # Closing would not wake who reads; shutting down does.
        with contextlib.suppress(OSError):
            if self._socket is not None:
                self._socket.shutdown(socket.SHUT_RDWR)


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
