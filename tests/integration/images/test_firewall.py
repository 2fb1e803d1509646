"""The firewall's image alone, in a network of its own."""

from collections.abc import Callable

import pytest
from docker.errors import ContainerError

from components.built_image import locked_version
from components.firewall import firewall_runtime
from images.firewall.runtime import RUNTIME_VARIABLE
from tests.integration.deployment import CHECKOUT
from tests.integration.images.image import LABELS, Image
from tests.unit.sites import NAMES, settings_of

_LOCK = CHECKOUT / "images/firewall/requirements.txt"
_VERB = ["python", "-m", "images.firewall"]


@pytest.fixture(scope="module")
def firewall(image: Callable[[str], Image]) -> Image:
    return image("firewall")


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """What the program tells the firewall of a site."""
    return {RUNTIME_VARIABLE: firewall_runtime(settings_of().network, NAMES).model_dump_json()}


@pytest.mark.parametrize(
    "program",
    [f"{family}-nft{verb}" for family in ("iptables", "ip6tables") for verb in ("", "-save", "-restore")],
)
def test_it_has(firewall: Image, program: str) -> None:
    assert firewall.run(program, "--version").startswith(program.partition("-")[0])


def test_it_has_conntrack(firewall: Image) -> None:
    assert firewall.run("conntrack", "--version").startswith("conntrack v1.")


def test_packages_are_the_locked_ones(firewall: Image) -> None:
    install = ["pip", "install", "--dry-run", "--no-index", "--no-deps", "--require-hashes", "-r", "/lock.txt"]
    assert "Would install" not in firewall.run(*install, files={"/lock.txt": _LOCK.read_text()})
    code = "import pydantic; print(pydantic.VERSION)"
    assert firewall.run("python", "-c", code).strip() == locked_version(_LOCK, "pydantic")


def test_a_probe_that_may_not_change_rules_says_so_with_the_remedy(
    firewall: Image, environment: dict[str, str]
) -> None:
    said = firewall.run(*_VERB, "probe", environment=environment, exit_code=1)
    assert said.startswith("The firewall cannot work on this host: iptables-nft-save fails: ")
    assert "or write network: {isolation: docker, egress: blocked}" in said
    assert said.count("\n") == 1


def test_without_a_heartbeat_it_is_not_well(firewall: Image, environment: dict[str, str]) -> None:
    said = firewall.run(*_VERB, "check", environment=environment, exit_code=1)
    assert said == "Not well: /run/firewall/heartbeat.json cannot be read: No such file or directory.\n"


@pytest.mark.parametrize("verb", ["run", "check", "probe"])
def test_without_settings_it_does_nothing(firewall: Image, verb: str) -> None:
    said = firewall.run(*_VERB, verb, exit_code=2)
    assert said.startswith("FIREWALL_RUNTIME is not valid: ")
    assert said.count("\n") == 1


def test_rules_are_removed_without_settings(firewall: Image) -> None:
    said = _remove(firewall, ["NET_ADMIN"])
    assert said == "There are no rules of jh-alone-user.\n"


def test_rules_that_it_may_not_remove_stay_with_a_reason(firewall: Image) -> None:
    with pytest.raises(ContainerError) as refused:
        _remove(firewall, [])
    assert refused.value.exit_status == 1


def _remove(firewall: Image, capabilities: list[str]) -> str:
    """What `hubctl down` does, but to a network of the container's own."""
    output: bytes = firewall.engine.containers.run(
        firewall.reference,
        [*_VERB, "remove", "--bridge", "jh-alone-user"],
        network_mode="none",
        cap_drop=["ALL"],
        cap_add=capabilities,
        labels=LABELS,
        remove=True,
    )
    return output.decode()


def test_it_holds_nothing_of_its_build_but_the_search_path_and_how_python_runs(firewall: Image) -> None:
    assert firewall.variables == {"PATH", "PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
    assert firewall.build_leftovers == []


def test_no_authority_that_its_build_trusted_is_left_in_it(
    firewall: Image, assert_no_authority_left: Callable[[Image], None]
) -> None:
    assert_no_authority_left(firewall)
