"""HTTP servers in the process of the tests: somebody else's, and WSGI applications for a browser."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, Any

from werkzeug import serving

LOOK_EVERY_SECONDS = 0.01
"""Whether to end. Python's half a second is what most tests with a server would wait for it."""


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Yields its address; it has ended afterwards."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(LOOK_EVERY_SECONDS,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def make_server(host: str, port: int, application: Any) -> serving.BaseWSGIServer:
    """Werkzeug's server, a thread for each request; it leaves no file open when a browser goes away in the middle, and
    is closed when the last answer has been given: no request of one test writes into the database of the next.
    """
    return _Server(host, port, application, _Handler)


class _Server(serving.ThreadedWSGIServer):
    def __init__(self, host: str, port: int, application: Any, handler: type[serving.WSGIRequestHandler]) -> None:
        self._answering, self._told = 0, threading.Condition()
        super().__init__(host, port, application, handler)

    def serve_forever(self, poll_interval: float = LOOK_EVERY_SECONDS) -> None:
        super().serve_forever(poll_interval)

    @contextmanager
    def answering(self) -> Iterator[None]:
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, step: int) -> None:
        with self._told:
            self._answering += step
            self._told.notify_all()

    def server_close(self) -> None:
        super().server_close()
        with self._told:
            assert self._told.wait_for(lambda: self._answering == 0, timeout=60), "a request is never answered"


class _Handler(serving.WSGIRequestHandler):
    """Reads files whole: when a connection drops, werkzeug does not always close what it was sending (PEP 3333)."""

    server: _Server

    def run_wsgi(self) -> None:
        with self.server.answering():
            super().run_wsgi()

    def make_environ(self) -> dict[str, Any]:
        return super().make_environ() | {"wsgi.file_wrapper": _read}


def _read(file: IO[bytes], _size: int) -> list[bytes]:
    with file:
        return [file.read()]
