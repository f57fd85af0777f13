"""What time it is. Everything asks here, so that a demo or a test may move the clock."""

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

_OFFSET_FILE = "clock-offset"


def now() -> datetime:
    """The current moment, aware, in UTC."""
    return datetime.now(UTC) + _offset()


def today(timezone: str) -> date:
    """The day that it is there now."""
    return now().astimezone(ZoneInfo(timezone)).date()


def can_be_moved() -> bool:
    """Only a demo's can."""
    return bool(os.environ.get("STALLKEEPER_CLOCK_DIR"))


def move(seconds: int) -> None:
    """Set a demo's clock to so many seconds ahead of the machine's, for every process. The caller asked first."""
    path = Path(os.environ["STALLKEEPER_CLOCK_DIR"], _OFFSET_FILE)
    new = path.with_name(f"{_OFFSET_FILE}.{os.getpid()}")
    new.write_text(str(seconds))
    new.replace(path)


def _offset() -> timedelta:
    """Only a demo sets STALLKEEPER_CLOCK_DIR: production never reads the file, so its clock cannot be moved."""
    folder = os.environ.get("STALLKEEPER_CLOCK_DIR")
    if not folder:
        return timedelta()
    try:
        return timedelta(seconds=int(Path(folder, _OFFSET_FILE).read_text()))
    except (FileNotFoundError, ValueError):
        return timedelta()
