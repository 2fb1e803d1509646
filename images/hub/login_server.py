"""Failures of a server that the hub asks about people, and what the person at the browser reads then."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from logging import Logger

from tornado.httpclient import HTTPClientError
from tornado.web import HTTPError

_SERVER_ERROR = 500
_FORBIDDEN = 403
_UNAVAILABLE = 503


class LoginServerError(Exception):
    """The server answers, but not as it should; the text says what to change."""


def is_unreachable(error: BaseException) -> bool:
    """Whether the server is not there, or not well."""
    if isinstance(error, HTTPClientError):
        return error.code >= _SERVER_ERROR
    return isinstance(error, (OSError, asyncio.TimeoutError))


@contextmanager
def failures_as_pages(log: Logger) -> Iterator[None]:
    """Turn what goes wrong with the server into a page with a sentence; the log has the reason.

    Raises:
        tornado.web.HTTPError: 503 where the server is away or set up wrongly, 403 where it refuses the log-in.
    """
    try:
        yield
    except LoginServerError as error:
        log.warning("The log-in server is not set up as it should be: %s", error)
        raise HTTPError(
            _UNAVAILABLE, "The log-in service is not set up rightly; the operator's log says how."
        ) from None
    except Exception as error:
        if is_unreachable(error):
            log.warning("The log-in server does not answer: %s", error)
            raise HTTPError(
                _UNAVAILABLE, "The log-in service does not answer. Try again in a while; running servers go on."
            ) from None
        if isinstance(error, HTTPClientError):
            log.warning("The log-in server refuses a log-in: %s", error)
            raise HTTPError(
                _FORBIDDEN, "The log-in service refused this log-in. Begin anew at the log-in page."
            ) from None
        raise
