"""Command line of the firewall; the container runs `run`, its health check `check`, and the program `probe`."""

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from pydantic import ValidationError

from images.firewall.health import bridge_filter_problem, heartbeat_problem, ipv6_exists
from images.firewall.netfilter import Netfilter, NetfilterError
from images.firewall.resolvers import with_host_resolvers
from images.firewall.rules import trial, wanted
from images.firewall.runtime import HEARTBEAT_FILE, HEARTBEAT_SECONDS, RUNTIME_VARIABLE, FirewallRuntime
from images.firewall.watch import Watch

REMEDY = (
    "Mend it, or write network: {isolation: docker, egress: blocked}, which keeps user servers from everything outside "
    "but not from each other."
)


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; the exit code says whether it worked."""
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    given = _parser().parse_args(arguments)
    try:
        if given.verb == "remove":
            return remove(Netfilter(given.bridge))
        runtime = FirewallRuntime.model_validate_json(os.environ.get(RUNTIME_VARIABLE, ""))
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, each['loc'])) or 'all of it'}: {each['msg']}" for each in error.errors()]
        _answer(f"{RUNTIME_VARIABLE} is not valid: {'; '.join(problems)}.")
        return 2
    if given.verb == "probe":
        return probe(runtime, Netfilter(runtime.bridge))
    if given.verb == "check":
        return check(runtime)
    return run(runtime)


def run(runtime: FirewallRuntime) -> int:
    """Keep the rules in force until SIGTERM, and leave them there."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    tables = wanted(with_host_resolvers(runtime), ipv6=ipv6_exists())
    watch = Watch(runtime, tables, Netfilter(runtime.bridge), Path(HEARTBEAT_FILE))
    logging.info("Guarding %s, egress %s.", runtime.bridge, runtime.egress.mode)
    while not stop.is_set():
        watch.tick()
        stop.wait(HEARTBEAT_SECONDS)
    logging.info("Ended; the rules stay.")
    return 0


def check(runtime: FirewallRuntime) -> int:
    """Say whether the rules of this runtime are in force now."""
    problem = heartbeat_problem(Path(HEARTBEAT_FILE), runtime.fingerprint)
    _answer(f"Not well: {problem}." if problem else "All rules are in force.")
    return 1 if problem else 0


def probe(runtime: FirewallRuntime, netfilter: Netfilter) -> int:
    """Say whether a firewall can work on this host; nothing is changed."""
    try:
        netfilter.try_out(trial(runtime, ipv6=ipv6_exists()))
        problem = bridge_filter_problem()
    except NetfilterError as error:
        problem = str(error)
    if problem:
        _answer(f"The firewall cannot work on this host: {problem}. {REMEDY}")
        return 1
    _answer("The firewall can work on this host.")
    return 0


def remove(netfilter: Netfilter) -> int:
    """Take everything of a bridge away."""
    try:
        removed = netfilter.remove()
    except NetfilterError as error:
        _answer(f"Rules of {netfilter.bridge} stay: {error}.")
        return 1
    _answer(f"Removed the rules of {netfilter.bridge}." if removed else f"There are no rules of {netfilter.bridge}.")
    return 0


def _answer(sentence: str) -> None:
    print(sentence)  # noqa: T201 - what a command was asked for


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m images.firewall", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, doc in (("run", run.__doc__), ("check", check.__doc__)):
        verbs.add_parser(verb, help=doc)
    verbs.add_parser("probe", help=probe.__doc__)
    verbs.add_parser("remove", help=remove.__doc__).add_argument("--bridge", required=True)
    return parser


if __name__ == "__main__":
    sys.exit(main())
