"""A person at a browser: logs in, starts a server, runs cells. Nothing here knows how the site is deployed."""

import json
import ssl
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self
from urllib.parse import quote

import httpx
from websockets.sync.client import ClientConnection, connect


class RefusedError(Exception):
    """The hub said no."""


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 60, pause: float = 0.2) -> None:
    """Wait for something to become true, looking again after each pause.

    Raises:
        TimeoutError: it did not, in that many seconds.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(pause)


class Person:
    """One person with a cookie jar of their own."""

    def __init__(self, name: str, url: str, ca_certificate_pem: str) -> None:
        self.name = name
        self.path = quote(name, safe="@~")  # as the hub writes it
        self.url = url.rstrip("/")
        self.tls = ssl.create_default_context(cadata=ca_certificate_pem)
        self.http = self._client()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def _client(self) -> httpx.Client:
        # trust_env: an interpreter-wide CA setting would replace the one that is tested.
        return httpx.Client(base_url=self.url, verify=self.tls, follow_redirects=True, timeout=60, trust_env=False)

    def reconnect(self) -> None:
        """Go on by new connections, as a browser does by itself when the old ones were reset."""
        client = self._client()
        client.cookies = self.http.cookies
        self.http.close()
        self.http = client

    def log_in(self, password: str) -> Self:
        """Fill in the log-in form.

        Raises:
            RefusedError: the hub does not let this person in.
        """
        self.http.get("/hub/login").raise_for_status()
        form = {"username": self.name, "password": password, "_xsrf": self.xsrf("/hub/")}
        answer = self.http.post("/hub/login", data=form, follow_redirects=False)
        if answer.status_code != httpx.codes.FOUND:
            raise RefusedError(f"{answer.status_code} for {self.name}")
        return self

    def is_logged_in(self) -> bool:
        """Whether the hub still knows this person."""
        return self.http.get("/hub/home", follow_redirects=False).status_code == httpx.codes.OK

    def hub_api(self, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401
        """Call the hub's API as the hub's own pages do."""
        if not self.xsrf("/hub/"):
            self.http.get("/hub/home")
        headers = {"X-XSRFToken": self.xsrf("/hub/"), "Referer": f"{self.url}/hub/home"}
        return self.http.request(method, f"/hub/api{path}", headers=headers, **options)

    def start_server(self, seconds: float = 120) -> Self:
        """Start the server and wait until JupyterLab answers."""
        answer = self.hub_api("POST", f"/users/{self.path}/server")
        # The way back from a log-in server ends at the page that starts the server, which may be up by now.
        if answer.status_code != httpx.codes.BAD_REQUEST or not self.server():
            answer.raise_for_status()
        wait_until(self.server_is_ready, f"the start of {self.name}'s server", seconds)
        self.http.get(f"/user/{self.path}/lab").raise_for_status()
        return self

    def stop_server(self) -> None:
        """Stop the server and wait until it is gone."""
        self.hub_api("DELETE", f"/users/{self.path}/server").raise_for_status()
        wait_until(lambda: not self.server(), f"the stop of {self.name}'s server")

    def server(self) -> dict[str, Any]:
        """What the hub says of the server; nothing where there is none."""
        answer = self.hub_api("GET", f"/users/{self.path}")
        answer.raise_for_status()
        server: dict[str, Any] = answer.json()["servers"].get("", {})
        return server

    def server_is_ready(self) -> bool:
        """Whether the server answers; not while the hub that would know is away."""
        answer = self.hub_api("GET", f"/users/{self.path}")
        return answer.is_success and bool(answer.json()["servers"].get("", {}).get("ready"))

    def server_api(self, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401
        """Call the API of this person's own server."""
        headers = {"X-XSRFToken": self.xsrf(f"/user/{self.path}/")}
        return self.http.request(method, f"/user/{self.path}/api{path}", headers=headers, **options)

    def write_file(self, path: str, content: str) -> None:
        """Save a file as JupyterLab does."""
        model = {"type": "file", "format": "text", "content": content}
        self.server_api("PUT", f"/contents/{path}", json=model).raise_for_status()

    def read_file(self, path: str) -> str:
        """Open a file as JupyterLab does."""
        answer = self.server_api("GET", f"/contents/{path}")
        answer.raise_for_status()
        content: str = answer.json()["content"]
        return content

    @contextmanager
    def kernel(self, name: str = "python3", *, keep: bool = False) -> Iterator["Kernel"]:
        """A new kernel with one open websocket; ended afterwards, unless it is to be kept."""
        answer = self.server_api("POST", "/kernels", json={"name": name})
        answer.raise_for_status()
        kernel_id = answer.json()["id"]
        path = f"/user/{self.path}/api/kernels/{kernel_id}/channels"
        with connect(
            self.url.replace("https://", "wss://") + path,
            ssl=self.tls,
            additional_headers={"Cookie": self._cookies(path)},
            # The server answers once the kernel is up, which takes a while on a busy machine.
            open_timeout=60,
            max_size=None,
        ) as socket:
            yield Kernel(socket, kernel_id)
        if not keep:
            self.server_api("DELETE", f"/kernels/{kernel_id}")

    def xsrf(self, path: str) -> str:
        """Token that forms and API calls for pages below a path must carry."""
        return next(
            (cookie.value or "" for cookie in self.http.cookies.jar if (cookie.name, cookie.path) == ("_xsrf", path)),
            "",
        )

    def _cookies(self, path: str) -> str:
        return "; ".join(
            f"{cookie.name}={cookie.value}" for cookie in self.http.cookies.jar if path.startswith(cookie.path)
        )


class Kernel:
    """A running kernel behind one websocket, which is never opened again."""

    def __init__(self, socket: ClientConnection, kernel_id: str) -> None:
        self.socket = socket
        self.kernel_id = kernel_id

    def run(self, code: str, seconds: float = 60) -> str:
        """Run a cell; what it prints and evaluates to, as text.

        Raises:
            RuntimeError: the cell raised.
        """
        request = self.send(code)
        return self.result(request, seconds)

    def send(self, code: str) -> str:
        """Ask for a cell to be run without waiting; the identifier to ask for its result by."""
        request = uuid.uuid4().hex
        header = {
            "msg_id": request,
            "msg_type": "execute_request",
            "username": "",
            "session": request,
            "version": "5.3",
        }
        content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False, "stop_on_error": False}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        self.socket.send(json.dumps(message))
        return request

    def wait_until_busy(self) -> None:
        """Wait until the kernel says that it computes."""
        while json.loads(self.socket.recv(timeout=30))["content"].get("execution_state") != "busy":
            pass

    def result(self, request: str, seconds: float = 60) -> str:
        """What a cell printed and evaluated to, as text, once it has ended."""
        text = ""
        deadline = time.monotonic() + seconds
        while True:
            message = json.loads(self.socket.recv(timeout=deadline - time.monotonic()))
            if message["parent_header"].get("msg_id") != request:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                text += content["text"]
            elif kind == "execute_result":
                text += content["data"]["text/plain"]
            elif kind == "error":
                raise RuntimeError(f"{content['ename']}: {content['evalue']}")
            elif kind == "status" and content["execution_state"] == "idle":
                return text.strip()
