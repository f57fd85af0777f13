"""The storefront's door for people who want to sell: the application form's fields, and the application itself."""

from collections.abc import Sequence
from typing import Any, Final

from flask import Blueprint, Response, g, jsonify, request
from flask.typing import ResponseReturnValue
from markupsafe import escape

from app import web
from app.auth import limits
from app.auth import proxy as door
from app.db import scoped
from app.errors import ValidationErrors
from app.languages import _, lazy
from app.models.questions import QuestionKind, VendorQuestion
from app.models.shops import Shop, ShopSettings
from app.shopify.errors import ShopifyError
from app.shopify.tokens import ShopCredentials
from app.vendors import applicants, queries, service, sync
from app.vendors.forms import ApplicationForm, describe_fields, read_application

bp = Blueprint("vendors_proxy", __name__, url_prefix="/proxy")
door.protect(bp)

_THANKS: Final = lazy("Thank you. Your application is on its way; look into your inbox for the next step.")
_TRAP: Final = "company_url"
"""A field that people do not see and robots fill in."""
_FROM_ONE_VISITOR: Final = 10


@bp.get("/apply")
def show_fields() -> ResponseReturnValue:
    """What an application consists of, as JSON."""
    settings = g.session.get(ShopSettings, g.shop.id)
    terms = settings.terms_text if settings else ""
    asked = [applicants.describe(question) for question in applicants.list_questions(g.session, g.shop.id)]
    fields = describe_fields(terms_needed=bool(terms))
    return jsonify({"fields": fields, "questions": asked, "trap": _TRAP, "terms": terms})


@bp.get("/vendors.json")
def list_public_vendors() -> ResponseReturnValue:
    """Who sells here, by name: what their public pages say, at most 50 of those that match `q`."""
    found = queries.list_public(g.session, g.shop.id, web.read_search())
    keys = ("handle", "name", "tagline", "location")
    vendors = [
        {**{key: getattr(vendor, key) for key in keys}, "url": f"/pages/vendors/{vendor.handle}"} for vendor in found
    ]
    answer = jsonify({"vendors": vendors})
    answer.headers["Cache-Control"] = "public, max-age=60"
    return answer


@bp.post("/apply")
def apply() -> ResponseReturnValue:
    """Take an application as a form or JSON: {ok, message} or {ok: false, errors: {field: sentence}}."""
    values: Any = request.get_json(silent=True) if request.is_json else request.form
    if not hasattr(values, "get"):
        values = {}
    if values.get(_TRAP):
        return _answer(_THANKS)
    # One short transaction before Shopify is asked and another after it: none waits for somebody else's server.
    with scoped(g.shop.id) as session:
        settings = session.get(ShopSettings, g.shop.id)
        terms_needed = bool(settings and settings.terms_text)
        asked = applicants.list_questions(session, g.shop.id)
    form = read_application(values, terms_needed=terms_needed)
    answers, errors = applicants.read_answers(asked, values)
    if not form.validate() or errors:
        return _refuse(form.first_errors | errors)
    # Each application asks Shopify and writes to an address that anybody may have typed. One visitor's own limit comes
    # first: it keeps them from using up everybody's.
    visitor = f"{g.shop.domain}:{door.visitors_address()}"
    if not limits.allow("apply-from", visitor, limit=_FROM_ONE_VISITOR, seconds=600) or not limits.allow(
        "apply", g.shop.domain, limit=60, seconds=600
    ):
        return _answer(_("Very many applications are coming in. Nothing was lost: send it again in ten minutes."), 429)
    try:
        _take(g.shop, form, answers)
    except ValidationErrors as error:
        return _refuse(error.errors)
    except ShopifyError:
        return _answer(
            _("We could not take your application just now. Nothing was lost: send it again in a minute."), 503
        )
    return _answer(_thank(asked))


def _take(shop: Shop, form: ApplicationForm, answers: Sequence[tuple[VendorQuestion, str]]) -> None:
    application = form.application()
    entries = sync.find_entries(ShopCredentials(shop.id, shop.domain), application.name)
    vendor = service.apply(g.session, shop, application, entries)
    if vendor is not None:
        applicants.keep_answers(g.session, vendor, answers)


def _thank(asked: Sequence[VendorQuestion]) -> str:
    """The same words whether or not the address is known: nobody learns from them who sells here."""
    documents = ", ".join(question.label for question in asked if question.kind is QuestionKind.FILE)
    if not documents:
        return str(_THANKS)
    return f"{_THANKS} " + _("Then send from your vendor pages: %(documents)s.", documents=documents)


def _refuse(errors: dict[str, str]) -> ResponseReturnValue:
    if _wants_json():
        return jsonify({"ok": False, "message": _("Some fields need another look."), "errors": errors}), 422
    labels = {field.name: field.label.text for field in ApplicationForm()}
    items = "".join(f"<li>{escape(labels.get(name, name))}: {escape(words)}</li>" for name, words in errors.items())
    title, back = escape(_("Some fields need another look.")), escape(_("Go back: what you typed is still there."))
    return _page(f"<h1>{title}</h1><ul>{items}</ul><p>{back}</p>", 422)


def _answer(words: str, status: int = 200) -> ResponseReturnValue:
    if _wants_json():
        return jsonify({"ok": status == 200, "message": words, "errors": {}}), status
    return _page(f"<h1>{escape(words)}</h1>", status)


def _page(html: str, status: int) -> Response:
    """A page inside the shop's theme. It is Liquid to Shopify, so nothing that the visitor sent may stand in it, and
    braces in the merchant's words are braces.
    """
    body = f'<div class="page-width" style="padding: 3rem 0">{html.replace("{", "&#123;")}</div>'
    return Response(body, status, content_type="application/liquid")


def _wants_json() -> bool:
    return (
        request.is_json or request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
    )
