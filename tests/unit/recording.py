"""A Pulumi program run without an engine: what it registers, with which inputs and options, and what it exports."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
from pulumi.runtime import config as pulumi_config
from pulumi.runtime import mocks, rpc
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import SETTINGS, get_root_resource, reset_options
from pulumi.runtime.stack import run_pulumi_func

CHECKOUT = Path(__file__).resolve().parents[2]

CONTAINER = "docker:index/container:Container"
IMAGE = "docker:index/remoteImage:RemoteImage"
NETWORK = "docker:index/network:Network"
VOLUME = "docker:index/volume:Volume"
PROVIDER = "pulumi:providers:docker"
PRIVATE_KEY = "tls:index/privateKey:PrivateKey"
CA_CERTIFICATE = "tls:index/selfSignedCert:SelfSignedCert"
CERTIFICATE_REQUEST = "tls:index/certRequest:CertRequest"
SIGNED_CERTIFICATE = "tls:index/locallySignedCert:LocallySignedCert"

JUPYTERHUB = "6.1.1"
# What stands for a value that a preview cannot know.
UNKNOWN = rpc.UNKNOWN

State = Mapping[str, object]

# What the providers compute, by type: an unexpected type of resource is an error.
_COMPUTED: dict[str, Callable[[str], State]] = {
    CONTAINER: lambda _: {"exitCode": 0, "containerLogs": f"{JUPYTERHUB}\n"},
    IMAGE: lambda name: {"imageId": f"sha256:of-{name}"},
    NETWORK: lambda _: {},
    VOLUME: lambda _: {},
    PROVIDER: lambda _: {},
    PRIVATE_KEY: lambda name: {"privateKeyPem": f"the private key of {name}"},
    CA_CERTIFICATE: lambda name: {"certPem": f"the certificate of {name}\n"},
    CERTIFICATE_REQUEST: lambda name: {"certRequestPem": f"the request of {name}"},
    SIGNED_CERTIFICATE: lambda name: {"certPem": f"the certificate of {name}\n"},
}


@dataclass(frozen=True)
class Value:
    """What an output turned out to be."""

    plain: Any
    secret: bool
    known: bool


@dataclass(frozen=True)
class Registration:
    """One resource as the engine would see it."""

    type: str
    name: str
    urn: str
    parent: str
    provider: str
    inputs: dict[str, Any]
    """As they would stand in the state: a secret is a mapping with a mark of its own, see `secret`."""
    protect: bool
    dependencies: frozenset[str]
    """Names of the resources that it depends on, by an option or by an input."""
    ignore_changes: list[str]
    replace_on_changes: list[str]
    delete_before_replace: bool | None
    retain_on_delete: bool
    aliases: list[str]
    import_id: str

    @property
    def is_component(self) -> bool:
        return self.type.startswith("jupyterhub:index:")

    def secret(self, key: str) -> object:
        """The value of an input, which is a secret."""
        assert is_secret(self.inputs[key]), f"{self.name}.{key} stands in plain text"
        value: object = self.inputs[key]["value"]
        return value

    @property
    def labels(self) -> dict[str, str]:
        return {label["label"]: label["value"] for label in self.inputs["labels"]}


@dataclass
class Recording:
    """Everything a program registered, in the order in which it did."""

    registrations: list[Registration] = field(default_factory=list)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What each component registered as its outputs, by its name; secrets marked as in inputs."""
    exports: dict[str, Value] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Registration:
        """The resource of a provider with this name; a component may share it."""
        (found,) = [each for each in self.registrations if each.name == name and not each.is_component]
        return found

    def __iter__(self) -> Iterator[Registration]:
        return iter(self.registrations)

    def of(self, *types: str) -> list[Registration]:
        return [each for each in self if each.type in types]

    @property
    def names(self) -> set[tuple[str, str]]:
        return {(each.type, each.name) for each in self}

    @property
    def services(self) -> list[Registration]:
        """The containers that stay up."""
        return [each for each in self.of(CONTAINER) if each.inputs["mustRun"]]

    @property
    def one_shots(self) -> list[Registration]:
        """The containers that run once."""
        return [each for each in self.of(CONTAINER) if not each.inputs["mustRun"]]


def is_secret(value: object) -> bool:
    return isinstance(value, dict) and value.get(rpc._special_sig_key) == rpc._special_secret_sig


def plain_texts(value: object) -> Iterator[str]:
    """Every text in a value that is not below a secret mark."""
    if is_secret(value):
        return
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from plain_texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from plain_texts(item)
    elif isinstance(value, str):
        yield value


class _Monitor(mocks.MockMonitor):
    def __init__(self, recording: Recording, states: Mapping[str, State], *, preview: bool) -> None:
        super().__init__(_Providers(states, preview=preview))
        self._recording = recording

    def RegisterResource(  # noqa: N802 - the engine's name for it
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        response: resource_pb2.RegisterResourceResponse = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        if request.type == "pulumi:pulumi:Stack":
            return response
        assert response.urn not in {each.urn for each in self._recording}, f"{response.urn} is there twice"
        self._recording.registrations.append(
            Registration(
                type=request.type,
                name=request.name,
                urn=response.urn,
                parent=_name(request.parent),
                provider=_name(request.provider.rpartition("::")[0]),
                inputs=MessageToDict(request.object),
                protect=request.protect,
                dependencies=frozenset(map(_name, request.dependencies)),
                ignore_changes=list(request.ignoreChanges),
                replace_on_changes=list(request.replaceOnChanges),
                delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
                retain_on_delete=request.retainOnDelete,
                aliases=[*request.aliasURNs, *map(str, request.aliases)],
                import_id=request.importId,
            )
        )
        # As the engine does: a computed value that the SDK names as secret comes back as one.
        for key in request.additionalSecretOutputs:
            value = dict(response.object).get(key)
            if isinstance(value, str):
                response.object[key] = {rpc._special_sig_key: rpc._special_secret_sig, "value": value}
        return response

    def RegisterResourceOutputs(  # noqa: N802 - the engine's name for it
        self, request: resource_pb2.RegisterResourceOutputsRequest
    ) -> object:
        self._recording.outputs[_name(request.urn)] = MessageToDict(request.outputs)
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]


class _Providers(mocks.Mocks):
    def __init__(self, states: Mapping[str, State], *, preview: bool) -> None:
        self._states = states
        self._preview = preview

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        raise AssertionError(f"nothing is asked of a provider: {args.token}")

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if not args.custom:
            return "", {}
        computed = {} if self._preview else _COMPUTED[args.typ](args.name)
        identifier = "" if self._preview else f"id-of-{args.name}"
        return identifier, {**args.inputs, **computed, **self._states.get(args.name, {})}


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def record(  # noqa: PLR0913 - what a run may differ in
    program: Callable[[], Mapping[str, Any] | None],
    *,
    stack: str = "test",
    config: Mapping[str, str] | None = None,
    secret_config: Mapping[str, str] | None = None,
    states: Mapping[str, State] | None = None,
    preview: bool = False,
    into: Recording | None = None,
) -> Recording:
    """Run a program to its end. What it returns counts as exported, `states` are computed values by resource name.

    The recording is in `into` as well, for a program that is expected to fail.
    """
    recording = into if into is not None else Recording()
    loop = asyncio.new_event_loop()
    # The monitor answers in a thread, which gets an event loop of its own. One that nobody closed would be reported
    # whenever it is collected, in the middle of some other test.
    thread = ThreadPoolExecutor(1, initializer=lambda: asyncio.set_event_loop(asyncio.new_event_loop()))
    loop.set_default_executor(thread)
    # A failure reaches the caller; asyncio would print it once more for each resource that waited.
    loop.set_exception_handler(lambda *_: None)
    asyncio.set_event_loop(loop)
    reset_options()
    monitor = _Monitor(recording, states or {}, preview=preview)
    mocks.set_mocks(mocks=monitor.mocks, project="jupyterhub", stack=stack, preview=preview, monitor=monitor)
    names = {f"jupyterhub:{key}": value for key, value in {**(config or {}), **(secret_config or {})}.items()}
    pulumi_config.set_all_config(names, [f"jupyterhub:{key}" for key in secret_config or {}])
    exported: dict[str, Any] = {}

    def run() -> None:
        exported.update(program() or {})

    try:
        # Not under `pulumi.runtime.test`, which drops the call that registers the stack, for the same reason.
        loop.run_until_complete(run_pulumi_func(run))
        root = get_root_resource()
        exported.update(getattr(root, "outputs", {}))
        for name, output in exported.items():
            recording.exports[name] = loop.run_until_complete(_value(pulumi.Output.from_input(output)))
    finally:
        _end(loop)
        thread.submit(lambda: asyncio.get_event_loop().close()).result()
        thread.shutdown()
        pulumi_config.set_all_config({}, [])
        reset_options()
        loop.close()
        asyncio.set_event_loop(None)
    return recording


def _end(loop: asyncio.AbstractEventLoop) -> None:
    """Await what waited for something that failed."""
    waiting = asyncio.all_tasks(loop)
    for task in waiting:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))
    SETTINGS.outputs.clear()


async def _value(output: pulumi.Output[Any]) -> Value:
    return Value(
        plain=await output.future(),
        secret=await output.is_secret(),
        known=await output.is_known(),
    )
