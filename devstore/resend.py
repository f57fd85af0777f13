"""A mail service that speaks Resend's API and keeps every mail in an inbox instead of sending it."""

import re
import uuid
from typing import Any

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from devstore import resend_news
from devstore.clock import iso, parse_iso
from devstore.current import get_config, get_store
from devstore.faults import suffer
from devstore.store import Doc

bp = Blueprint("resend", __name__, template_folder="templates")

_KIND = "email"
_RECEIVED = "received_email"
_ADDRESS = re.compile(r"^(?:[^<>]*<)?[^<>@\s]+@[^<>@\s]+\.[^<>@\s]+>?$")
_MOST_RECIPIENTS = 50
_PAGE = 50


@bp.post("/resend/emails")
def send() -> Response:
    """Take one mail. The same Idempotency-Key again answers with the first mail's id and keeps no second one."""
    if trouble := suffer("resend"):
        return trouble
    if not request.headers.get("Authorization", "").removeprefix("Bearer ").strip():
        return _refuse(401, "missing_api_key", "Missing API key in the authorization header")
    sent = request.get_json(silent=True)
    problem = _problem(sent if isinstance(sent, dict) else {})
    if problem or not isinstance(sent, dict):
        return _refuse(422, "validation_error", problem or "The body is not a JSON object")
    key = request.headers.get("Idempotency-Key") or None
    store = get_store()
    with store.transaction():
        earlier = store.find("", _KIND, idempotency_key=key) if key else None
        is_new = earlier is None
        if earlier is None:
            earlier = store.put("", _KIND, _mail(sent, key, iso(store.clock.now())))
    if earlier["sent"] != sent:
        said = "The same idempotency key was used with a different request payload"
        return _refuse(409, "invalid_idempotent_request", said)
    if is_new:
        _tell(earlier, resend_news.fate_of(earlier))
    return jsonify({"id": earlier["email_id"]})


@bp.get("/resend/emails/<email_id>")
def retrieve(email_id: str) -> Response:
    mail = get_store().find("", _KIND, email_id=email_id)
    if mail is None:
        return _refuse(404, "not_found", "Email not found")
    shown = {key: mail["sent"].get(key) for key in ("bcc", "cc", "reply_to", "tags")}
    return jsonify({"object": "email", **_public(mail), **shown, "last_event": mail.get("fate", "delivered")})


@bp.get("/inbox.json")
def inbox_json() -> Response:
    """Every mail, newest first; `to` and `subject` keep those that contain them."""
    return jsonify([_public(mail) for mail in _filtered()])


@bp.get("/inbox")
def inbox() -> str:
    return _page(None, "html")


@bp.get("/inbox/<int:number>")
def message(number: int) -> str:
    mail = _get(number)
    view = "text" if request.args.get("view") == "text" or not mail["html"] else "html"
    return _page(mail, view)


def _page(mail: Doc | None, view: str) -> str:
    """The list, a page at a time, beside the mail that is open."""
    found, number = _filtered(), max(1, request.args.get("page", 1, type=int))
    shown = found[(number - 1) * _PAGE : number * _PAGE]
    asked = {"to": request.args.get("to") or None, "page": number if number > 1 else None}
    older, newer = number * _PAGE < len(found), number > 1
    return render_template(
        "inbox.html",
        mails=shown,
        mail=mail,
        view=view,
        moment=_moment,
        asked=asked,
        page=number,
        older=older,
        newer=newer,
        fates=resend_news.FATES,
        can_unsubscribe=mail is not None and resend_news.stop_address(mail) is not None,
    )


@bp.post("/inbox/<int:number>/answer")
def answer(number: int) -> BaseResponse:
    """Answer the mail as its reader would: the app hears that a mail came in, and asks for its words."""
    mail, words = _get(number), request.form.get("words", "").strip()
    to = _listed(mail["sent"].get("reply_to") or mail["from"])
    if not words:
        abort(400)
    quoted = "\n".join(f"> {line}" for line in (mail["text"] or "").splitlines())
    store = get_store()
    received = {
        "email_id": str(uuid.uuid4()),
        "from": mail["to"][0],
        "to": to,
        "subject": f"Re: {mail['subject']}",
        "text": f"{words}\n\nOn {_moment(mail['created_at'])} {mail['from']} wrote:\n\n{quoted}",
        "created_at": iso(store.clock.now()),
    }
    with store.transaction():
        store.put("", _RECEIVED, received)
        store.put("", _KIND, {**mail, "answered": received["text"].partition("\n\nOn ")[0]})
    resend_news.tell_of_answer(get_config(), received)
    return redirect(url_for("resend.message", number=number), 303)


@bp.get("/resend/emails/receiving/<email_id>")
def retrieve_received(email_id: str) -> Response:
    """A mail that came in, with its words."""
    if trouble := suffer("resend"):
        return trouble
    mail = get_store().find("", _RECEIVED, email_id=email_id)
    if mail is None:
        return _refuse(404, "not_found", "Email not found")
    named = {name: mail[name] for name in ("from", "to", "subject", "text", "created_at")}
    rest: Doc = {"html": None, "headers": {}, "bcc": [], "cc": [], "reply_to": [], "attachments": []}
    return jsonify({"object": "email", "id": email_id, "message_id": f"<{email_id}@mail.example>", **named, **rest})


@bp.post("/inbox/<int:number>/unsubscribe")
def unsubscribe(number: int) -> BaseResponse:
    """Press the button that mail programs show beside RFC 8058's headers: one call, and nobody is signed in."""
    mail = _get(number)
    address = resend_news.stop_address(mail)
    if address is None:
        abort(400)
    taken = resend_news.unsubscribe(address)
    store = get_store()
    with store.transaction():
        store.put("", _KIND, {**mail, "unsubscribed": "Done" if taken else "The app did not take it"})
    return redirect(url_for("resend.message", number=number), 303)


@bp.post("/inbox/<int:number>/fate")
def decide(number: int) -> BaseResponse:
    """Have the mail bounce, for instance: the app hears of it as it would from Resend."""
    fate = request.form.get("fate", "")
    if fate not in resend_news.FATES:
        abort(400)
    _tell(_get(number), fate)
    return redirect(url_for("resend.message", number=number), 303)


def _tell(mail: Doc, fate: str) -> None:
    store = get_store()
    moment = iso(store.clock.now())
    with store.transaction():
        store.put("", _KIND, {**mail, "fate": fate})
    resend_news.tell(get_config(), mail, fate, moment)


@bp.get("/inbox/<int:number>/body")
def body(number: int) -> Response:
    """The mail's own HTML for the preview frame: no scripts, links open in a new tab."""
    answer = Response('<base target="_blank">' + (_get(number)["html"] or ""), mimetype="text/html")
    allowed = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'"
    answer.headers["Content-Security-Policy"] = f"{allowed}; img-src * data:; font-src *"
    return answer


def _get(number: int) -> Doc:
    mail = get_store().get("", _KIND, number)
    if mail is None:
        abort(404)
    return mail


def _filtered() -> list[Doc]:
    to, subject = request.args.get("to", "").lower(), request.args.get("subject", "").lower()
    mails = reversed(get_store().all("", _KIND))
    return [each for each in mails if to in ", ".join(each["to"]).lower() and subject in each["subject"].lower()]


def _problem(sent: Doc) -> str | None:
    for key in ("from", "to", "subject"):
        if not sent.get(key):
            return f"Missing `{key}` field."
    if not sent.get("html") and not sent.get("text"):
        return "Missing `html` or `text` field."
    to = _listed(sent["to"])
    if len(to) > _MOST_RECIPIENTS:
        return f"Too many recipients: at most {_MOST_RECIPIENTS}."
    bad = next((each for each in [sent["from"], *to] if not isinstance(each, str) or not _ADDRESS.match(each)), None)
    return f"Invalid address: {bad}" if bad is not None else None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _mail(sent: Doc, key: str | None, now: str) -> Doc:
    return {
        "email_id": str(uuid.uuid4()),
        "idempotency_key": key,
        "from": sent["from"],
        "to": _listed(sent["to"]),
        "subject": sent["subject"],
        "html": sent.get("html"),
        "text": sent.get("text"),
        "created_at": now,
        "sent": sent,
    }


def _public(mail: Doc) -> Doc:
    shown = {key: mail[key] for key in ("from", "to", "subject", "html", "text", "created_at")}
    return {"id": mail["email_id"], **shown, "url": url_for("resend.message", number=mail["id"])}


def _moment(text: str) -> str:
    return parse_iso(text).strftime("%-d %b, %H:%M")


def _refuse(status: int, name: str, message: str) -> Response:
    answer = jsonify({"statusCode": status, "name": name, "message": message})
    answer.status_code = status
    return answer
