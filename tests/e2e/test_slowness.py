"""What the browser's tests themselves rest on: tests/e2e/slowness.py."""

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page
from werkzeug import Request, Response
from werkzeug.exceptions import ClientDisconnected

from tests.e2e import slowness
from tests.servers import make_server


def test_a_window_that_does_not_close_is_told_of(
    open_browser: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = open_browser().context

    async def never(**_: Any) -> None:
        await asyncio.sleep(3600)

    monkeypatch.setattr(context._impl_obj, "close", never)
    monkeypatch.setattr(slowness, "PATIENCE", 100)
    with pytest.warns(UserWarning, match="did not close"):
        slowness.close(context)


def test_on_a_slow_line_no_site_waits_for_the_rest_of_what_somebody_began_to_send_who_has_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slowness, "SEED", "1")
    begun, over = threading.Event(), threading.Event()

    @Request.application
    def read(request: Request) -> Response:
        begun.set()
        with suppress(ClientDisconnected):
            request.stream.read()
        over.set()
        return Response()

    site = make_server("127.0.0.1", 0, read)
    thread = threading.Thread(target=site.serve_forever)
    thread.start()
    with slowness.slow_line() as line:
        with socket.create_connection(("127.0.0.1", urlsplit(line).port)) as browser:
            browser.sendall(f"POST http://127.0.0.1:{site.port}/ HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf".encode())
            assert begun.wait(60)
        assert over.wait(60)
    site.shutdown()
    thread.join()
    site.server_close()
