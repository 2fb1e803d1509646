"""A web server for every name: a folder's files, by http and https, on the usual ports."""

import functools
import http.server
import ssl
import sys
import threading


def serve(port: int, folder: str, certificate: str = "") -> None:
    """Answer on a port."""
    handler = functools.partial(Handler, directory=folder)
    server = http.server.ThreadingHTTPServer(("", port), handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing about it."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    serve(80, sys.argv[1])
    serve(443, sys.argv[1], sys.argv[2])
    serve(7443, sys.argv[1], sys.argv[2])
    print("ready", flush=True)  # noqa: T201 - for whoever started it
    threading.Event().wait()
