"""Gets Pulumi, its plugins, Docker and a base image onto a machine.

Standard library only: it runs before `.venv` exists.
"""

import sys

# Here, before anything is imported that an older Python cannot even read.
if sys.version_info < (3, 11):  # noqa: UP036
    raise SystemExit(
        f"bootstrap: python3 is {sys.version.split()[0]}, and this needs 3.11 or newer: put one on PATH first."
    )
