"""A page, or a part of one, as it is shown to somebody who may not send all of its forms. Pure: text in, text out.

Pages leave out what means nothing to a reader. A form that they still show is to be read: nobody types for nothing.
"""

import re
from collections.abc import Callable
from typing import Final

_ATTRIBUTES: Final = r'[^>"]*(?:"[^"]*"[^>"]*)*'
_FORM: Final = re.compile(rf"<form\b({_ATTRIBUTES})>(.*?)</form>", re.DOTALL)
_BUTTON: Final = re.compile(rf"<s-button\b({_ATTRIBUTES})>.*?</s-button>", re.DOTALL)
_FIELD: Final = re.compile(r"<s-(?:[a-z]+-field|text-area|select|checkbox|switch|choice-list)\b")
_SENT_TO: Final = re.compile(r'\bhx-post="([^"?]*)')
_SENDS_NOTHING: Final = re.compile(r"\b(?:href|hx-get)=|\bdisabled$")


def close_forms(page: str, may_send: Callable[[str], bool]) -> str:
    """The page with neither fields to type into nor buttons to press where `may_send` refuses the address."""

    def is_refused(attributes: str) -> bool:
        address = _SENT_TO.search(attributes)
        return address is not None and not may_send(address[1])

    def close(form: re.Match[str]) -> str:
        if not is_refused(form[1]):
            return form[0]
        inside = _BUTTON.sub(lambda button: button[0] if _SENDS_NOTHING.search(button[1]) else "", form[2])
        fields = _FIELD.sub(r"\g<0> disabled", inside)
        return f"<form data-closed{form[1]}>{fields}</form>"

    return _BUTTON.sub(lambda button: "" if is_refused(button[1]) else button[0], _FORM.sub(close, page))
