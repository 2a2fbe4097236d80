"""Structured logs: one JSON object a line on stderr. Learner ids and answers never enter them."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

import orjson
import structlog

SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(level: int = logging.INFO) -> None:
    """Send our own logs to stderr as JSON lines."""
    structlog.configure(
        processors=[*SHARED, structlog.processors.JSONRenderer(serializer=_serialised)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
    )


def adopt() -> None:
    """Send what the standard library's loggers say the same way; for a process that is all ours."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*SHARED, structlog.processors.format_exc_info],
            processor=structlog.processors.JSONRenderer(serializer=_serialised),
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def crashed(error: Exception) -> None:
    """Log an unexpected error: its type and place. Its text may quote a learner, so it stays out."""
    frames = traceback.extract_tb(error.__traceback__)
    where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    structlog.get_logger().error("crashed", error=type(error).__name__, where=where)
    if isinstance(error.__cause__, Exception):
        crashed(error.__cause__)


def _serialised(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=repr).decode()
