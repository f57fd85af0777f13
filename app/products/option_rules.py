"""An edit of the options that a product comes in: other names, another order. What is added or goes is an edit of its
variants, which speaks the names on sale.

On sale: [{"name": "Size", "values": ["S", "L"]}]. Wanted, in the order that is wanted: [{"name": "Fit", "was": "Size",
"values": ["Large", "Small"], "were": ["L", "S"]}]. Nothing may take a name that another one has, so that names alone
tell whether an edit is done.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Options: TypeAlias = Sequence[Mapping[str, Any]]


def on_sale(options: Options, variants: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """Options with just the values that variants have."""
    used = [set(values) for values in zip(*variants, strict=False)]
    return [
        {"name": option["name"], "values": [value for value in option["values"] if value in now]}
        for option, now in zip(options, used, strict=False)
    ]


def as_wanted(options: Options) -> list[dict[str, Any]]:
    """An edit that keeps everything as it is; one that is an edit already is itself."""
    return [
        {
            "name": option["name"],
            "was": option.get("was", option["name"]),
            "values": list(option["values"]),
            "were": list(option.get("were", option["values"])),
        }
        for option in options
    ]


def fits(live: Options, wanted: Options) -> bool:
    """Whether what an edit renames and moves is what is on sale, in whatever order."""
    held = {option["name"]: sorted(option["values"]) for option in live}
    return held == {option["was"]: sorted(option["were"]) for option in as_wanted(wanted)}


def is_possible(live: Options, wanted: Options) -> bool:
    """Whether an edit fits, or is done already."""
    done = [(option["name"], option["values"]) for option in wanted]
    return fits(live, wanted) or [(option["name"], option["values"]) for option in live] == done


def rename(values: Sequence[str], live: Options, wanted: Options) -> list[str]:
    """A variant's values under the names of an edit, still in the order of `live`."""
    new = {option["was"]: dict(zip(option["were"], option["values"], strict=True)) for option in as_wanted(wanted)}
    return [new[option["name"]].get(value, value) for option, value in zip(live, values, strict=True)]


def translate(values: Sequence[str], live: Options, wanted: Options) -> list[str]:
    """A variant's values, which are in the order of `live`, as an edit that fits has them."""
    held = dict(zip((option["name"] for option in live), rename(values, live, wanted), strict=True))
    return [held[option["was"]] for option in as_wanted(wanted)]


def used(options: Options, variants: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """Options with just the values that `variants` need: those they have in their order, then new ones."""
    needed = [list(dict.fromkeys(values[n] for values in variants)) for n in range(len(options))]
    return [
        {
            "name": option["name"],
            "values": [v for v in option["values"] if v in now] + [v for v in now if v not in option["values"]],
        }
        for option, now in zip(options, needed, strict=True)
    ]


def rank(values: Sequence[str], options: Options) -> list[int]:
    """A variant's place among others: by its first option's values in their order, then by the next one's."""
    return [
        option["values"].index(value) if value in option["values"] else len(option["values"])
        for option, value in zip(options, values, strict=True)
    ]


def find_taken(was: Sequence[str], names: Sequence[str]) -> list[int]:
    """Which of the new `names` another one has, or had before this edit; both lists go together."""
    old, new = [name.casefold() for name in was], [name.casefold() for name in names]
    others = [{*old[:n], *old[n + 1 :], *new[:n], *new[n + 1 :]} for n in range(len(new))]
    return [n for n, name in enumerate(new) if names[n] != was[n] and name in others[n]]
