"""The merchant sees every vendor's codes and how often they were scanned."""

from zoneinfo import ZoneInfo

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import clock
from app.auth.merchant import protect
from app.codes import queries, service

bp = Blueprint("codes", __name__, url_prefix="/app/codes")
protect(bp)


@bp.get("")
def list_codes() -> ResponseReturnValue:
    search, now = request.args.get("q", "").strip()[:100], clock.now()
    today = now.astimezone(ZoneInfo(g.shop.timezone)).date()
    rows = queries.list_codes(
        g.session, g.shop.id, today, vendor_id=request.args.get("vendor", None, int), search=search
    )
    return render_template(
        "merchant/codes/list.html",
        rows=rows,
        search=search,
        way=lambda code: service.find_way(g.session, code, now),
    )
