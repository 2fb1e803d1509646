"""Try to reach places, all at once, and say what came back. Run as text wherever there is a Python.

Standard library alone.
"""

import concurrent.futures
import json
import socket
import sys

PATIENCE_SECONDS = 2.0


def reach(protocol: str, host: str, port: int) -> str:
    """`open` if something answers; else what the network said, `silent` if that was nothing."""
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as connection:
        connection.settimeout(PATIENCE_SECONDS)
        try:
            connection.connect((host, port))
            if protocol == "udp":
                connection.send(b"?")
                connection.recv(16)
        except TimeoutError:
            return "silent"
        except OSError as error:
            return type(error).__name__
        return "open"


def reach_all(places: dict[str, list[object]]) -> dict[str, str]:
    """What came back from each place: protocol, host and port by name."""
    with concurrent.futures.ThreadPoolExecutor(max(1, len(places))) as pool:
        tries = {name: pool.submit(reach, *place) for name, place in places.items()}  # type: ignore[arg-type]
        return {name: each.result() for name, each in tries.items()}


if __name__ == "__main__":
    print(json.dumps(reach_all(json.loads(sys.argv[1]))))  # noqa: T201 - for whoever started it
