"""Structured logs: one event a line with its fields, as text for people or JSON for programs."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""The fields every record has; what else one carries was given as `extra`."""


class Lines(logging.Formatter):
    """One line an event."""

    def __init__(self, *, as_json: bool) -> None:
        """Write JSON objects, or text."""
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """Return the event's line; a traceback follows it, inside the object for JSON."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        extra = {name: value for name, value in vars(record).items() if name not in PLAIN}
        trace = self.formatException(record.exc_info) if record.exc_info else ""
        if self._as_json:
            event = {"at": at, "level": record.levelname, "event": record.getMessage()} | extra
            return json.dumps(event | ({"trace": trace} if trace else {}), default=str)
        fields = "".join(f" {name}={value}" for name, value in extra.items())
        line = f"{at} {record.levelname:7} {record.getMessage()}{fields}"
        return f"{line}\n{trace}" if trace else line


def start_logging(*, as_json: bool) -> None:
    """Send every log line of this process to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines(as_json=as_json))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every look
