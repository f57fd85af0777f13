"""How often vendors are paid, in words and in choices. Pure."""

from typing import Final

SCHEDULE_WORDS: Final = {
    "manual": "When you say so",
    "weekly": "Every week",
    "fortnightly": "Every two weeks",
    "monthly": "Every month",
}
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LAST_DAY: Final = 28
"""Of a month: later ones do not come every month."""


def say_schedule(schedule: str, day: int) -> str:
    """Such as "every week, on Monday". `day`: weekday from 1, Monday, or day of the month."""
    words = SCHEDULE_WORDS[schedule][0].lower() + SCHEDULE_WORDS[schedule][1:]
    if schedule == "manual":
        return words
    return f"{words}, on day {day}" if schedule == "monthly" else f"{words}, on {WEEKDAYS[day - 1]}"
