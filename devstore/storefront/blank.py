"""`== blank` as Shopify means it: nil and what is not defined are blank too.

python-liquid holds only empty strings, lists and hashes for blank and offers no setting for it, so its comparison is
replaced for the whole process. Nothing else in the development store renders Liquid.
"""

from typing import Any

from liquid.builtin.expressions import logical
from liquid.builtin.expressions.primitive import Blank

_library_equals = logical._eq  # noqa: SLF001


def _equals(left: Any, right: Any) -> bool:
    if isinstance(right, Blank):
        return _is_blank(left)
    if isinstance(left, Blank):
        return _is_blank(right)
    return _library_equals(left, right)


def _is_blank(value: Any) -> bool:
    value = value.__liquid__() if hasattr(value, "__liquid__") else value
    return value is None or value is False or Blank.__eq__(_BLANK, value)


_BLANK = Blank(None)  # type: ignore[arg-type]


def install() -> None:
    logical._eq = _equals  # noqa: SLF001
