"""What an engine may be asked for, written a second time: what judges the proxy uses nothing of it."""

import json
import re
from typing import Any
from urllib.parse import parse_qsl

from tests.unit.images.socket_proxy.wire import Asked

_NAME = r"jupyterhub-test-user-[a-z0-9._-]+"
_VOLUME = r"jupyterhub-test-home-[a-z0-9._-]+"
_IMAGES = [
    "jhub.invalid/jupyterhub/notebook:0123456789abcdef",
    "quay.io/jupyter/scipy-notebook@sha256:" + "ab" * 32,
]
_LABELS = {"jupyterhub.stack", "jupyterhub.role", "jupyterhub.user", "jupyterhub.image", "jupyterhub.settings"}
_LOOKS = [
    r"/_ping",
    r"/version",
    r"/images/jhub\.invalid/jupyterhub/notebook:0123456789abcdef/json",
    r"/images/quay\.io/jupyter/scipy-notebook%40sha256:(ab){32}/json",
    rf"/containers/({_NAME}|[0-9a-f]{{64}})/json",
    rf"/volumes/{_VOLUME}",
]


def objection(asked: Asked, own: set[str]) -> str | None:
    """Why an engine may not be asked for this, where `own` are identifiers of the stack's user servers."""
    if len(asked.path) > 600 or not asked.line.isascii():
        return "an odd path"
    if asked.method == "GET":
        plain = not asked.query and not asked.body
        return None if plain and any(re.fullmatch(look, asked.path) for look in _LOOKS) else "an odd look"
    if asked.method == "POST" and asked.path == "/containers/create":
        return _of_container(asked)
    if asked.method == "POST" and asked.path == "/volumes/create":
        return _of_volume(asked)
    return _of_act(asked, own)


def _of_act(asked: Asked, own: set[str]) -> str | None:
    action = re.fullmatch(r"(POST|DELETE) /containers/([0-9a-f]{64})(/start|/stop)?", f"{asked.method} {asked.path}")
    if action is None or (action[1] == "DELETE") != (action[3] is None):
        return "no known act"
    if action[2] not in own:
        return "an act on somebody else's container"
    if asked.body:
        return "an act with a body"
    queries = {"/start": "", "/stop": r"(t=([0-9]|[1-9][0-9]|1[01][0-9]|120))?", None: r"v=[01]&force=[01]"}
    return None if re.fullmatch(queries[action[3]], asked.query) else "an act with an odd query"


def _strict(body: bytes) -> Any:  # noqa: ANN401 - whatever it is
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        assert len({name.casefold() for name in names}) == len(names), names
        return dict(pairs)

    return json.loads(body.decode("utf-8", "strict"), object_pairs_hook=once)


def _of_volume(asked: Asked) -> str | None:
    volume = _strict(asked.body)
    if asked.query or not volume.keys() <= {"Name", "Driver", "DriverOpts", "Labels"}:
        return "an odd volume"
    if not re.fullmatch(_VOLUME, volume["Name"]) or len(volume["Name"]) > 255:
        return "a volume of another name"
    if volume["Driver"] != "local" or volume.get("DriverOpts") not in (None, {}):
        return "a volume with options"
    labels = volume["Labels"]
    if labels["jupyterhub.stack"] != "jupyterhub-test" or not labels.keys() <= {"jupyterhub.stack", "jupyterhub.user"}:
        return "a volume with odd labels"
    return None


def _of_container(asked: Asked) -> str | None:
    names = dict(parse_qsl(asked.query, strict_parsing=True))
    if names.keys() != {"name"} or not re.fullmatch(_NAME, names["name"]) or len(names["name"]) > 255:
        return "a container of another name"
    try:
        assert_harmless(_strict(asked.body))
    except (AssertionError, KeyError, TypeError, AttributeError) as error:
        return f"a container that is not harmless: {error!r}"
    return None


def assert_harmless(container: dict[str, Any]) -> None:
    """Check every field of a new container.

    Raises:
        AssertionError: one that may not be.
    """
    rest = dict(container)
    assert rest.pop("Image") in _IMAGES
    assert all(isinstance(word, str) for word in rest.pop("Cmd") + rest.pop("Env"))
    labels = rest.pop("Labels")
    assert labels.keys() <= _LABELS
    assert (labels["jupyterhub.stack"], labels["jupyterhub.role"]) == ("jupyterhub-test", "user-server")
    assert rest.pop("Healthcheck") == {"Test": ["NONE"]}
    assert rest.pop("Volumes") == {"/home/jovyan": {}}
    assert rest.pop("ExposedPorts") in ({"8888/tcp": {}}, {"8888/tcp": None})
    for field in ("Tty", "OpenStdin", "StdinOnce", "AttachStdin", "NetworkDisabled"):
        assert rest.pop(field) is False
    for field in ("AttachStdout", "AttachStderr"):
        assert type(rest.pop(field)) is bool
    _assert_harmless_host(rest.pop("HostConfig"))
    assert rest == {}


def _assert_harmless_host(host: dict[str, Any]) -> None:
    rest = dict(host)
    for field, least, most in [
        ("Memory", 1, 2**30),
        ("MemorySwap", 1, 2**30),
        ("PidsLimit", 1, 512),
        ("CpuPeriod", 100_000, 100_000),
        ("CpuQuota", 1000, 150_000),
    ]:
        value = rest.pop(field)
        assert type(value) is int, field
        assert least <= value <= most, field
    assert rest.pop("NetworkMode") == "jupyterhub-test-users"
    (bind,) = rest.pop("Binds")
    assert re.fullmatch(_VOLUME + ":/home/jovyan:rw", bind)
    assert len(bind) <= 255 + len(":/home/jovyan:rw")
    log = rest.pop("LogConfig")
    assert log.keys() == {"Type", "Config"}
    assert log["Type"] == "json-file"
    assert log["Config"].keys() == {"max-size", "max-file"}
    assert re.fullmatch("[1-9][0-9]?[km]", log["Config"]["max-size"])
    assert re.fullmatch("[1-9]", log["Config"]["max-file"])
    expected = {"CapDrop": ["ALL"], "SecurityOpt": ["no-new-privileges"], "AutoRemove": True, "Init": True}
    assert rest == {**expected, "Dns": [], "Links": [], "Mounts": []}
    assert rest["AutoRemove"] is rest["Init"] is True
