"""The options of a product on sale as its vendor renames and moves them. Rows say what they were called, so that a
form from before somebody else's edit is noticed.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.errors import ValidationErrors
from app.languages import _
from app.products import option_rules
from app.typed import tidy, too_long

_MOST: Final = 255


@dataclass(frozen=True, slots=True)
class NameRow:
    """An option or one of its values as it was typed."""

    key: str
    was: str
    name: str
    place: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class OptionRow:
    head: NameRow
    values: Sequence[NameRow]

    @property
    def has_errors(self) -> bool:
        return any(row.error for row in (self.head, *self.values))


def rows_of(live: option_rules.Options, wanted: option_rules.Options) -> list[OptionRow]:
    """The rows of an edit that fits, in the order of what is on sale: a draft kept in the browser finds them again."""
    edits = option_rules.as_wanted(wanted)
    named = {edit["was"]: (place, edit) for place, edit in enumerate(edits, start=1)}
    rows = []
    for k, option in enumerate(live):
        place, edit = named[option["name"]]
        head = NameRow(f"option_{k}", option["name"], edit["name"], str(place))
        places = {was: n for n, was in enumerate(edit["were"])}
        values = [
            NameRow(f"value_{k}_{n}", was, edit["values"][places[was]], str(places[was] + 1))
            for n, was in enumerate(option["values"])
        ]
        rows.append(OptionRow(head, values))
    return rows


def read_rows(form: Mapping[str, str]) -> list[OptionRow]:
    """The rows as typed, with what is wrong in them; none when the form does not have options."""
    heads = _read(form, "option")
    return [OptionRow(head, _read(form, f"value_{k}")) for k, head in enumerate(heads)]


def join(rows: Sequence[OptionRow], live: option_rules.Options) -> list[dict[str, Any]]:
    """The options that rows without mistakes want. Raises ValidationErrors when they are not those on sale any more."""
    wanted = []
    for option in sorted(rows, key=lambda row: _place(row.head)):
        values = sorted(option.values, key=_place)
        names, were = [row.name for row in values], [row.was for row in values]
        wanted.append({"name": option.head.name, "was": option.head.was, "values": names, "were": were})
    if not option_rules.fits(live, wanted):
        words = _("The options were changed in the shop meanwhile. Open the product again and look at them.")
        raise ValidationErrors({"options": words})
    return wanted


def old_names(rows: Sequence[OptionRow]) -> dict[str, dict[str, str]]:
    """By option, what its values are called now by the names typed for them, in lower case."""
    return {row.head.was: {value.name.casefold(): value.was for value in row.values} for row in rows}


def _read(form: Mapping[str, str], kind: str) -> list[NameRow]:
    keys = list(itertools.takewhile(lambda key: f"{key}_was" in form, (f"{kind}_{n}" for n in itertools.count())))
    was, names = [form[f"{key}_was"] for key in keys], [tidy(form.get(f"{key}_name")) for key in keys]
    taken = option_rules.find_taken(was, names)
    return [
        NameRow(key, was[n], names[n], form.get(f"place_{key}", ""), _mistake(names[n], is_taken=n in taken))
        for n, key in enumerate(keys)
    ]


def _mistake(name: str, *, is_taken: bool) -> str:
    if not name:
        return _("Enter a name.")
    if len(name) > _MOST:
        return too_long(_MOST)
    return _("Another one is called that now. Choose another name.") if is_taken else ""


def _place(row: NameRow) -> float:
    """What stands at the same place, or at none, keeps its order."""
    return float(row.place) if re.fullmatch(r"\d{1,3}", row.place, re.ASCII) else float("inf")
