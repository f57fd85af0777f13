"""Answers given later: no thread of the server waits for a webhook's row.

WSGI knows no such answer; granian does, at the one place where it hands a request to WSGI and takes the answer. We
stand there for webhooks. Under a server without that place they are answered through WSGI, and a thread waits for each.
"""

from collections.abc import Callable
from typing import Any, Final

import structlog

from webhooks.intake import WebhookIntake, is_for_us

log = structlog.get_logger()
_PLACE: Final = "_wsgi_call_wrap"

Call = Callable[[Any, dict[str, Any]], Any]
"""What granian calls for each request: with what takes the answer, from any thread, and the environment."""


def answer_later() -> None:
    """Prepare this process's granian, before it wraps the application that it was told to serve."""
    try:
        from granian.server import mp  # noqa: PLC0415 - other servers, and tests, do without it
    except ImportError:
        return
    wrap = getattr(mp, _PLACE, None)
    if wrap is None:
        log.warning("webhooks_hold_threads", reason="this granian hands requests over in another way")
        return

    def wrap_later(app: Any, options: dict[str, Any], log_format: str | None = None) -> Call:
        plain: Call = wrap(app, options, log_format)
        return later(app, plain) if isinstance(app, WebhookIntake) and not options.get("url_path_prefix") else plain

    setattr(mp, _PLACE, wrap_later)


def later(intake: WebhookIntake, plain: Call) -> Call:
    """Webhooks to the intake, everything else as it was."""

    def call(protocol: Any, environ: dict[str, Any]) -> Any:
        if not is_for_us(environ):
            return plain(protocol, environ)
        environ["wsgi.input_terminated"] = True
        intake.take(environ, protocol.response_bytes)
        return None

    return call
