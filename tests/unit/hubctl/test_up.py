"""`hubctl up` runs again what has failed."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hubctl.__main__ import app

CHECK = "urn:pulumi:dev::jupyterhub::jupyterhub:index:Hub$docker:index/container:Container::hub-check"
PULUMI = """#!{python}
import json, sys
from pathlib import Path

folder = Path(__file__).parent
if sys.argv[1] == "up":
    (folder / "asked.json").write_text(json.dumps(sys.argv[1:]))
    sys.exit(1)
print((folder / "state.json").read_text())
"""


def container(must_run: bool, exit_code: int | None, **more: object) -> dict[str, object]:
    return {"urn": CHECK, "inputs": {"mustRun": must_run}, "outputs": {"exitCode": exit_code}, **more}


@pytest.mark.parametrize(
    ("resource", "runs_again"),
    [
        (container(must_run=False, exit_code=1), True),
        (container(must_run=False, exit_code=0), False),
        (container(must_run=False, exit_code=None), False),
        (container(must_run=False, exit_code=1, delete=True), False),
        (container(must_run=True, exit_code=137), False),
        ({"urn": CHECK}, False),
    ],
    ids=["failed", "went well", "unknown", "replaced already", "a service that was stopped", "no container"],
)
def test_a_check_that_failed_runs_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resource: dict[str, object], runs_again: bool
) -> None:
    pulumi = tmp_path / "pulumi"
    pulumi.write_text(PULUMI.format(python=sys.executable))
    pulumi.chmod(0o755)
    (tmp_path / "state.json").write_text(json.dumps({"deployment": {"resources": [resource]}}))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    CliRunner().invoke(app, ["up", "--yes"])
    asked = json.loads((tmp_path / "asked.json").read_text())
    assert [each for each in asked if each.startswith("--replace")] == ([f"--replace={CHECK}"] if runs_again else [])
