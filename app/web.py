"""What every page shares: the guarded doors, one transaction per request, and how lists are asked for and answered.

A blueprint is registered only when a door guards it, or when it says why it is open to everybody.
"""

import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Flask, Response, g, json, make_response, request, stream_with_context
from flask.json.provider import DefaultJSONProvider
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest
from werkzeug.routing import IntegerConverter, Map

from app import crypto, db, formats, languages
from app.config import get_config
from app.errors import AppError, Forbidden
from app.keyset import Part, Place, walk_parts
from app.languages import _
from app.outcomes import Outcome
from app.sheets import write_line, write_sheet
from app.shopify.tokens import ShopCredentials
from app.typed import read_number

T = TypeVar("T")
_log = structlog.get_logger(__name__)
_LINES_AT_ONCE = 100
_QUIET = {"static", "health.alive", "health.ready", "health.show_metrics"}
_doors: dict[str, str] = {}
# A sign-in link is a key until it is used, a reply page's for a year: they must not lie about in logs.
_SECRET_PATH = re.compile(r"^(/portal/(?:enter|arrive|visit|join|payout-details/confirm)/|/letters/[a-z]+/|/reply/).+")
_REQUEST_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)


# -- doors ------------------------------------------------------------------------------------------------------------


def guard(bp: Blueprint, door: str, check: Callable[[], ResponseReturnValue | None]) -> None:
    """Let nobody into `bp` before `check` has said who they are: it opens the scope, or answers or raises instead."""
    bp.before_request(check)
    _doors[bp.name] = door


def open_to_all(bp: Blueprint, *, why: str) -> None:
    """Mark a blueprint that needs no door. `why` is for the reader."""
    assert why
    _doors[bp.name] = "open"


def register(app: Flask, bp: Blueprint) -> None:
    """Register `bp`, refusing one that nobody guards."""
    if bp.name not in _doors:
        raise RuntimeError(f"blueprint {bp.name} has no door: call protect() or open_to_all()")
    app.register_blueprint(bp)


def door_of(blueprint: str | None) -> str:
    """Which door leads to a blueprint: "merchant", "portal", "proxy", "api" or "open"."""
    return _doors.get(blueprint or "", "open")


def open_scope(shop_id: int, vendor_id: int | None = None, *, customer_id: int | None = None) -> db.ScopedSession:
    """Give this request its session, scoped to who is asking. A door calls it once, when it knows."""
    g.session = db.open_session(db.Scope(shop_id, vendor_id, customer_id))
    g.watch = db.watch(g.session)
    g.watch.__enter__()
    session: db.ScopedSession = g.session
    return session


def leave_transaction() -> ShopCredentials:
    """End the transaction, so that nothing is held while Shopify answers; the next statement begins another."""
    shop = ShopCredentials(g.shop.id, g.shop.domain)
    db.commit(g.session)
    return shop


def read_at_one_moment() -> None:
    """From now on all that this request reads stands as at one moment: no booking comes between a sum and its parts.

    For pages that write nothing: a row that somebody changes meanwhile could not be written.
    """
    db.commit(g.session)
    g.session.at_one_moment = True


def refuse_foreign_posts() -> None:
    """Against cross-site request forgery, for doors that trust a cookie: writes come from our own pages."""
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise Forbidden(_("This form was sent from another site. Open the page here and send it again."))
    origin = request.headers.get("Origin")
    if origin is None and "Sec-Fetch-Site" not in request.headers:
        raise Forbidden(_("Your browser did not say where this form comes from. Use a current browser and try again."))
    ours = {urlsplit(get_config().app_url).netloc, urlsplit(get_config().portal_url).netloc, request.host}
    if origin is not None and urlsplit(origin).netloc not in ours:
        raise Forbidden(_("This form was sent from another site. Open the page here and send it again."))


def is_framed() -> bool:
    """Whether the page that is asked for stands in a frame."""
    return request.headers.get("Sec-Fetch-Dest") == "iframe"


# -- one request, one transaction -------------------------------------------------------------------------------------


class RowId(IntegerConverter):
    """`<int:…>` in an address: no number that no row can have."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=2**63 - 1)


def configure(app: Flask) -> None:
    """Put everything on this page to work in `app`. Called before any address is registered."""
    # Tidying "//" up by a redirect happens before any door, and would hand a signed query back to whoever asked.
    app.url_map.merge_slashes = False
    app.url_map.converters["int"] = RowId
    keys = [crypto.derive_key(key, "flash") for key in get_config().secret_keys]
    app.config.update(SECRET_KEY=keys[0], SECRET_KEY_FALLBACKS=keys[1:], SESSION_COOKIE_SAMESITE="Lax")
    app.config.update(SESSION_COOKIE_NAME="flash", SESSION_COOKIE_SECURE=get_config().is_secure)
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(_close)
    app.jinja_env.filters.update(formats.FILTERS, said=languages.find_words)
    app.jinja_env.globals.update(config_cdn=get_config().shopify_cdn_url, api_key=get_config().shopify_api_key)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.add_extension("jinja2.ext.i18n")
    # Values are escaped and every message is a format there, too: app.languages does the same in Python.
    install: Callable[..., None] = app.jinja_env.install_gettext_callables  # type: ignore[attr-defined]
    install(languages.find_words, languages.find_form, newstyle=True)
    app.jinja_env.globals.update(spoken=languages.spoken, languages=languages.LANGUAGES)
    provider = app.json
    assert isinstance(provider, DefaultJSONProvider)
    provider.default = _speak_or(provider.default)


def _speak_or(default: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """In JSON, and so in what is flashed, words that wait for a language get the one that is spoken now."""
    return lambda value: str(value) if languages.is_later(value) else default(value)


def _begin() -> None:
    g.began = time.monotonic()
    languages.use("en")
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex[:16]
    structlog.contextvars.clear_contextvars()
    path = _SECRET_PATH.sub(r"\1…", request.path)
    structlog.contextvars.bind_contextvars(request_id=g.request_id, method=request.method, path=path)
    try:
        request.query_string.decode()
    except UnicodeDecodeError:
        request.query_string = b""  # else the page that says so would fail as well, wherever it reads an argument
        raise BadRequest(no_such_value()) from None


def no_such_value() -> str:
    return _("A number is too large, or a text holds a character that no text has.")


def _finish(response: Response) -> Response:
    session: db.ScopedSession | None = g.get("session")
    if session is not None and response.status_code < 400:
        db.commit(session)
    response.headers["X-Request-Id"] = g.get("request_id", "")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    response.headers.setdefault("Content-Security-Policy", "frame-ancestors 'none'")
    if get_config().is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    if request.endpoint not in _QUIET:
        milliseconds = round((time.monotonic() - g.began) * 1000)
        shop = g.get("shop")
        _log.info("request", status=response.status_code, ms=milliseconds, shop=shop.domain if shop else None)
    return response


def _close(_error: BaseException | None) -> None:
    if watch := g.pop("watch", None):
        watch.__exit__(None, None, None)
    elif session := g.get("session"):
        session.close()  # in which a download went on after its request


# -- lists, and what became of what was asked -------------------------------------------------------------------------


def toast(page: str | Response, message: str, *, is_error: bool = False) -> Response:
    """Have the page say `message` when this htmx answer arrives."""
    response: Response = make_response(page)
    response.headers["HX-Trigger"] = json.dumps({"toast": {"message": message, "isError": is_error}})
    return response


def refuse(page: str | Response, error: AppError) -> Response:
    """The page as it is now, which says what stood in the way."""
    response = toast(page, error.message, is_error=True)
    response.status_code = error.status
    return response


def read_ticked(name: str, most: int = 100) -> list[int]:
    """The ids of rows that were ticked in a list, upwards: two people's rows are never locked in a circle."""
    ticked = {read_number(value) for value in request.values.getlist(name)}
    return sorted(number for number in ticked if number is not None)[:most]


def answer_together(page: Callable[[Sequence[Outcome]], str | Response], outcomes: Sequence[Outcome]) -> Response:
    """A list that says what became of each row that was ticked; of none, what to do first."""
    done = sum(outcome.is_done for outcome in outcomes)
    words = f"Done for {done} of {len(outcomes)}." if outcomes else "Tick the rows first."
    return toast(page(outcomes), words, is_error=not done)


def download(name: str, body: str | bytes | Iterable[bytes], media_type: str) -> Response:
    """A file called `name`. A body in pieces is sent as they come, after this request's transaction."""
    return Response(body, mimetype=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def download_sheet(name: str, heading: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A list as a CSV file called `name`."""
    return download_lines(name, write_sheet(heading, rows))


def download_lines(name: str, lines: Iterable[str]) -> Response:
    """A CSV file called `name`, sent while it is read: a long one begins at once and never is in memory as a whole."""
    waiting = iter(lines)
    first = "".join(islice(waiting, _LINES_AT_ONCE))  # what is wrong by now is answered as everywhere
    # The mark tells Excel that this is UTF-8.
    return download(name, stream_with_context(_go_on("\ufeff" + first, waiting)), "text/csv")


def _go_on(first: str, waiting: Iterator[str]) -> Iterator[bytes]:
    yield first.encode()
    try:
        while piece := "".join(islice(waiting, _LINES_AT_ONCE)):
            db.commit(g.session)  # who reads slowly keeps no connection; the next piece begins a transaction of its own
            yield piece.encode()
    except Exception:  # noqa: BLE001 - what was sent looks whole: nothing but its last line can say that it is not
        _log.exception("download_broken")
        g.session.rollback()
        yield write_line([_("The rest is missing: something on our side failed. Export it again.")]).encode()


def read_search() -> str:
    """What a list is searched for."""
    return request.args.get("q", "").strip()[:100]


def read_place(prefix: str = "") -> Place:
    """Where in a list the part begins that the address asks for. `prefix`: of the second list of a page."""
    return Place(request.args.get(f"{prefix}after", ""), request.args.get(f"{prefix}before", ""))


def every_row(find: Callable[[Place], Part[T]], most_parts: int = 100) -> Iterator[T]:
    """The rows of all parts of a list, from its beginning on; up to `most_parts` of them."""
    for part in islice(walk_parts(find), most_parts):
        yield from part.rows
