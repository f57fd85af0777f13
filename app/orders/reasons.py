"""Why an amount is what it is, in the reader's language: why a line's rule won, and how shipping is shared.

A line keeps the reason in English, as it was when the order was first seen, and beside it what the rule asked for.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from babel.lists import format_list

from app.commissions.rules import Rule
from app.formats import write_date, write_money, write_percent
from app.languages import _, find_words, noted, spoken
from app.models.orders import OrderLine
from app.money import Money

_NAMED = {
    "product": noted("product %(names)s"),
    "category": noted("category %(names)s"),
    "collection": noted("collection %(names)s"),
    "tag": noted("tag %(names)s"),
}

_WAYS = {
    "value": noted("By the value of the goods: %(percent)s of %(amount)s."),
    "weight": noted("By the weight of the goods: %(percent)s of %(amount)s."),
    "equal": noted("In equal parts: %(percent)s of %(amount)s."),
    "own": noted("Not shared: all of %(amount)s."),
}


def asked_for(rule: Rule, product_gid: str | None) -> dict[str, Any]:
    """What a rule's conditions ask, by the names that people gave, for a line of this product to keep.

    The vendor reads it: no other vendor is named, nor any of their products.
    """
    if rule.is_default:
        return {}
    wanted = rule.conditions
    gids = {
        "product": wanted.product_gids & {product_gid},
        "category": wanted.category_gids,
        "collection": wanted.collection_gids,
    }
    named = {kind: sorted(rule.labels.get(gid, gid.rpartition("/")[2]) for gid in some) for kind, some in gids.items()}
    price = [wanted.price_from, wanted.price_to, wanted.price_currency] if wanted.has_price_band else []
    asked = {
        "vendor": bool(wanted.vendor_ids or wanted.group_ids),
        **named,
        "tag": sorted(wanted.tags),
        "price": price,
        "from": wanted.ordered_from.isoformat() if wanted.ordered_from else "",
        "to": wanted.ordered_to.isoformat() if wanted.ordered_to else "",
    }
    return {name: value for name, value in asked.items() if value}


def say_reason(line: OrderLine) -> str:
    """A sentence that the vendor may read, too."""
    if line.rule is None:
        # Lines without a rule keep why: there was none, or the goods are the store's own.
        return line.reason if spoken() == "en" else _("No rule fits this line, so no commission is taken.")
    name = line.rule["name"]
    if line.rule.get("is_default"):
        return _("No other rule fits, so the default “%(name)s” applies.", name=name)
    if asked := line.rule.get("asked"):
        conditions = format_list(_phrases(asked), "standard", spoken())
        return _(
            "“%(name)s” is the first rule in the list that fits: %(conditions)s.", name=name, conditions=conditions
        )
    return line.reason if spoken() == "en" else _("“%(name)s” is the first rule in the list that fits.", name=name)


def say_way(reckoned: Mapping[str, Any], whole: str) -> str:
    """How a vendor's part of a shipping line is reckoned. `whole`: all of the shipping, as the reader writes it."""
    return find_words(_WAYS[reckoned["way"]]) % {"percent": write_percent(reckoned["bps"]), "amount": whole}


def _phrases(asked: Mapping[str, Any]) -> list[str]:
    phrases = [_("this vendor")] if asked.get("vendor") else []
    for kind, words in _NAMED.items():
        if names := asked.get(kind):
            phrases.append(find_words(words) % {"names": format_list(names, "or", spoken())})
    if price := asked.get("price"):
        phrases.append(_price(*price))
    if begin := asked.get("from"):
        phrases.append(_("ordered from %(day)s on", day=write_date(datetime.fromisoformat(begin))))
    if end := asked.get("to"):
        phrases.append(_("ordered before %(day)s", day=write_date(datetime.fromisoformat(end))))
    return phrases


def _price(low: int | None, high: int | None, currency: str) -> str:
    if high is None:
        return _("unit price from %(low)s", low=write_money(Money(low or 0, currency)))
    below = write_money(Money(high, currency))
    if not low:
        return _("unit price below %(high)s", high=below)
    return _("unit price from %(low)s to below %(high)s", low=write_money(Money(low, currency)), high=below)
