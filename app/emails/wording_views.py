"""The words of every e-mail: reading, changing, previewing, testing, going back."""

from collections.abc import Mapping

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth import limits, meanwhile, merchant
from app.emails import service, wording, wordings
from app.emails.forms import TestForm, WordingForm
from app.emails.kinds import KINDS, MEANINGS
from app.emails.render import Rendered, render
from app.emails.samples import Sample, make_sample
from app.emails.wording import Wording
from app.errors import NotFound, ValidationErrors
from app.languages import LANGUAGES, locale_for
from app.models.emails import EmailWording

bp = Blueprint("email_wordings", __name__, url_prefix="/app/emails/words")
merchant.protect(bp)

_TESTS_AN_HOUR = 30


@bp.get("")
def list_kinds() -> ResponseReturnValue:
    chosen = wordings.list_current(g.session, g.shop.id)
    rows = {(kind, "en"): chosen.get((kind, "en")) for kind in KINDS}
    subjects = {kind: wording.reword(kind, "en", row.words if row else {}).subject for (kind, _), row in rows.items()}
    return render_template(
        "merchant/emails/words.html",
        kinds=KINDS,
        own={kind: _own_languages(kind, chosen) for kind in KINDS},
        changed={
            kind: max((row.created_at for (name, _), row in chosen.items() if name == kind), default=None)
            for kind in KINDS
        },
        subjects=subjects,
    )


@bp.get("/<kind>")
def show_kind(kind: str) -> ResponseReturnValue:
    """`?language=` chooses the language; `?from=` fills the form with earlier words; they count once they are saved."""
    current = _current(_known(kind))
    earlier = request.args.get("from", type=int)
    shown = wordings.get_earlier(g.session, g.shop.id, kind, _language(kind), earlier) if earlier else current
    return _page(kind, WordingForm(obj=shown))


@bp.post("/<kind>")
def change_kind(kind: str) -> ResponseReturnValue:
    meanwhile.refuse_second(wordings.changes_of(_known(kind), _language(kind)))
    form = WordingForm(request.form)
    wanted = wording.reword(kind, _language(kind), form.words)
    try:
        changed = wordings.change_wording(g.session, g.shop, kind, _language(kind), wanted, actor=merchant.actor())
    except ValidationErrors as refused:
        form.refuse(refused.errors)
        return _page(kind, form), 422
    message = "Saved. The next e-mail uses these words." if changed else "Nothing had changed"
    return web.toast(_page(kind, WordingForm(obj=wanted)), message)


@bp.post("/<kind>/reset")
def reset_kind(kind: str) -> ResponseReturnValue:
    ours = wording.default_wording(_known(kind), _language(kind))
    wordings.change_wording(g.session, g.shop, kind, _language(kind), ours, actor=merchant.actor())
    return web.toast(_page(kind, WordingForm(obj=ours)), "The original words are back. Yours stay in the history.")


@bp.post("/<kind>/preview")
def preview(kind: str) -> ResponseReturnValue:
    """What is in the form, as it would arrive; or what is wrong with it."""
    wanted = wording.reword(_known(kind), _language(kind), WordingForm(request.form).words)
    errors = wording.check(kind, wanted)
    sample = make_sample(g.session, g.shop, kind)
    rendered = None if errors else _render(kind, wanted, sample)
    return render_template(
        "merchant/emails/_preview.html", errors=errors, rendered=rendered, sample=sample, meanings=MEANINGS
    )


@bp.post("/<kind>/test")
def send_test(kind: str) -> ResponseReturnValue:
    form, test = WordingForm(request.form), TestForm(request.form)
    wanted = wording.reword(_known(kind), _language(kind), form.words)
    if errors := wording.check(kind, wanted):
        raise ValidationErrors(errors)
    if not test.validate():
        return _page(kind, form, test=test), 422
    if not limits.allow("email-test", str(g.shop.id), limit=_TESTS_AN_HOUR, seconds=3600):
        test.to.errors = ["Thirty tests were sent in this hour. Send more later."]
        return _page(kind, form, test=test), 429
    rendered = _render(kind, wanted, make_sample(g.session, g.shop, kind))
    service.queue_test(g.session, g.shop, kind, str(test.to.data), rendered)
    return web.toast(_page(kind, form, test=test), f"A test is on its way to {test.to.data}.")


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise NotFound("There is no such e-mail.")
    return kind


def _language(kind: str) -> str:
    """The language whose words are asked for. What merchants get is English."""
    wanted = request.values.get("language", "")
    return wanted if wanted in LANGUAGES and KINDS[kind].reader != "merchant" else "en"


def _own_languages(kind: str, chosen: Mapping[tuple[str, str], EmailWording]) -> list[str]:
    """The languages in which the shop uses words of its own."""
    return [code for code in LANGUAGES if (row := chosen.get((kind, code))) and row.words]


def _current(kind: str) -> Wording:
    language = _language(kind)
    return wordings.find_wording(g.session, g.shop.id, kind, language) or wording.default_wording(kind, language)


def _render(kind: str, wanted: Wording, sample: Sample) -> Rendered:
    language = _language(kind)
    locale = locale_for(language, g.shop.locale)
    spoken = {"language": language, "locale": locale}
    return render(kind, sample.context, shop_name=g.shop.name, **spoken, wording=wanted, leaving=sample.leaving)


def _page(kind: str, form: WordingForm, *, test: TestForm | None = None) -> str:
    language = _language(kind)
    shown, current = wording.reword(kind, language, form.words), _current(kind)
    sample = make_sample(g.session, g.shop, kind)
    return render_template(
        "merchant/emails/wording.html",
        name=kind,
        kind=KINDS[kind],
        form=form,
        seen=meanwhile.mark(wordings.changes_of(kind, language)),
        test=test or TestForm(to=g.shop.email),
        errors=wording.check(kind, shown),
        rendered=_render(kind, shown if not wording.check(kind, shown) else current, sample),
        sample=sample,
        meanings=MEANINGS,
        placeholders=["shop_name", *KINDS[kind].needs],
        is_own=current != wording.default_wording(kind, language),
        is_saved=shown == current,
        history=wordings.list_history(g.session, g.shop.id, kind, language),
        language=language,
        own_in=_own_languages(kind, wordings.list_current(g.session, g.shop.id)),
        why=current.why,
    )
