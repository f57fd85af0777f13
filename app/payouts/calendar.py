"""On which days a shop pays. Pure: dates in the shop's own time zone."""

from datetime import date, timedelta


def next_day(schedule: str, day: int, begun: date, after: date) -> date | None:
    """The first payout day on or after `after`; None when payouts are prepared by hand.

    `day`: weekday from 1, Monday, or day of the month. Fortnights are counted from the week of `begun`.
    """
    if schedule == "manual":
        return None
    one = max(begun, after)
    while not _is_day(schedule, day, begun, one):
        one += timedelta(days=1)
    return one


def last_day(schedule: str, day: int, begun: date, today: date) -> date | None:
    """The newest payout day up to `today`; None when there was none since `begun`."""
    one = today
    while schedule != "manual" and one >= begun:
        if _is_day(schedule, day, begun, one):
            return one
        one -= timedelta(days=1)
    return None


def _is_day(schedule: str, day: int, begun: date, one: date) -> bool:
    if schedule == "monthly":
        return one.day == day
    if one.isoweekday() != day:
        return False
    monday, first = (each - timedelta(days=each.weekday()) for each in (one, begun))
    return schedule == "weekly" or (monday - first).days % 14 == 0
