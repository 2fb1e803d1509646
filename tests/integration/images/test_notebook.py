"""The notebook image alone."""

import tomllib
from collections.abc import Callable, Iterator

import httpx
import pytest

from components.built_image import locked_version
from tests.integration.deployment import CHECKOUT
from tests.integration.images.image import Image
from tests.integration.images.lab import Lab, lab_of
from tests.integration.person import Kernel

_LOCK = CHECKOUT / "images/notebook/requirements.txt"
_GROUP = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["dependency-groups"]["notebook"]
_PACKAGES = [entry.partition(">")[0].partition("=")[0] for entry in _GROUP if isinstance(entry, str)]


@pytest.fixture(scope="module")
def notebook(image: Callable[[str], Image]) -> Image:
    return image("notebook")


@pytest.fixture(scope="module")
def lab(notebook: Image) -> Iterator[Lab]:
    with lab_of(notebook) as lab:
        yield lab


@pytest.fixture(scope="module")
def kernel(lab: Lab) -> Iterator[Kernel]:
    with lab.kernel() as kernel:
        yield kernel


def test_jupyterhub_is_the_hubs(notebook: Image) -> None:
    hubs = locked_version(CHECKOUT / "images/hub/requirements.txt", "jupyterhub")
    assert notebook.run("python", "-c", "import jupyterhub; print(jupyterhub.__version__)").strip() == hubs


def test_every_package_is_the_locked_one(notebook: Image) -> None:
    install = ["pip", "install", "--dry-run", "--no-index", "--no-deps", "--require-hashes", "-r", "/lock.txt"]
    assert "Would install" not in notebook.run(*install, files={"/lock.txt": _LOCK.read_text()})


def test_no_package_lacks_another(notebook: Image) -> None:
    assert "No broken requirements found." in notebook.run("pip", "check")


def test_a_users_server_loads_neither_the_hubs_database_nor_a_grammar_for_addresses(notebook: Image) -> None:
    code = """
import sys, single_user
with single_user.putting_off():
    import jupyterhub.singleuser
print({"jupyterhub.singleuser.extension", "sqlalchemy", "alembic", "lark", "rfc3987_syntax"} & sys.modules.keys())
"""
    assert notebook.run("python", "-s", "-c", code).strip() == "{'jupyterhub.singleuser.extension'}"


def test_jupyterlab_opens_for_who_knows_the_token_only(lab: Lab) -> None:
    page = lab.http.get("/lab")
    assert page.status_code == httpx.codes.OK
    assert "jupyter-config-data" in page.text
    stranger = httpx.get(f"http://{lab.host}/api/contents", trust_env=False)
    assert stranger.status_code == httpx.codes.FORBIDDEN


@pytest.mark.parametrize("package", _PACKAGES)
def test_a_notebook_can_import(kernel: Kernel, package: str) -> None:
    module = {"scikit-learn": "sklearn"}.get(package, package)
    assert kernel.run(f"import {module}; {module}.__name__") == repr(module)


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("import numpy; float(numpy.linalg.det(numpy.diag([2, 3, 7])).__round__(6))", "42.0"),
        (
            "import pandas; pandas.DataFrame({'of': list('aab'), 'x': [1, 3, 5]}).groupby('of').x.mean().tolist()",
            "[2.0, 5.0]",
        ),
        ("from scipy.optimize import brentq; round(brentq(lambda x: x**2 - 2, 0, 2), 6)", "1.414214"),
        (
            "from sklearn.cluster import KMeans; KMeans(2, random_state=0).fit([[1], [2], [98], [99]]).inertia_",
            "1.0",
        ),
        ("import sympy; x = sympy.Symbol('x'); sympy.integrate(sympy.cos(x), x)", "sin(x)"),
        ("import ipywidgets; ipywidgets.IntSlider(value=42).value", "42"),
    ],
    ids=["numpy", "pandas", "scipy", "scikit-learn", "sympy", "ipywidgets"],
)
def test_a_notebook_computes_with(kernel: Kernel, code: str, result: str) -> None:
    assert kernel.run(code) == result


@pytest.mark.parametrize("backend", ["inline", "widget"])
def test_matplotlib_draws(kernel: Kernel, lab: Lab, backend: str) -> None:
    kernel.run(f"%matplotlib {backend}\nimport matplotlib.pyplot as plt; plt.plot([1, 4, 9]); plt.title('Größe')")
    assert kernel.run(f"plt.savefig('{backend}.png')") == "", "and has nothing to complain about"
    plot = lab.http.get(f"/files/{backend}.png")
    assert plot.content.startswith(b"\x89PNG")


def test_a_notebook_runs_as_an_ordinary_user_in_a_home_that_it_may_write(kernel: Kernel) -> None:
    kernel.run("import os, pathlib; pathlib.Path('naïve.txt').write_text('déjà vu')")
    assert (
        kernel.run("os.getuid(), os.getcwd(), pathlib.Path('naïve.txt').owner()") == "(1000, '/home/jovyan', 'jovyan')"
    )
    assert kernel.run("os.access('/home/jovyan', os.W_OK), os.access('/opt/notebook', os.W_OK)") == "(True, False)"


def test_text_is_utf_8(kernel: Kernel) -> None:
    assert kernel.run("import locale, os; locale.getencoding(), os.environ['LANG']") == "('UTF-8', 'C.UTF-8')"


def test_what_pip_installs_in_a_notebook_goes_to_the_home(lab: Lab) -> None:
    with lab.kernel() as kernel:
        kernel.run(_MAKE_WHEEL)
        kernel.run("%pip install --quiet --no-index /tmp/mine-1.0-py3-none-any.whl")
    with lab.kernel() as kernel:
        assert kernel.run("import mine; mine.__file__").startswith("'/home/jovyan/.local/lib/python3")


_MAKE_WHEEL = """
import zipfile
with zipfile.ZipFile("/tmp/mine-1.0-py3-none-any.whl", "w") as wheel:
    wheel.writestr("mine.py", "answer = 42")
    wheel.writestr("mine-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: mine\\nVersion: 1.0\\n")
    wheel.writestr("mine-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr("mine-1.0.dist-info/RECORD", "")
"""


@pytest.mark.parametrize("command", ["bash", "curl", "git", "less", "nano", "ps", "unzip"])
def test_a_terminal_has(notebook: Image, command: str) -> None:
    assert notebook.run("sh", "-c", f"command -v {command}").startswith("/")


def test_it_holds_nothing_of_its_build_but_where_things_are(notebook: Image) -> None:
    assert notebook.variables == {"HOME", "LANG", "PATH", "SHELL"}
    assert notebook.build_leftovers == []


def test_no_authority_that_its_build_trusted_is_left_in_it(
    notebook: Image, assert_no_authority_left: Callable[[Image], None]
) -> None:
    assert_no_authority_left(notebook)
