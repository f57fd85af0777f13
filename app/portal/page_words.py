"""The words of a vendor's public page in other languages."""

from flask import Blueprint, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import audit
from app.auth import portal
from app.errors import NotFound
from app.languages import _
from app.portal.forms import WordsForm
from app.vendors import face
from app.vendors.service import request_profile_sync

bp = Blueprint("portal_page_words", __name__, url_prefix="/portal/profile/languages")
portal.protect(bp)


@bp.get("")
def list_languages() -> ResponseReturnValue:
    """How much of the page is written in which language."""
    written = {code: len(g.vendor.translations.get(code, {})) for code in face.LANGUAGES}
    to_write = [column for column in face.TRANSLATED if getattr(g.vendor, column)]
    languages = [(code, name, written[code]) for code, name in face.LANGUAGES.items()]
    return render_template("portal/page_languages.html", languages=languages, to_write=len(to_write))


@bp.get("/<code>")
def show_words(code: str) -> ResponseReturnValue:
    return _page(code, WordsForm(data=g.vendor.translations.get(_known(code), {})))


@bp.post("/<code>")
def change_words(code: str) -> ResponseReturnValue:
    form = WordsForm(request.form)
    if not form.validate():
        return _page(_known(code), form), 422
    before = g.vendor.translations.get(_known(code), {})
    if form.words == before:
        flash(_("Nothing was changed."), "good")
        return redirect("/portal/profile/languages", 303)
    others = {key: words for key, words in g.vendor.translations.items() if key != code}
    g.vendor.translations = others | ({code: form.words} if form.words else {})
    changes = {
        f"{column} ({code})": [before.get(column, ""), form.words.get(column, "")]
        for column in face.TRANSLATED
        if before.get(column) != form.words.get(column)
    }
    subject = ("vendor", g.vendor.id)
    audit.record(
        g.session,
        g.shop.id,
        "vendor.translate",
        subject,
        actor=portal.actor(),
        vendor_id=g.vendor.id,
        changes=changes,
    )
    request_profile_sync(g.session, g.vendor)
    flash(_("Saved. Your page in the shop follows within a minute."), "good")
    return redirect("/portal/profile/languages", 303)


def _known(code: str) -> str:
    if code not in face.LANGUAGES:
        raise NotFound(_("Pages are not translated into this language."))
    return code


def _page(code: str, form: WordsForm) -> str:
    return render_template("portal/page_words.html", form=form, language=face.LANGUAGES[code], code=code)
