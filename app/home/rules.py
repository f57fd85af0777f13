"""Small arithmetic of the home page. Pure."""


def change_of(now: int, before: int) -> str | None:
    """A number against the one before, in whole percent with its sign. None: there was nothing before.

    >>> change_of(112, 100)
    '+12 %'
    """
    if before <= 0:
        return None
    percent = (200 * (now - before) + before) // (2 * before)  # rounded half up, in integers
    sign = "+" if percent > 0 else "\N{MINUS SIGN}" if percent < 0 else "\N{PLUS-MINUS SIGN}"
    return f"{sign}{abs(percent)} %"
