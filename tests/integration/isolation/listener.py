"""Answer on a port, so that a probe that gets no answer was stopped on its way: TCP, UDP, and names on port 53.

Standard library alone: it runs in network namespaces, in containers and, as text, in a user's notebook.
"""

import socket
import sys
import threading

ADDRESS_OF_EVERY_NAME = "198.51.100.80"
ADDRESS_OF_INNER_NAMES = "10.99.7.5"  # those that begin with `inside.`
IP_PKTINFO = 8  # Linux; the name came into Python with 3.14


def serve_tcp(port: int) -> None:
    """Greet whoever connects, with the address that was connected to."""
    server = socket.create_server(("", port), backlog=64)
    while True:
        connection, _ = server.accept()
        connection.sendall(connection.getsockname()[0].encode())
        connection.close()


def serve_udp(port: int) -> None:
    """Answer each datagram; on the port of name servers, by one address for every name."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("", port))
    # From the address that was asked, of however many this is: the asker takes no other's answer.
    server.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    while True:
        question, control, _, asker = server.recvmsg(2048, 64)
        answer = _names(question) if port == 53 and len(question) > 12 else question
        server.sendmsg([answer], control, 0, asker)


def _names(question: bytes) -> bytes:
    end = question.index(b"\0", 12) + 5
    wants_address = question[end - 4 : end - 2] == b"\0\1"
    header = question[:2] + b"\x81\x80\0\1" + (b"\0\1" if wants_address else b"\0\0") + b"\0\0\0\0"
    address = ADDRESS_OF_INNER_NAMES if b"\6inside" in question else ADDRESS_OF_EVERY_NAME
    answer = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + socket.inet_aton(address) if wants_address else b""
    return header + question[12:end] + answer


def serve(*ports: int) -> None:
    """Answer on ports, each in threads of its own."""
    for port in ports:
        for server in (serve_tcp, serve_udp):
            threading.Thread(target=server, args=(port,), daemon=True).start()


if __name__ == "__main__":
    serve(*map(int, sys.argv[1:]))
    print("ready", flush=True)  # noqa: T201 - for whoever started it
    threading.Event().wait()
