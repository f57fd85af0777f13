"""Structured logs on stderr: JSON lines for machines, colours for a terminal; request and job ids in each."""

import logging
import os
import sys
from typing import Final

import structlog

from app.errors import ConfigError

_LEVELS: Final = {name: getattr(logging, name) for name in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")}


def configure() -> None:
    """Called once when a process starts. LOG_LEVEL says how much (INFO); raises ConfigError for no level."""
    level = _LEVELS.get((os.environ.get("LOG_LEVEL") or "INFO").upper())
    if level is None:
        raise ConfigError(f"LOG_LEVEL is one of {', '.join(_LEVELS)}.")
    logging.basicConfig(
        level=max(level, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s %(message)s"
    )
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # As text: a traceback with its variables would write tokens into the log.
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
