"""The command line: `python3 -m bootstrap VERB`."""

import argparse
import os
import sys

from bootstrap import backend, environment, steps
from bootstrap.commands import BootstrapError
from bootstrap.folders import cache, remove_leftovers
from bootstrap.lock import only_one


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says."""
    options = _parser().parse_args(arguments)
    environment.add_system_folders()
    try:
        with only_one(cache() / "lock"):
            remove_leftovers()
            variables = _prepare(options)
        if options.verb == "env":
            print(environment.exports(variables), end="")
        if options.verb == "run":
            os.execvpe(options.command[0], options.command, os.environ | variables)  # noqa: S606 (no shell is wanted)
    except KeyboardInterrupt:
        print("bootstrap: interrupted; nothing half-made is left, and the next run goes on", file=sys.stderr)
        return 130
    except (BootstrapError, OSError) as error:
        print(f"bootstrap: {error}", file=sys.stderr)
        return 1
    return 0


def _prepare(options: argparse.Namespace) -> dict[str, str]:
    if options.verb == "python":
        steps.python()
        return {}
    machine = steps.everything(quiet=options.verb == "run")
    if options.verb == "all":
        return {}
    variables = steps.with_passphrase(options.stack, machine, create=options.verb == "stack")
    if options.verb != "run":
        steps.select(options.stack, machine, variables)
    return variables


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m bootstrap", description="Get what this project needs.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("python", help="only the Python environment")
    verbs.add_parser("all", help="everything: Python, Pulumi, its plugins, Docker, a base image, a backend")
    stack = verbs.add_parser("stack", help="everything, and a stack, made if it is new and selected")
    stack.add_argument("stack", metavar="STACK")
    env = verbs.add_parser("env", help="everything, and the variables for a shell in which `pulumi` works")
    run = verbs.add_parser("run", help="everything, then a command with these variables")
    for verb in (env, run):
        verb.add_argument("--stack", default=backend.DEV, help="the stack whose passphrase is used (%(default)s)")
    run.add_argument("command", nargs="+", metavar="-- COMMAND")
    return parser


if __name__ == "__main__":
    sys.exit(main())
