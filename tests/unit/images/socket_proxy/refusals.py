"""Bodies and names of a new container that differ from an accepted one in one thing that no hub may ask for."""

import json
from collections.abc import Iterator
from typing import Any

from tests.unit.images.socket_proxy.site import CONTAINER, CREATE, IMAGE, MEMORY, STACK, VOLUME, accepted, encoded

HOME = "/home/jovyan"
_LABEL = "jupyterhub."


def _with(path: str, value: object) -> bytes:
    """The accepted body with one value put in or replaced; steps of the path are divided by slashes."""
    body = accepted()
    *steps, last = path.split("/")
    where: Any = body
    for step in steps:
        where = where.setdefault(step, {})
    where[last] = value
    return encoded(body)


def _without(path: str) -> bytes:
    body = accepted()
    *steps, last = path.split("/")
    where: Any = body
    for step in steps:
        where = where[step]
    del where[last]
    return encoded(body)


def _replaced(old: str, new: str) -> bytes:
    text = encoded(accepted()).decode()
    assert text.count(old) == 1, old
    return text.replace(old, new).encode("utf-8", "surrogatepass")


# Fields of Docker's API 1.41 to 1.51 that a user's server does not have, with a value that would change something.
_FOREIGN_HOST_FIELDS: dict[str, object] = {
    "Privileged": True,
    "CapAdd": ["SYS_ADMIN"],
    "Devices": [{"PathOnHost": "/dev/sda", "PathInContainer": "/dev/sda", "CgroupPermissions": "rwm"}],
    "DeviceRequests": [{"Driver": "nvidia", "Count": -1, "Capabilities": [["gpu"]]}],
    "DeviceCgroupRules": ["b *:* rwm"],
    "VolumeDriver": "local",
    "VolumesFrom": [f"{STACK}-hub"],
    "PidMode": "host",
    "IpcMode": "host",
    "UTSMode": "host",
    "UsernsMode": "host",
    "CgroupnsMode": "host",
    "Cgroup": f"container:{STACK}-hub",
    "MaskedPaths": [],
    "ReadonlyPaths": [],
    "Sysctls": {"net.ipv4.ip_forward": "1"},
    "Ulimits": [{"Name": "nofile", "Soft": 10**6, "Hard": 10**6}],
    "Runtime": "nvidia",
    "CgroupParent": "/",
    "OomScoreAdj": -1000,
    "OomKillDisable": True,
    "PortBindings": {"8888/tcp": [{"HostIp": "0.0.0.0", "HostPort": "22"}]},
    "PublishAllPorts": True,
    "ExtraHosts": ["hub:10.0.0.1"],
    "DnsOptions": ["ndots:0"],
    "DnsSearch": ["example.org"],
    "GroupAdd": ["docker"],
    "RestartPolicy": {"Name": "always"},
    "StorageOpt": {"size": "1T"},
    "NanoCpus": 10**10,
    "CpuShares": 2**18,
    "CpuRealtimePeriod": 10**6,
    "CpuRealtimeRuntime": 950000,
    "CpusetCpus": "0",
    "CpusetMems": "0",
    "BlkioWeight": 1000,
    "BlkioDeviceWriteBps": [{"Path": "/dev/sda", "Rate": 1}],
    "KernelMemory": 2**40,
    "KernelMemoryTCP": 2**40,
    "MemoryReservation": 2**40,
    "MemorySwappiness": 100,
    "ShmSize": 2**40,
    "Tmpfs": {"/run": "exec"},
    "ContainerIDFile": "/etc/cron.d/x",
    "ReadonlyRootfs": False,
    "ConsoleSize": [0, 0],
    "Isolation": "hyperv",
    "Annotations": {"io.katacontainers.x": "1"},
}
_FOREIGN_FIELDS: dict[str, object] = {
    "User": "0",
    "Entrypoint": ["/bin/sh"],
    "WorkingDir": "/etc",
    "Hostname": "hub",
    "Domainname": "example.org",
    "MacAddress": "02:42:ac:11:00:02",
    "NetworkingConfig": {"EndpointsConfig": {f"{STACK}-control": {}}},
    "StopSignal": "SIGSTOP",
    "StopTimeout": 10**6,
    "Shell": ["/bin/sh"],
    "OnBuild": ["RUN true"],
    "ArgsEscaped": True,
    "VolumesFrom": [f"{STACK}-hub"],
    "Memory": MEMORY,
    "Privileged": True,
    "Binds": ["/:/host"],
    "CpuShares": 2,
    "Platform": "linux/arm64",
}
_BINDS: dict[str, object] = {
    "of the host's root": [f"/:{HOME}:rw"],
    "of a host's folder": ["/etc:/home/jovyan:rw"],
    "of the docker socket": ["/var/run/docker.sock:/var/run/docker.sock:rw"],
    "of the docker socket at home": [f"/var/run/docker.sock:{HOME}:rw"],
    "of another stack's volume": [f"jupyterhub-prod-home-alice:{HOME}:rw"],
    "of the hub's volume": [f"{STACK}-hub-data:{HOME}:rw"],
    "of the proxy's own volume": [f"{STACK}-docker-api:{HOME}:rw"],
    "of the volumes' prefix alone": [f"{STACK}-home-:{HOME}:rw"],
    "of a name with a slash": [f"{STACK}-home-alice/../../..:{HOME}:rw"],
    "of a name with a line's end": [f"{VOLUME}\n:{HOME}:rw"],
    "of a name in capitals": [f"{STACK}-home-ALICE:{HOME}:rw"],
    "of a name before which something stands": [f"x{VOLUME}:{HOME}:rw"],
    "of a name that is too long": [f"{STACK}-home-{'a' * 235}:{HOME}:rw"],
    "on a folder above": [f"{VOLUME}:/home:rw"],
    "on a folder below": [f"{VOLUME}:{HOME}/..:rw"],
    "on the root": [f"{VOLUME}:/:rw"],
    "without a target": [VOLUME],
    "without a mode": [f"{VOLUME}:{HOME}"],
    "for reading alone": [f"{VOLUME}:{HOME}:ro"],
    "relabelled": [f"{VOLUME}:{HOME}:Z"],
    "relabelled too": [f"{VOLUME}:{HOME}:rw,Z"],
    "shared": [f"{VOLUME}:{HOME}:shared"],
    "shared too": [f"{VOLUME}:{HOME}:rw,rshared"],
    "not copied": [f"{VOLUME}:{HOME}:rw,nocopy"],
    "with a fourth part": [f"{VOLUME}:{HOME}:rw:x"],
    "with a line's end": [f"{VOLUME}:{HOME}:rw\n"],
    "of two volumes": [f"{VOLUME}:{HOME}:rw", f"{STACK}-home-bob:/bob:rw"],
    "twice the same": [f"{VOLUME}:{HOME}:rw"] * 2,
    "and a host's folder": [f"{VOLUME}:{HOME}:rw", "/:/host:rw"],
    "of none": [],
    "that is a text": f"{VOLUME}:{HOME}:rw",
    "that is an object": [{VOLUME: HOME}],
    "that is null": None,
}
_NETWORKS: list[str | None] = [
    "host",
    "none",
    "default",
    "bridge",
    "",
    f"container:{STACK}-hub",
    f"{STACK}-control",
    f"{STACK}-users ",
]
_NETWORKS += ["jupyterhub-prod-users", f"{STACK.upper()}-users", None]
_SECURITY = [
    [],
    ["seccomp=unconfined"],
    ["apparmor=unconfined"],
    ["apparmor:unconfined"],
    ["label=disable"],
    ["systempaths=unconfined"],
    ["no-new-privileges", "seccomp=unconfined"],
    ["no-new-privileges=false"],
    ["no-new-privileges:false"],
    ["no-new-privileges", "no-new-privileges:false"],
    ["no-new-privileges", "no-new-privileges"],
    None,
    "no-new-privileges",
]
_WHOLE_NUMBERS: list[object] = [0, -1, float(MEMORY), "1073741824", True, None, 10**400, 2**63, 2**64, [], {}, 0.5]
_SIZES: dict[str, list[object]] = {
    "Memory": [*_WHOLE_NUMBERS, MEMORY + 1],
    "MemorySwap": [*_WHOLE_NUMBERS, MEMORY + 1],
    "PidsLimit": [*_WHOLE_NUMBERS, 513],
    "CpuQuota": [*_WHOLE_NUMBERS, 150001, 999],
    "CpuPeriod": [*_WHOLE_NUMBERS, 1000, 99999, 100001, 10**6],
}
_LOGS: dict[str, object] = {
    "syslog": {"Type": "syslog", "Config": {"syslog-address": "tcp://10.0.0.1:514"}},
    "fluentd": {"Type": "fluentd", "Config": {"max-size": "10m", "max-file": "3"}},
    "none": {"Type": "none", "Config": {}},
    "without options": {"Type": "json-file", "Config": {}},
    "without a size": {"Type": "json-file", "Config": {"max-file": "3"}},
    "without a number": {"Type": "json-file", "Config": {"max-size": "10m"}},
    "with another option": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3", "tag": "{{.ID}}"}},
    "with env": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3", "env-regex": "(a+)+"}},
    "of any size": {"Type": "json-file", "Config": {"max-size": "-1", "max-file": "3"}},
    "of a large size": {"Type": "json-file", "Config": {"max-size": "10g", "max-file": "3"}},
    "of three digits": {"Type": "json-file", "Config": {"max-size": "100m", "max-file": "3"}},
    "of a size with a line's end": {"Type": "json-file", "Config": {"max-size": "10m\n", "max-file": "3"}},
    "of many files": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "1000"}},
    "with names of the program": {"Type": "json-file", "Config": {"max_size": "10m", "max_file": "3"}},
    "with a plugin": {"Type": "evil/plugin:latest", "Config": {"max-size": "10m", "max-file": "3"}},
    "that is null": None,
}
_MOUNTS: dict[str, object] = {
    "bind": [{"Type": "bind", "Source": "/", "Target": "/host"}],
    "tmpfs": [{"Type": "tmpfs", "Target": "/run"}],
    "volume": [{"Type": "volume", "Source": f"{STACK}-home-bob", "Target": "/bob"}],
    "volume that is a bind": [
        {
            "Type": "volume",
            "Target": "/host",
            "VolumeOptions": {
                "DriverConfig": {"Name": "local", "Options": {"type": "none", "o": "bind", "device": "/"}}
            },
        }
    ],
    "empty one": [{}],
    "null": [None],
    "an object": {},
}
_HEALTH: dict[str, object] = {
    "a command": {"Test": ["CMD", "sh", "-c", "true"]},
    "a shell": {"Test": ["CMD-SHELL", "true"]},
    "none and more": {"Test": ["NONE", "CMD"]},
    "the image's own": {"Test": []},
    "an interval": {"Test": ["NONE"], "Interval": 10**9},
    "a start interval": {"Test": ["NONE"], "StartInterval": 10**9},
    "null": None,
    "nothing": {},
}
_LABELS: dict[str, object] = {
    "of no stack": None,
    "of another stack": "jupyterhub-prod",
    "of a longer stack": f"{STACK}-user",
    "of the empty stack": "",
    "of a number": 1,
}
_ROLES: list[object] = ["hub", "proxy", "socket-proxy", "firewall", "", "User-Server", "user-server ", None]
_MORE_LABELS = [
    "traefik.enable",
    "traefik.http.routers.x.rule",
    "com.docker.compose.project",
    "x",
    "",
    "Jupyterhub.stack",
]
_IMAGES: list[object] = [
    "debian:trixie-slim",
    IMAGE.rpartition(":")[0],
    f"{IMAGE.rpartition(':')[0]}:latest",
    f"{IMAGE}@sha256:{'ab' * 32}",
    f"sha256:{'ab' * 32}",
    f"{IMAGE} ",
    f"{IMAGE}\n",
    f"docker.io/{IMAGE}",
    IMAGE.upper(),
    "",
    None,
    [IMAGE],
    f"quay.io/jupyter/scipy-notebook@sha256:{'ac' * 32}",
]
_VOLUMES: list[object] = [
    {},
    {"/": {}},
    {HOME: {}, "/etc": {}},
    {HOME: {"x": 1}},
    {f"{HOME}/": {}},
    [HOME],
    {HOME: None},
]
_PORTS: list[object] = [{}, {"22/tcp": {}}, {"8888/udp": {}}, {"8888/tcp": {}, "1/tcp": {}}, {"8888/tcp": {"x": 1}}]
_WORDS: list[object] = [[1], [None], [["a"]], "sh", {"a": "b"}, True]
NAMES: dict[str, str] = {
    "missing": "",
    "empty": "?name=",
    "the prefix alone": f"?name={STACK}-user-",
    "somebody else's": "?name=mine",
    "the hub": f"?name={STACK}-hub",
    "another stack's": "?name=jupyterhub-prod-user-alice",
    "with a slash": f"?name={CONTAINER}/x",
    "with an escaped slash": f"?name={CONTAINER}%2Fx",
    "after a slash": f"?name=/{CONTAINER}",
    "with a folder above": f"?name={STACK}-user-../../x",
    "of a folder above": "?name=..",
    "with a blank": f"?name={CONTAINER}+x",
    "with a NUL": f"?name={CONTAINER}%00",
    "with a line's end": f"?name={CONTAINER}%0A",
    "in capitals": f"?name={STACK}-user-ALICE",
    "not in ASCII": f"?name={STACK}-user-%C3%BC",
    "no UTF-8": f"?name={STACK}-user-%FF",
    "with an escape escaped": f"?name={STACK}-user-a%252Fb",
    "with an odd escape": f"?name={STACK}-user-%zz",
    "too long": f"?name={STACK}-user-{'a' * 235}",
    "twice": f"?name={CONTAINER}&name={CONTAINER}",
    "twice and different": f"?name={CONTAINER}&name=mine",
    "in another case": f"?Name={CONTAINER}",
    "after another case": f"?name={CONTAINER}&NAME=mine",
    "with a platform": f"?name={CONTAINER}&platform=linux/arm64",
    "with something": f"?name={CONTAINER}&x=1",
    "after a semicolon": f"?x=1;name={CONTAINER}",
    "before a semicolon": f"?name={CONTAINER};x=1",
    "before an ampersand": f"?name={CONTAINER}&",
    "with a second question mark": f"??name={CONTAINER}",
    "with an escaped key": f"?name={CONTAINER}&nam%65=mine",
}


def _bodies() -> Iterator[tuple[str, bytes]]:
    for field, value in _FOREIGN_HOST_FIELDS.items():
        yield f"HostConfig.{field}", _with(f"HostConfig/{field}", value)
        # Go's encoding/json takes names in any case.
        yield f"HostConfig.{field.lower()}", _with(f"HostConfig/{field.lower()}", value)
    for field, value in _FOREIGN_FIELDS.items():
        yield field, _with(field, value)
    for field in ["HostConfig", "Healthcheck", "Labels", "Image", "Cmd", "Env", "Volumes", "ExposedPorts"]:
        yield f"without {field}", _without(field)
        yield f"{field} is null", _with(field, None)
        yield f"{field} is a number", _with(field, 1)
    for field in accepted()["HostConfig"]:
        yield f"HostConfig.{field} is an object of something", _with(f"HostConfig/{field}", {"a": 1})
        if field not in {"Dns", "Links", "Mounts"}:
            yield f"without HostConfig.{field}", _without(f"HostConfig/{field}")
    yield from _of_the_host()
    yield from _of_the_image()
    yield from _of_labels()


def _of_the_host() -> Iterator[tuple[str, bytes]]:
    for what, value in _BINDS.items():
        yield f"bind {what}", _with("HostConfig/Binds", value)
    for what, value in _MOUNTS.items():
        yield f"mount {what}", _with("HostConfig/Mounts", value)
    for network in _NETWORKS:
        yield f"network {network!r}", _with("HostConfig/NetworkMode", network)
    for options in _SECURITY:
        yield f"SecurityOpt {options}", _with("HostConfig/SecurityOpt", options)
    for dropped in ([], ["NET_RAW"], ["ALL", "ALL"], ["all"], None, "ALL"):
        yield f"CapDrop {dropped}", _with("HostConfig/CapDrop", dropped)
    for field, sizes in _SIZES.items():
        for size in sizes:
            yield f"{field} {str(size)[:20]} {type(size).__name__}", _with(f"HostConfig/{field}", size)
    for what, value in _LOGS.items():
        yield f"log {what}", _with("HostConfig/LogConfig", value)
    for dns in (["10.0.0.1"], None, "10.0.0.53"):
        yield f"Dns {dns}", _with("HostConfig/Dns", dns)
    yield "Links", _with("HostConfig/Links", [f"{STACK}-hub:hub"])
    for field in ("AutoRemove", "Init"):
        for choice in (False, None, 2, "true"):
            yield f"{field} {choice!r}", _with(f"HostConfig/{field}", choice)


def _of_the_image() -> Iterator[tuple[str, bytes]]:
    for field in ("Tty", "OpenStdin", "StdinOnce", "AttachStdin", "NetworkDisabled"):
        for choice in (True, 2, "false", None):
            yield f"{field} {choice!r}", _with(field, choice)
    for what, value in _HEALTH.items():
        yield f"health check: {what}", _with("Healthcheck", value)
    for image in _IMAGES:
        yield f"image {image!r}", _with("Image", image)
    for volumes in _VOLUMES:
        yield f"volumes {volumes}", _with("Volumes", volumes)
    for ports in _PORTS:
        yield f"ports {ports}", _with("ExposedPorts", ports)
    for words in _WORDS:
        yield f"Cmd {words}", _with("Cmd", words)
        yield f"Env {words}", _with("Env", words)


def _of_labels() -> Iterator[tuple[str, bytes]]:
    for what, value in _LABELS.items():
        yield f"label {what}", _with(f"Labels/{_LABEL}stack", value)
    for role in _ROLES:
        yield f"role {role!r}", _with(f"Labels/{_LABEL}role", role)
    for label in ("stack", "role"):
        yield f"without the label {label}", _without(f"Labels/{_LABEL}{label}")
    for label in _MORE_LABELS:
        yield f"label {label!r}", _with(f"Labels/{label}", "true")
    yield "labels as a list", _with("Labels", [f"{_LABEL}stack={STACK}"])
    yield "label with half a character", _replaced('"jupyterhub.user": "alice"', '"jupyterhub.user": "\\udc80"')


def _texts() -> Iterator[tuple[str, bytes]]:
    """Bodies that several readers of JSON would read differently."""
    good = encoded(accepted())
    host = '"HostConfig": {'
    yield "HostConfig twice", _replaced(host, '"HostConfig": {"Privileged": true}, "HostConfig": {')
    yield "HostConfig twice, the second time privileged", good[:-1] + b', "HostConfig": {"Privileged": true}}'
    yield (
        "the same HostConfig twice",
        _replaced(host, f'"HostConfig": {json.dumps(accepted()["HostConfig"])}, "HostConfig": {{'),
    )
    yield "hostconfig beside HostConfig", _replaced(host, '"hostconfig": {"Privileged": true}, "HostConfig": {')
    yield "HOSTCONFIG after HostConfig", good[:-1] + b', "HOSTCONFIG": {"Privileged": true}}'
    yield "HostConfig in other letters", _replaced('"HostConfig"', '"hostConfig"')
    # The sign of the Kelvin and the long s, which Go takes for k and s.
    yield (
        "NetworkMode with the sign of the Kelvin",
        _replaced('"NetworkMode"', '"Networ\u212aMode": "host", "NetworkMode"'),
    )
    yield "HostConfig with a long s", _replaced(host, '"Ho\u017ftConfig": {"Privileged": true}, "HostConfig": {')
    yield "HostConfig of escapes beside it", good[:-1] + b', "\\u0048ostConfig": {}}'
    yield "a limit twice", _replaced('"Memory":', '"Memory": 1, "Memory":')
    yield "a label twice", _replaced('"jupyterhub.role":', '"jupyterhub.role": "user-server", "jupyterhub.role":')
    yield "a log's option twice", _replaced('"max-size":', '"max-size": "1m", "max-size":')
    yield "a log's type twice", _replaced('"Type":', '"Type": "json-file", "Type":')
    yield "a port twice", _replaced('"8888/tcp": {}', '"8888/tcp": {}, "8888/tcp": {}')
    yield "a volume twice", _replaced('"/home/jovyan": {}', '"/home/jovyan": {}, "/home/jovyan": {}')
    yield "a test twice", _replaced('"Test": ["NONE"]', '"Test": ["NONE"], "Test": ["NONE"]')
    yield "the image twice", _replaced('"Image":', '"Image": "x", "Image":')


def _numbers_and_letters() -> Iterator[tuple[str, bytes]]:
    good = encoded(accepted())
    yield "NaN", _replaced('"Memory": 1073741824', '"Memory": NaN')
    yield "Infinity", _replaced('"Memory": 1073741824', '"Memory": Infinity')
    yield "minus Infinity", _replaced('"Memory": 1073741824', '"Memory": -Infinity')
    yield "NaN where it does not matter", _replaced('"Tty": false', '"Tty": NaN')
    yield "a number of 5000 digits", _replaced('"Memory": 1073741824', f'"Memory": 1{"0" * 5000}')
    yield "an exponent", _replaced('"Memory": 1073741824', '"Memory": 1e9')
    yield "minus zero", _replaced('"Memory": 1073741824', '"Memory": -0')
    yield "half a character in the environment", _replaced('"EMPTY="', '"EMPTY=\\ud800"')
    yield "half a character in the command", _with("Cmd", ["\ud800"])
    yield "half a character in a name", _replaced('"Tty"', '"\\ud800": 1, "Tty"')
    yield "half a character as UTF-8", good.replace(b'"EMPTY="', b'"EMPTY=\xed\xa0\x80"')
    yield "NUL after the body", good + b"\0"
    yield "NUL in a text", good.replace(b'"EMPTY="', b'"EMPTY=\0"')
    yield "NUL in a name", _replaced('"Tty"', '"Tty\\u0000"')
    yield "a line's end in a text", good.replace(b'"EMPTY="', b'"EMPTY=\n"')
    yield "byte order mark", b"\xef\xbb\xbf" + good
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7"):
        yield encoding, good.decode().encode(encoding) if encoding != "utf-7" else good.replace(b"{", b"+AHs-")
    yield "latin-1", encoded(accepted()).replace(b"f\\u00fcr", b"f\xfcr")
    yield "UTF-8 in too many bytes", good.replace(b"{", b"\xc1\xbb", 1)
    yield "another object after it", good + b"{}"
    yield "another body after it", good + good
    yield "text after it", good + b" x"
    yield "a comma at its end", good[:-1] + b",}"
    yield "a comment", good[:-1] + b"/**/}"
    yield "cut short", good[:-1]
    yield "100000 lists in each other", b"[" * 100_000
    yield "100000 objects in each other", b'{"a":' * 100_000
    yield "deep lists that end", _replaced('"Tty": false', f'"Tty": {"[" * 50_000}{"]" * 50_000}')
    yield "deep lists for links", _replaced('"Links": []', f'"Links": {"[" * 900}{"]" * 900}')
    yield "2 MiB", good + b" " * 2**21
    yield "2 MiB of environment", _with("Env", ["A=" + "a" * 2**21])
    yield "empty", b""
    for text in (b"[]", b"{}", b"null", b"1", b'""', b"true", b" ", b"[" + good + b"]"):
        yield f"instead of it {text[:4].decode()!r}", text
    yield "a form", b"Image=" + IMAGE.encode()
    yield "the body in a text", json.dumps(good.decode()).encode()


BODIES: dict[str, bytes] = dict([*_bodies(), *_texts(), *_numbers_and_letters()])
CREATES: dict[str, tuple[str, bytes]] = {
    **{f"body: {what}": (CREATE, body) for what, body in BODIES.items()},
    **{f"name: {what}": (f"/v1.41/containers/create{q}", encoded(accepted())) for what, q in NAMES.items()},
}
