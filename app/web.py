"""What every page shares: the guarded doors, one transaction per request, error answers, and how values are written.

A blueprint is registered only when a door guards it, or when it says why it is open to everybody.
"""

import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import structlog
from babel.dates import format_date, format_skeleton, format_time, format_timedelta
from babel.numbers import format_compact_currency, format_currency, format_decimal
from flask import Blueprint, Flask, Response, g, json, jsonify, make_response, render_template, request
from flask.json.provider import DefaultJSONProvider
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape
from sqlalchemy.exc import DataError
from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed
from werkzeug.routing import IntegerConverter, Map

from app import clock, crypto, db, languages
from app.config import get_config
from app.errors import AppError, Forbidden, ValidationErrors
from app.keyset import Part, Place, walk_parts
from app.languages import _
from app.money import Money
from app.outcomes import Outcome
from app.sheets import write_sheet
from app.typed import read_number

T = TypeVar("T")
_log = structlog.get_logger(__name__)
_QUIET = {"static", "health.alive", "health.ready", "health.show_metrics"}
_doors: dict[str, str] = {}
# A sign-in link is a key until it is used, a reply page's for a year: they must not lie about in logs.
_SECRET_PATH = re.compile(r"^(/portal/(?:enter|arrive|visit|join|payout-details/confirm)/|/letters/[a-z]+/|/reply/).+")
_REQUEST_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
_PARAGRAPHS = re.compile(r"\n\s*\n")


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
    app.register_error_handler(AppError, _answer_app_error)
    app.register_error_handler(DataError, _answer_unstorable)
    app.register_error_handler(RecursionError, _answer_unreadable)
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(Exception, _answer_bug)
    app.jinja_env.filters.update(
        money=write_money,
        money_short=write_money_short,
        percent=write_percent,
        number=write_number,
        day=write_day,
        date=write_date,
        datetime=write_datetime,
        ago=write_ago,
        paragraphs=write_paragraphs,
        said=languages.find_words,
    )
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
        raise BadRequest(_no_such_value()) from None


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


# -- answers when something is wrong ----------------------------------------------------------------------------------


def toast(response: Response, message: str, *, is_error: bool = False) -> Response:
    """Have the page say `message` when this htmx answer arrives."""
    response.headers["HX-Trigger"] = json.dumps({"toast": {"message": message, "isError": is_error}})
    return response


def read_ticked(name: str, most: int = 100) -> list[int]:
    """The ids of rows that were ticked in a list, upwards: two people's rows are never locked in a circle."""
    ticked = {read_number(value) for value in request.values.getlist(name)}
    return sorted(number for number in ticked if number is not None)[:most]


def answer_together(page: Callable[[Sequence[Outcome]], str | Response], outcomes: Sequence[Outcome]) -> Response:
    """A list that says what became of each row that was ticked; of none, what to do first."""
    done = sum(outcome.is_done for outcome in outcomes)
    words = f"Done for {done} of {len(outcomes)}." if outcomes else "Tick the rows first."
    return toast(make_response(page(outcomes)), words, is_error=done < max(1, len(outcomes)))


def download_sheet(name: str, heading: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A list as a CSV file called `name`."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(write_sheet(heading, rows), mimetype="text/csv", headers=headers)


def read_place(prefix: str = "") -> Place:
    """Where in a list the part begins that the address asks for. `prefix`: of the second list of a page."""
    return Place(request.args.get(f"{prefix}after", ""), request.args.get(f"{prefix}before", ""))


def every_row(find: Callable[[Place], Part[T]], most_parts: int = 100) -> Iterator[T]:
    """The rows of all parts of a list, from its beginning on; up to `most_parts` of them."""
    for part in islice(walk_parts(find), most_parts):
        yield from part.rows


def _answer_app_error(error: AppError) -> Response:
    if isinstance(error, ValidationErrors):
        message, errors = " ".join(error.errors.values()), error.errors
    else:
        message, errors = error.message, {}
    response = _answer(error.status, message, errors=errors, kind=error.kind)
    response.headers.update(error.headers)
    return response


def _answer_unstorable(_error: DataError) -> Response:
    """PostgreSQL knows no such value: a number beyond 64 bits, or a text with a NUL in it. Forms send neither."""
    return _answer(HTTPStatus.BAD_REQUEST, _no_such_value())


def _answer_unreadable(_error: RecursionError) -> Response:
    """Of all we do, only reading JSON goes as deep as somebody else says."""
    _log.warning("request_nested_too_deep")
    return _answer(HTTPStatus.BAD_REQUEST, "This is nested too deep to be read.")


def _no_such_value() -> str:
    return _("A number is too large, or a text holds a character that no text has.")


def _answer_http_error(error: HTTPException) -> Response:
    if isinstance(error.response, Response):
        return error.response
    messages = {
        404: _("There is nothing at this address. It may have moved, or the link may be incomplete."),
        405: _("This address does not answer that kind of request."),
        413: _("That is more than we can take at once. Send a smaller file."),
    }
    code = HTTPStatus(error.code or 500)
    response = _answer(code, messages.get(code, error.description or code.phrase))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _answer_bug(error: Exception) -> Response:
    _log.exception("request_failed", error=type(error).__name__)
    return _answer(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        _(
            "Something on our side failed and nothing was changed. Try again; if it stays, report %(request_id)s.",
            request_id=g.request_id,
        ),
    )


def _answer(
    status: HTTPStatus, message: str, *, errors: dict[str, str] | None = None, kind: str | None = None
) -> Response:
    """As a problem for programs, as JSON, as a toast for htmx, or as a page in the manner of the door."""
    if session := g.get("session"):
        session.rollback()  # what failed is undone, and the page that says so can read again
    if request.path.startswith("/api/"):
        return _problem(status, kind or status.phrase.lower().replace(" ", "-"), message, errors or {})
    wants_json = request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
    if wants_json or request.is_json:
        response = jsonify({"ok": False, "message": message, "errors": errors or {}})
    elif request.headers.get("HX-Request"):
        response = toast(Response(str(escape(message)), mimetype="text/html"), message, is_error=True)
        # htmx swaps refusals in, too: the page, and what was typed in it, must stay.
        response.headers["HX-Reswap"] = "none"
    else:
        door = door_of(request.blueprint)
        folder = door if door in {"merchant", "portal"} and g.get("shop") else "open"
        response = Response(
            render_template(f"{folder}/error.html", status=status, message=message), mimetype="text/html"
        )
    response.status_code = status
    return response


def _problem(status: HTTPStatus, kind: str, message: str, errors: dict[str, str]) -> Response:
    """RFC 9457. Keys of `errors` are fields of the body, "#/items/0/price" deep in it, "?limit" of the query."""
    problem: dict[str, Any] = {
        "type": f"{get_config().app_url}/api/v1/docs#problem-{kind}",
        "title": status.phrase,
        "status": status.value,
        "detail": message,
        "instance": f"urn:request:{g.get('request_id', '')}",
    }
    if errors:
        problem["errors"] = [_name_place(place) | {"detail": words} for place, words in errors.items()]
    return Response(json.dumps(problem), status=status, mimetype="application/problem+json")


def _name_place(place: str) -> dict[str, str]:
    if place.startswith("?"):
        return {"parameter": place[1:]}
    return {"pointer": place if place.startswith("#") else f"#/{place}"}


# -- how values are written -------------------------------------------------------------------------------------------


def _locale() -> str:
    return str(g.get("locale", "en")).replace("-", "_")


def _zone() -> ZoneInfo:
    shop = g.get("shop")
    return ZoneInfo(shop.timezone if shop else "UTC")


def write_money(money: Money) -> str:
    """As the reader writes it, with its currency."""
    return format_currency(money.decimal, money.currency, locale=_locale())


def write_money_short(money: Money) -> str:
    """For the axis of a chart: "$1.5K", no decimals that say nothing."""
    return format_compact_currency(money.decimal, money.currency, locale=_locale(), fraction_digits=2)


def write_percent(rate_bps: Decimal | int) -> str:
    """A rate in basis points: 1250 is "12.5 %"."""
    return f"{format_decimal(Decimal(rate_bps) / 100, locale=_locale())} %"


def write_number(number: int) -> str:
    """Such as "5,000", "5.000"."""
    return format_decimal(number, locale=_locale())


def write_day(day: date) -> str:
    """Day and month, for the axis of a chart: "Nov 3", "3. Nov."."""
    return format_skeleton("MMMd", day, locale=_locale())


def write_date(moment: datetime | None) -> str:
    """The day, in the shop's time zone."""
    return format_date(moment.astimezone(_zone()), "medium", locale=_locale()) if moment else ""


def write_datetime(moment: datetime | None) -> str:
    """Day and time with the zone, as an element that says the exact moment."""
    if moment is None:
        return ""
    local = moment.astimezone(_zone())
    day = format_date(local, "medium", locale=_locale())
    words = f"{day}, {format_time(local, 'HH:mm', locale=_locale())} {_zone_of(local)}"
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), words)


def _zone_of(local: datetime) -> str:
    """The zone's short name, such as "MEZ"; where a language has none, how far it is: "GMT-07:00"."""
    short = format_time(local, "z", locale=_locale())
    return format_time(local, "ZZZZ", locale=_locale()) if short[0] in "+-" else short


def write_ago(moment: datetime | None) -> str:
    """Such as "3 hours ago", with the exact moment in its title."""
    if moment is None:
        return ""
    delta: timedelta = moment - clock.now()
    words = format_timedelta(delta, add_direction=True, locale=_locale())
    return Markup('<time datetime="{}" title="{}">{}</time>').format(moment.isoformat(), moment.isoformat(), words)


def write_paragraphs(words: Any) -> Markup:
    """Plain text with its empty lines as paragraphs, escaped."""
    parts = [part.strip() for part in _PARAGRAPHS.split(str(words or "")) if part.strip()]
    return Markup("").join(Markup("<p>{}</p>").format(part) for part in parts)
