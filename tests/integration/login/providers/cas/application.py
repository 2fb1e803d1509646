"""The server as gunicorn runs it, and beside it the address at which tests say who can log in."""

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

import django  # type: ignore[import-not-found]
from django.core.management import call_command  # type: ignore[import-not-found]
from django.core.wsgi import get_wsgi_application  # type: ignore[import-not-found]
from people import PEOPLE  # type: ignore[import-not-found]

django.setup()
call_command("migrate", verbosity=0)

# Only once Django is set up.
from cas_server.models import ReplaceAttributName, ServicePattern  # type: ignore[import-not-found]  # noqa: E402

# They are there already when the container starts again.
_hub, _made = ServicePattern.objects.get_or_create(pos=1, name="hub", pattern=os.environ["CAS_SERVICE_PATTERN"])
if _made:
    _hub.attributs.add(ReplaceAttributName.objects.create(name="*", service_pattern=_hub))
_cas = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer a request."""
    if (environ["REQUEST_METHOD"], environ["PATH_INFO"]) == ("PUT", "/people"):
        PEOPLE.clear()
        PEOPLE.update(json.loads(environ["wsgi.input"].read()))
        start_response("204 No Content", [])
        return []
    answer: Iterable[bytes] = _cas(environ, start_response)
    return answer
