"""/proxy/sync in front of Flask: every page that is opened in any shop asks here, and sends its edits.

It answers what is plain: what is new for a signed-in customer, and edits that have room and of which nobody else must
hear. Whatever else comes, and whatever goes wrong, is passed on to app/storefront/proxy.py, which does the same more
slowly and says what is amiss.
"""

from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

import psycopg
import structlog
from prometheus_client import Histogram
from sqlalchemy.exc import SQLAlchemyError

from app import clock
from app.auth.hosts import is_for_vendors
from app.auth.proxy import find_customer
from app.db import Scope
from app.errors import AppError
from app.storefront.service import read_at_once, sync_at_once
from app.storefront.wire import LARGEST_BODY, Batch, read_batch, write_answer
from app.typed import read_number

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_PATH: Final = "/proxy/sync"
_HEADERS: Final = (
    ("Content-Type", "application/json"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("Content-Security-Policy", "frame-ancestors 'none'"),
)
SECONDS = Histogram("stallkeeper_sync_seconds", "From a customer's request to what is new, with their edits durable")

log = structlog.get_logger()


class SyncFront:
    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(self, request: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if request.get("PATH_INFO") != _PATH or is_for_vendors(str(request.get("HTTP_HOST", ""))):
            return self._app(request, start_response)
        with SECONDS.time():
            answer = _answer(request)
        if answer is None:
            return self._app(request, start_response)
        start_response("200 OK", [*_HEADERS, ("Content-Length", str(len(answer)))])
        return [answer]


def _answer(request: "WSGIEnvironment") -> bytes | None:
    """None: it is not for us, and stands as it came."""
    query, length = str(request.get("QUERY_STRING", "")), _find_length(request)
    try:
        if request.get("REQUEST_METHOD") == "GET":
            return _read(query)
        if length is None:
            return None
        raw = request["wsgi.input"].read(length)
        request["wsgi.input"] = BytesIO(raw)
        return _sync(query, raw) if len(raw) == length else None
    except AppError:
        return None
    except (psycopg.Error, SQLAlchemyError) as error:
        # The connection may have died since it was last used; what may have been committed can be stored again.
        structlog.contextvars.clear_contextvars()  # of the thread's last request
        log.info("sync_passed_on", path=_PATH, error=str(error))
        return None


def _find_length(request: "WSGIEnvironment") -> int | None:
    """How many bytes of JSON were posted; None when it is anything else."""
    length, kind = str(request.get("CONTENT_LENGTH") or ""), str(request.get("CONTENT_TYPE") or "")
    # A form of another site cannot send JSON: this is what keeps strangers from writing into a customer's lists.
    plain = request.get("REQUEST_METHOD") == "POST" and kind.partition(";")[0].strip().lower() == "application/json"
    fits = plain and length.isascii() and length.isdecimal() and len(length) < 10
    return int(length) if fits and int(length) <= LARGEST_BODY else None


def _read(query: str) -> bytes | None:
    whose, since = find_customer(_PATH, query), read_number(dict(parse_qsl(query)).get("since", "0"))
    if whose is None or since is None:
        return None
    news = read_at_once(whose, since)
    return write_answer(news) if news else None


def _sync(query: str, raw: bytes) -> bytes | None:
    whose = find_customer(_PATH, query)
    if whose is None:
        return None
    batch = read_batch(raw, clock.now())
    news = sync_at_once(whose, batch) if _is_plain(batch, whose) else None
    return write_answer(news, stored=len(batch.edits), refused=batch.refused) if news else None


def _is_plain(batch: Batch, whose: Scope) -> bool:
    is_more = batch.merged or batch.own_carts or batch.room
    return bool(batch.edits) and not is_more and batch.account == str(whose.customer_id)
