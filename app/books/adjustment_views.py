"""The merchant's adjustments by hand: the list, a new one, and taking one back."""

import uuid
from typing import Any

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from wtforms import Form, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired, Length, ValidationError

from app import web
from app.auth import merchant
from app.auth.staff import who
from app.errors import Conflict, ValidationErrors
from app.keyset import Page, Place
from app.ledger import adjustments
from app.ledger.queries import list_balances, sum_available
from app.models.vendors import Vendor, VendorStatus
from app.money import Money, read_amount

bp = Blueprint("adjustments", __name__, url_prefix="/app/books/adjustments")
merchant.protect(bp)


class AdjustmentForm(Form):
    """Who, which way, how much, why. Bind with the shop's currencies, today's first; `money()` after `validate()`."""

    form_key = HiddenField(default=lambda: uuid.uuid4().hex)
    vendor = SelectField("Vendor", coerce=int)
    direction = SelectField(
        "What to do",
        choices=[
            SelectChoice("credit", "Credit: the vendor gets more"),
            SelectChoice("debit", "Debit: the vendor gets less"),
        ],
    )
    currency = SelectField("Currency")
    amount = StringField("Amount", [InputRequired("Enter an amount, such as 12.50.")])
    reason = TextAreaField(
        "Reason",
        [InputRequired("Say why. The vendor reads it."), Length(max=adjustments.LONGEST_REASON)],
        description="The vendor reads it.",
    )

    def __init__(
        self, formdata: Any = None, *, currencies: list[str], vendors: list[tuple[int, str]], chosen: int | None = None
    ) -> None:
        super().__init__(formdata, vendor=chosen)
        self.currency.choices = [SelectChoice(one, one) for one in currencies]
        if self.currency.data is None:
            self.currency.data = currencies[0]
        self.vendor.choices = [SelectChoice(number, name) for number, name in vendors]

    def validate_amount(self, field: StringField) -> None:
        try:
            amount = read_amount(field.data or "", self.currency.data)
        except ValueError as error:
            raise ValidationError(str(error)) from None
        if amount.minor <= 0:
            raise ValidationError("Enter more than zero, and choose above who gets it.")

    def money(self) -> Money:
        amount = read_amount(self.amount.data or "0", self.currency.data)
        return amount if self.direction.data == "credit" else -amount


@bp.get("")
def list_adjustments() -> ResponseReturnValue:
    return _page(_form(None, chosen=request.args.get("vendor", type=int)))


@bp.get("/export.csv")
def export_adjustments() -> ResponseReturnValue:
    """What the list shows, up to 5,000 adjustments."""
    heading = ["vendor", "amount", "currency", "reason", "made_at", "by", "taken_back_at", "why"]
    return web.download_sheet("adjustments.csv", heading, map(_cells, web.every_row(_find)))


def _cells(row: adjustments.AdjustmentRow) -> list[object]:
    one = row.adjustment
    made = [row.vendor.name, one.amount.decimal, one.currency, one.reason, one.made_at, who(one.made_by)]
    return [*made, one.reversed_at, one.reversal_reason]


@bp.post("")
def adjust() -> ResponseReturnValue:
    form = _form(request.form)
    if not form.validate():
        return _page(form), 422
    try:
        made = adjustments.adjust(
            g.session,
            g.shop,
            form.vendor.data,
            form.money(),
            form.reason.data or "",
            form_key=form.form_key.data or "",
            actor=merchant.actor(),
        )
    except Conflict as error:
        return web.refuse(_page(_form(None)), error)
    what = "Credited" if made.amount_minor > 0 else "Debited"
    return web.toast(_page(_form(None)), f"{what}. The vendor sees it with your reason.")


@bp.post("/<int:adjustment_id>/take-back")
def take_back(adjustment_id: int) -> ResponseReturnValue:
    reason = request.form.get("reason", "")
    try:
        adjustments.take_back(g.session, g.shop, adjustment_id, reason, actor=merchant.actor())
    except ValidationErrors as error:
        return _page(_form(None), errors={adjustment_id: error.errors["reason"]}), 422
    except Conflict as error:
        return web.refuse(_page(_form(None)), error)
    return web.toast(_page(_form(None)), "Taken back by an opposite booking")


def _page(form: AdjustmentForm, *, errors: dict[int, str] | None = None) -> str:
    wanted = _read_wanted()
    chosen = wanted.vendor_id
    balances = list_balances(g.session, g.shop.id, g.shop.currency, [chosen]) if chosen else {}
    return render_template(
        "merchant/books/adjustments.html",
        form=form,
        page=_find(web.read_place()),
        wanted=wanted,
        chosen=g.session.get(Vendor, chosen) if chosen else None,
        balance=balances.get(chosen) if chosen else None,
        errors=errors or {},
    )


def _find(place: Place) -> Page[adjustments.AdjustmentRow]:
    return adjustments.list_adjustments(g.session, g.shop.id, _read_wanted(), place)


def _read_wanted() -> adjustments.Wanted:
    args = request.args
    search, state = web.read_search(), args.get("state", "")
    return adjustments.Wanted(vendor_id=args.get("vendor", type=int), search=search, state=state)


def _form(formdata: Any, chosen: int | None = None) -> AdjustmentForm:
    known = select(Vendor.id, Vendor.name).where(
        Vendor.shop_id == g.shop.id, Vendor.status.not_in((VendorStatus.PENDING, VendorStatus.REJECTED))
    )
    vendors = [(number, name) for number, name in g.session.execute(known.order_by(Vendor.name, Vendor.id))]
    earlier = sorted(sum_available(g.session, g.shop.id).keys() - {g.shop.currency})
    return AdjustmentForm(formdata, currencies=[g.shop.currency, *earlier], vendors=vendors, chosen=chosen)
