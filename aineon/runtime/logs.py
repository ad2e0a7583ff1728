"""Logging: structured lines on standard error, with secrets masked."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from aineon.runtime.redaction import Redactor, secrets_of
from aineon.runtime.settings import Settings


def set_up_logging(settings: Settings, stream: TextIO | None = None) -> Redactor:
    """Send all logs, structlog's and the standard library's, through one redacting chain.

    Returns the redactor, for texts that leave by another way than the log.
    """
    redactor = Redactor(secrets_of(settings))
    output = stream or sys.stderr
    before: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _redaction(redactor),
            _renderer(settings, output),
        ],
    )
    handler = logging.StreamHandler(output)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    level = logging.getLevelNamesMapping()[settings.log_level]
    # Other people's libraries narrate; what they say matters when it is a warning, or when
    # somebody is looking for a fault.
    root.setLevel(level if level <= logging.DEBUG else max(level, logging.WARNING))
    logging.getLogger("aineon").setLevel(level)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    return redactor


def _redaction(redactor: Redactor) -> structlog.typing.Processor:
    def redact(
        logger: Any, method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        return {str(key): redactor.value(value) for key, value in event.items()}

    return redact


def _renderer(settings: Settings, output: TextIO) -> structlog.typing.Processor:
    if settings.log_format == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(
        colors=output.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
