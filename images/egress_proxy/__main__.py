"""The egress proxy: squid, told by the program which domains user servers may reach."""

import os
import subprocess
import sys
from pathlib import Path

from pydantic import ValidationError

from images.egress_proxy.runtime import RUNTIME_VARIABLE, EgressProxyRuntime
from images.egress_proxy.squid_conf import squid_conf

# The only place that can be written to; it lies in memory.
_FOLDER = Path("/dev/shm/egress-proxy")  # noqa: S108 - a container's own


def main() -> None:
    """Write squid's configuration, and become squid."""
    try:
        runtime = EgressProxyRuntime.from_environment()
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, each['loc'])) or 'all of it'}: {each['msg']}" for each in error.errors()]
        print(f"{RUNTIME_VARIABLE} is not valid: {'; '.join(problems)}.", file=sys.stderr)  # noqa: T201
        raise SystemExit(2) from None
    _FOLDER.mkdir(mode=0o700, exist_ok=True)
    certificate, configuration = _FOLDER / "unused.pem", _FOLDER / "squid.conf"
    _make_certificate(certificate)
    configuration.write_text(squid_conf(runtime, certificate))
    print(f"User servers reach {', '.join(runtime.allowed_domains)}.", flush=True)  # noqa: T201
    os.execvp("squid", ["squid", "-N", "-f", str(configuration)])  # noqa: S606 - there is no shell


def _make_certificate(file: Path) -> None:
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    made = ["openssl", "req", "-x509", *key, "-subj", "/CN=unused", "-keyout", str(file), "-out", "-"]
    done = subprocess.run(made, check=True, capture_output=True, text=True)
    with file.open("a") as both:
        both.write(done.stdout)


if __name__ == "__main__":
    main()
