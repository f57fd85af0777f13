"""An edit of variants that waits while the shop's staff give options and variants other names in Shopify. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from app.products.option_rules import Options

Names: TypeAlias = Mapping[tuple[str, ...], Sequence[str] | None]
"""The values of each variant that was on sale → its values now, None where it is gone."""


def follow(
    change: Sequence[Any], names: Names, before: Options, after: Options, came: Sequence[Sequence[str]] = ()
) -> list[Any]:
    """[what was on sale, what is wanted] under the names of now; what is gone by now is not kept any more.

    `came` are the values of variants that staff added meanwhile: the edit asks nothing of them, so they stay. A new
    variant goes along where all that had a value of it have another one now; one that staff's took the name of is no
    new one. What does not come in the options of now stays as it is: it fits no more.
    """
    order = _order(before, after, names)
    meant: dict[tuple[int, str], set[str]] = {}
    for was, now in names.items():
        for place, (old, new) in enumerate(zip(order, now or (), strict=False)):
            meant.setdefault((place, was[old]), set()).add(new)

    def rename(values: Sequence[str]) -> list[str]:
        if known := names.get(tuple(values)):
            return list(known)
        if len(values) != len(order):
            return list(values)
        found = [(values[old], meant.get((place, values[old]), set())) for place, old in enumerate(order)]
        return [min(new) if len(new) == 1 else value for value, new in found]

    before_it = [{**each, "values": rename(each["values"])} for each in change[0]]
    left = [each for each in change[1] if names.get(tuple(each["values"]), ()) is not None]
    wanted = [{**each, "values": rename(each["values"])} for each in left]
    kept = [each["values"] for each in wanted if "price" not in each]
    wanted = [each for each in wanted if "price" not in each or each["values"] not in kept]
    return [_with(before_it, came), _with(wanted, came)]


def _with(variants: list[dict[str, Any]], came: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    there = [each["values"] for each in variants]
    return variants + [{"values": list(values)} for values in came if list(values) not in there]


def _order(before: Options, after: Options, variants: Names) -> list[int]:
    """For each option of now the place that it had; none when there are more or fewer by now."""
    names = [option["name"] for option in before]
    if len(after) != len(names):
        return []
    kept_values = [list(now) == list(was) for was, now in variants.items() if now]
    if kept_values and all(kept_values):
        # No value moved, so no option did, though two of them have changed names.
        return list(range(len(names)))
    kept = {option["name"] for option in after}
    renamed = iter([at for at, name in enumerate(names) if name not in kept])
    return [names.index(option["name"]) if option["name"] in names else next(renamed) for option in after]
