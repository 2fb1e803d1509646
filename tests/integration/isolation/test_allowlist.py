"""A site whose user servers reach listed domains alone, through the egress proxy."""

import base64
import hashlib
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.deployment import Deployment
from tests.integration.isolation import world as places
from tests.integration.isolation.conftest import read, switch
from tests.integration.isolation.world import World
from tests.integration.person import Kernel, Person
from tests.unit.program.deployments import own_certificate

PROXY = ("10.214.0.30", 3128)
_HELPERS = """
import socket, ssl, subprocess, urllib.request
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
def get(url):
    with urllib.request.urlopen(url, timeout=10, context=context if url.startswith("https") else None) as answer:
        return answer.read().decode()
def tunnel(target):
    connection = socket.create_connection(("10.214.0.30", 3128), 10)
    connection.sendall(f"CONNECT {target} HTTP/1.1\\r\\nHost: {target}\\r\\n\\r\\n".encode())
    answer = connection.recv(4096).decode()
    return connection, answer.split()[1]
def tls(target, name):
    connection, status = tunnel(target)
    assert status == "200", status
    with context.wrap_socket(connection, server_hostname=name) as wrapped:
        wrapped.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
        return wrapped.recv(15).decode()
def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, (done.stdout + done.stderr)[-500:]
"""


@pytest.fixture(scope="module")
def web(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A web site of the world, with a package for pip and a repository for git."""
    folder = tmp_path_factory.mktemp("web")
    (folder / "index.html").write_text("the world")
    index = folder / "simple/greeting"
    index.mkdir(parents=True)
    wheel = make_wheel(index)
    (index / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    make_repository(folder / "greeting.git")
    pair = own_certificate(tmp_path_factory.mktemp("pair"), "listed.example.org")
    both = folder.with_name("both.pem")
    both.write_text(Path(pair["certificate_file"]).read_text() + Path(pair["private_key_file"]).read_text())
    server = world.serve("web.py", str(folder), str(both))
    yield
    server.kill()
    server.communicate()


def make_wheel(folder: Path) -> Path:
    files = {
        "greeting.py": "text = 'from the world'\n",
        "greeting-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n",
        "greeting-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip('=')},\n"
        for name, text in files.items()
    )
    wheel = folder / "greeting-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in {**files, "greeting-1.0.dist-info/RECORD": record}.items():
            archive.writestr(name, text)
    return wheel


def make_repository(bare: Path) -> None:
    work = bare.with_suffix(".work")
    git = ["git", "-c", "user.name=it", "-c", "user.email=it@example.org"]
    for command in (
        [*git, "init", "-q", str(work)],
        [*git, "-C", str(work), "commit", "-q", "--allow-empty", "-m", "one"],
        [*git, "clone", "-q", "--bare", str(work), str(bare)],
        [*git, "-C", str(bare), "update-server-info"],
    ):
        subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(scope="module")
def kernel(isolated: Deployment, web: None, started: Callable[[str], Person]) -> Iterator[Kernel]:  # noqa: ARG001
    switch(isolated, "allowlist")
    with started("alice").kernel() as kernel:
        kernel.run(_HELPERS)
        kernel.run(read("probe.py").partition("if __name__")[0])
        yield kernel


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("host", "listed"),
    [
        ("listed.example.org", True),
        ("below.example.org", True),
        ("deep.below.example.org", True),
        ("sub.listed.example.org", False),
        ("other.example.org", False),
        ("notbelow.example.org", False),
        ("listed.example.org.evil.test", False),
        (places.PUBLIC, False),
        ("inside.below.example.org", False),
    ],
)
def test_a_listed_domain_is_reached_and_no_other(kernel: Kernel, scheme: str, host: str, listed: bool) -> None:
    ask = f"get('{scheme}://{host}/index.html')"
    if listed:
        assert kernel.run(ask) == "'the world'"
    else:
        with pytest.raises(RuntimeError, match="403"):
            kernel.run(ask)


def test_whoever_is_refused_is_told_what_to_do(kernel: Kernel) -> None:
    kernel.run("import urllib.error")
    told = kernel.run(_WHAT_IS_TOLD)
    assert "other.example.org is not on the list" in told
    assert "network.allowed_domains" in told


_WHAT_IS_TOLD = """
try:
    get("http://other.example.org/")
except urllib.error.HTTPError as refused:
    print(refused.read().decode())
"""


@pytest.mark.parametrize("name", ["other.example.org", "listed.example.org.evil.test"])
def test_a_tunnel_to_a_listed_server_is_not_for_another_name(kernel: Kernel, name: str) -> None:
    assert "HTTP/1.0 200 OK" in kernel.run("tls('listed.example.org:443', 'listed.example.org')")
    with pytest.raises(RuntimeError, match=r"SSL|Connection|EOF"):
        kernel.run(f"tls('listed.example.org:443', '{name}')")


@pytest.mark.parametrize("target", ["listed.example.org:7443", "listed.example.org:80", f"{places.PUBLIC}:443"])
def test_a_tunnel_leads_to_a_listed_name_on_the_port_of_https_alone(kernel: Kernel, target: str) -> None:
    assert kernel.run("tunnel('listed.example.org:443')[1]") == "'200'"
    assert kernel.run(f"tunnel('{target}')[1]") == "'403'"


def test_a_tunnel_is_for_tls_alone(kernel: Kernel) -> None:
    kernel.run("connection, status = tunnel('listed.example.org:443')")
    kernel.run("connection.settimeout(10); connection.sendall(b'GET / HTTP/1.0\\r\\n\\r\\n' * 20)")
    assert "the world" not in kernel.run("print(connection.recv(4096))")


def test_nothing_gets_out_without_the_proxy(kernel: Kernel) -> None:
    proxy, port = PROXY
    asked = {
        "proxy": ["tcp", proxy, port],
        "world": ["tcp", places.PUBLIC, 443],
        "names": ["udp", places.RESOLVER, 53],
        "another port of the proxy": ["tcp", proxy, 3130],
    }
    answers = eval(kernel.run(f"reach_all({asked!r})"))
    assert [name for name, answer in answers.items() if answer == "open"] == ["proxy"]
    with pytest.raises(RuntimeError, match="gaierror"):
        kernel.run("socket.gethostbyname('listed.example.org')")


def test_pip_installs_from_a_listed_domain_and_no_other(kernel: Kernel) -> None:
    install = (
        "run('python', '-m', 'pip', 'install', '--user', '--no-cache-dir', '--retries=0', "
        "'--index-url', 'https://{0}/simple/', '--trusted-host', '{0}', 'greeting')"
    )
    assert eval(kernel.run(install.format("other.example.org")))[0] != 0
    assert eval(kernel.run(install.format("listed.example.org")))[0] == 0


def test_git_clones_from_a_listed_domain_and_no_other(kernel: Kernel) -> None:
    clone = "run('git', '-c', 'http.sslVerify=false', 'clone', 'https://{0}/greeting.git', '/tmp/{0}')"
    assert eval(kernel.run(clone.format("other.example.org")))[0] != 0
    assert eval(kernel.run(clone.format("listed.example.org")))[0] == 0


def test_the_log_tells_the_operator_what_was_asked_for_and_no_more(isolated: Deployment, kernel: Kernel) -> None:
    with pytest.raises(RuntimeError, match="403"):
        kernel.run("get('http://wanted.example.org/path?token=hunter2')")
    kernel.run("get('http://listed.example.org/index.html?token=hunter3')")
    log = isolated.container("egress-proxy").logs().decode()
    assert "was refused GET wanted.example.org:80" in log
    assert "hunter" not in log
    assert "health.invalid" not in log


def test_the_proxy_is_nobody_special(isolated: Deployment, kernel: Kernel) -> None:
    assert kernel.run("1") == "1"
    container = isolated.container("egress-proxy")
    assert {uid for _, uid in container.top(ps_args="-eo pid,uid")["Processes"]} == {"10003"}
    host = container.attrs["HostConfig"]
    assert (host["CapDrop"], host["CapAdd"], host["ReadonlyRootfs"]) == (["ALL"], None, True)
    assert isolated.preview("--refresh") == []
