"""Somebody in a network namespace: answers on the ports it is told, and tries what it is asked on standard input.

Runs by itself, with nothing but the standard library.
"""

import contextlib
import json
import os
import socket
import struct
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

# A packet that is let through is there in a millisecond; the rest is for a busy machine.
PATIENCE = 0.6
# From linux/in.h; Python names it since 3.14.
_IP_PKTINFO = 8


def main(ports: list[int]) -> None:
    for port in ports:
        listener = socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
        threading.Thread(target=_serve, args=(listener,), daemon=True).start()
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        datagrams.bind(("", port))
        threading.Thread(target=_serve_datagrams, args=(datagrams,), daemon=True).start()
    held: dict[str, socket.socket] = {}
    _say("ready")
    for line in sys.stdin:
        request = json.loads(line)
        match request["do"]:
            case "try":
                with ThreadPoolExecutor(64) as pool:
                    answer: object = list(pool.map(_gets_through, request["flows"]))
            case "hold":
                held[request["host"]] = socket.create_connection((request["host"], request["port"]), PATIENCE)
                answer = _echoes(held[request["host"]])
            case "use":
                answer = _echoes(held[request["host"]])
            case _:
                raise ValueError(request)
        _say(json.dumps(answer))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _serve(listener: socket.socket) -> None:
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_echo, args=(connection,), daemon=True).start()


def _echo(connection: socket.socket) -> None:
    with connection:
        try:
            while data := connection.recv(100):
                connection.sendall(data)
        except OSError:
            return


def _serve_datagrams(datagrams: socket.socket) -> None:
    while True:
        data, [(_, _, where)], _, sender = datagrams.recvmsg(100, 100)
        # The answer comes from the address that was asked.
        answer_from = struct.pack("=I4s4s", 0, where[8:12], b"\0" * 4)
        with contextlib.suppress(OSError):  # there may be no way back
            datagrams.sendmsg([data], [(socket.IPPROTO_IP, _IP_PKTINFO, answer_from)], 0, sender)


def _gets_through(flow: list[object]) -> bool:
    protocol, host, port = flow
    address = (str(host), int(str(port)))
    try:
        match protocol:
            case "tcp":
                with socket.create_connection(address, PATIENCE) as connection:
                    return _echoes(connection)
            case "udp":
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
                    connection.settimeout(PATIENCE)
                    connection.sendto(b"hello", address)
                    return connection.recv(100) == b"hello"
            case "icmp":
                return _pings(str(host))
    except OSError:
        return False
    raise ValueError(protocol)


def _echoes(connection: socket.socket) -> bool:
    connection.settimeout(PATIENCE)
    try:
        connection.sendall(b"hello")
        return connection.recv(100) == b"hello"
    except OSError:
        return False


def _pings(host: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        raw.settimeout(PATIENCE)
        number = os.getpid() & 0xFFFF
        # Echo request, with the sum of its three words as the checksum.
        total = 0x0800 + number + 1
        checksum = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
        raw.sendto(struct.pack("!BBHHH", 8, 0, checksum, number, 1), (host, 0))
        while True:
            data, _ = raw.recvfrom(200)
            if data[20] == 0 and data[24:26] == number.to_bytes(2, "big") and data[12:16] == socket.inet_aton(host):
                return True


if __name__ == "__main__":
    main([int(port) for port in sys.argv[1:]])
