"""The requests of Docker's API that the hub may make: their exact shape, and no field more.

Docker itself reads field names in any case and takes the last of two (Go's encoding/json), so that a filter can be
made to see another request than the engine does. Here each request is read strictly into one of these models, and
only what the model holds is written anew and sent.
"""

import json
from typing import Annotated, Any, Literal, TypeVar

from annotated_types import Len
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_pascal

Empty = Annotated[list[Any], Len(0, 0)]


class MalformedError(Exception):
    """A body that is none of these requests; the text says why and never holds a value of it."""


class _Message(BaseModel):
    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", alias_generator=to_pascal, hide_input_in_errors=True
    )


Message = TypeVar("Message", bound=_Message)


class Healthcheck(_Message):
    """No health check: JupyterHub asks the server itself."""

    test: Annotated[list[Literal["NONE"]], Len(1, 1)]
    interval: None = None
    timeout: None = None
    retries: None = None
    start_period: None = None


class LogOptions(BaseModel):
    """Limits of the engine's log file of a container."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)

    max_size: Annotated[str, Field(alias="max-size", pattern=r"^[1-9][0-9]?[km]$")]
    max_file: Annotated[str, Field(alias="max-file", pattern=r"^[1-9]$")]


class LogConfig(_Message):
    """A log in a file of limited size: any other driver makes the engine connect to where its options say."""

    type: Literal["json-file"]
    config: LogOptions


class HostConfig(_Message):
    """The container's place on the server."""

    memory: int
    memory_swap: int
    cpu_period: int
    cpu_quota: int
    pids_limit: int
    network_mode: str
    binds: Annotated[list[str], Len(1, 1)]
    cap_drop: Annotated[list[Literal["ALL"]], Len(1, 1)]
    security_opt: Annotated[list[Literal["no-new-privileges"]], Len(1, 1)]
    log_config: LogConfig
    auto_remove: Literal[True]
    init: Literal[True]
    dns: list[str] = []
    # docker-py sends these whether or not there are any.
    links: Empty = []
    mounts: Empty = []


class ContainerCreate(_Message):
    """Body of `POST /containers/create`. Who runs in it, and its entry point, are the image's to say."""

    image: str
    cmd: list[str]
    env: list[str]
    labels: dict[str, str]
    host_config: HostConfig
    healthcheck: Healthcheck
    volumes: dict[str, Annotated[dict[str, Any], Len(0, 0)]]
    exposed_ports: dict[str, Annotated[dict[str, Any], Len(0, 0)] | None]
    tty: Literal[False] = False
    open_stdin: Literal[False] = False
    stdin_once: Literal[False] = False
    attach_stdin: Literal[False] = False
    attach_stdout: bool = True
    attach_stderr: bool = True
    network_disabled: Literal[False] = False


class VolumeCreate(_Message):
    """Body of `POST /volumes/create`. A driver's options could make any folder of the server a volume."""

    name: str
    driver: Literal["local"]
    driver_opts: Annotated[dict[str, str], Len(0, 0)] | None = None
    labels: dict[str, str]


def read(message: type[Message], body: bytes) -> Message:
    """The request in a body.

    Raises:
        MalformedError: the body is no JSON, holds a name twice, or anything that the request does not have.
    """
    try:
        value = json.loads(body.decode(), object_pairs_hook=_without_repeats, parse_constant=_no_constant)
        return message.model_validate(value)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False, include_context=False)
        raise MalformedError("; ".join(f"{_path(detail['loc'])}: {detail['msg']}" for detail in details)) from None
    except RecursionError:
        raise MalformedError("the body is nested too deeply") from None
    except ValueError as error:
        raise MalformedError(f"the body is no JSON that is taken here: {_reason(error)}") from None


def write(message: _Message) -> bytes:
    """The body that is sent on: what the request holds, and nothing else of what came in.

    Raises:
        MalformedError: a text that is no Unicode.
    """
    try:
        return message.model_dump_json(by_alias=True, exclude_none=True).encode()
    except ValueError:
        raise MalformedError("a text of the body is no Unicode") from None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _reason(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return error.msg
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(str(step) for step in location) or "the body"
