"""Routes to user servers: whose requests a route takes, and the file that Traefik reads them from."""

import asyncio
import re
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from jupyterhub.utils import url_escape_path, url_path_join

from images.hub.proxy import RoutesFile, TraefikRoutes, path_rule, quoted
from images.hub.runtime import WAIT_FOR_HUB
from tests.unit.images.traefik_rule import NotARuleError, matches, parse, priority

ODD_NAMES = [
    "o'neil",
    "a+b@example.org",
    "j{0}rg müller",
    'q"u\\o%te;,',
    "x`) || pathregexp(`.*",
    'x") || PathPrefix("',
    "a||b && !c",
    "(parentheses)",
    "50%",
    "a%2fb",
    "a%252fb",
    "\\x7f",
    "\x7f",
    "soft\xadhyphen",
    "mark\ufeffed",
    "line\u2028break\x85",
    "\U0001f600",
    "🇩🇪",
    "e\u0301",
    "..a",
    "~",
    "a#b?c=d&e",
    "[::1]:80",
    "new\nline",
]
SNIPPETS = st.sampled_from(
    [*"abc'\"`\\()|&%+@!~#?;:,=[]{}$*.0127", "%2", "%27", "%25", "||", "`)", '")', "\\x", "ü", "\ufeff", "\xad", "😀"]
)
NAMES = st.one_of(
    st.sampled_from(ODD_NAMES),
    st.lists(SNIPPETS, min_size=1, max_size=8).map("".join),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12),
).filter(lambda name: "/" not in name and name == name.strip() and set(name) != {"."})
SERVER_NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,29}", fullmatch=True)


def route_of(name: str, server_name: str = "", base_url: str = "/") -> str:
    """The route that the hub asks for, for the server of a user."""
    # jupyterhub.user.User.proxy_spec, jupyterhub.spawner.Spawner.proxy_spec
    return str(url_path_join(base_url, "user", url_escape_path(name), url_escape_path(server_name), "/"))


def spellings(route: str) -> list[str]:
    """How the hub writes a path in links and redirects, and how a person may type it."""
    typed = every_spelling(route)[1]
    # Whatever mixes both goes to the hub, which redirects to its own way of writing.
    return [route] if re.search("%(?:23|3F|5B|5D)", typed) else [route, typed]


def every_spelling(route: str) -> list[str]:
    """Ways in which a path may be written, the first being the hub's."""
    # What may stand for itself in a path (RFC 3986, 3.3) is sent encoded or not, at the sender's choice.
    typed = re.sub("%(?:3A|40|21|24|26|27|28|29|2A|2B|2C|3B|3D)", lambda match: unquote(match[0]), route)
    encoded = "/".join("".join(f"%{byte:02x}" for byte in unquote_to_bytes(part)) for part in route.split("/"))
    return [route, typed, route.replace("@", "%40").replace("~", "%7E"), encoded]


@given(name=NAMES, server_name=st.one_of(st.just(""), SERVER_NAMES), base_url=st.sampled_from(["/", "/jupyter/"]))
@settings(max_examples=300, deadline=None)
def test_a_route_takes_every_request_for_its_server(name: str, server_name: str, base_url: str) -> None:
    route = route_of(name, server_name, base_url)
    rule = path_rule(route)
    for path in spellings(route):
        assert matches(rule, path.rstrip("/")), "without the slash"
        assert matches(rule, path)
        assert matches(rule, path + "lab/tree/x%20y/%2B+'"), "and everything below"


@pytest.mark.parametrize("name", ODD_NAMES, ids=ascii)
def test_a_route_of_any_name_takes_every_request_for_its_server(name: str) -> None:
    rule = path_rule(route_of(name))
    assert all(matches(rule, path + "lab") for path in spellings(route_of(name)))


@given(mine=NAMES, theirs=NAMES)
@example(mine="o%27neil", theirs="o'neil")
@example(mine="50%25", theirs="50%")
@example(mine="a", theirs="ab")
@settings(max_examples=500, deadline=None)
def test_a_route_takes_no_request_for_somebody_elses_server(mine: str, theirs: str) -> None:
    assume(mine != theirs)
    rule = path_rule(route_of(mine))
    assert not [path for path in every_spelling(route_of(theirs)) if matches(rule, path)]


@given(name=NAMES)
@settings(max_examples=200, deadline=None)
def test_a_route_takes_no_page_of_the_hub(name: str) -> None:
    rule = path_rule(route_of(name))
    pages = ["/", "/hub/login", "/hub/api/users", "/user", "/user/", "/user-redirect/", "/services/x/", "/api/version"]
    assert not [page for page in pages if matches(rule, page)]


@given(name=NAMES)
@settings(max_examples=200, deadline=None)
def test_a_name_adds_no_matcher_to_the_rule(name: str) -> None:
    rule = parse(path_rule(route_of(name)))
    assert 2 <= len(rule) <= 4
    assert [matcher for matcher, _ in rule] == ["PathPrefix"] * (len(rule) // 2) + ["Path"] * (len(rule) // 2)
    assert all(text.startswith("/user/") and text.count("/") <= 3 for _, text in rule)


def test_the_hubs_own_route_takes_everything() -> None:
    rule = path_rule("/")
    assert parse(rule) == [("PathPrefix", "/")]
    assert matches(rule, "/hub/login")
    assert matches(rule, "/")


@given(name=NAMES, server_name=SERVER_NAMES)
@settings(max_examples=200, deadline=None)
def test_a_longer_route_comes_before_a_shorter_one(name: str, server_name: str) -> None:
    priorities = [priority(path_rule(route)) for route in ["/", "/user/", route_of(name), route_of(name, server_name)]]
    assert priorities == sorted(set(priorities))


@pytest.mark.parametrize(
    "rule",
    [
        "PathPrefix(`/user/x/`)",
        'PathPrefix("/user/x/") && Path("/user/x")',
        'PathRegexp("/.*")',
        'PathPrefix("/a" || "/b")',
        'PathPrefix("/user/\ufeff/")',
        'PathPrefix("/user/\\ud83d\\ude00/")',
        'PathPrefix("user/")',
        'PathPrefix("/user/\\x/")',
        'PathPrefix("/user/x/") ',
        "",
    ],
    ids=ascii,
)
def test_a_rule_that_traefik_reads_otherwise_is_none(rule: str) -> None:
    with pytest.raises(NotARuleError):
        parse(rule)


# The file


class OfflineRoutes(TraefikRoutes):
    """Routes that no Traefik has to know before they count."""

    async def _start_external(self) -> None:
        """There is nothing to wait for."""

    async def _wait_for_route(self, routespec: str) -> None:
        """There is nothing to ask."""


def written(file: Path, *names: str) -> dict[str, Any]:
    """What Traefik reads in the file of a hub where these people's servers started."""

    async def start() -> None:
        routes = OfflineRoutes(should_start=False, dynamic_config_file=str(file), traefik_entrypoint="websecure")
        for number, name in enumerate(names):
            await routes.add_route(route_of(name), target_of(number), {"user": name, "server_name": ""})

    asyncio.run(start())
    return tomllib.loads(file.read_text())


def target_of(number: int) -> str:
    return f"http://10.201.8.{number}:8888"


async def all_routes(file: Path) -> dict[str, Any]:
    """What a hub that is started anew finds in the file."""
    routes = OfflineRoutes(should_start=False, dynamic_config_file=str(file))
    found: dict[str, Any] = await routes.get_all_routes()
    return found


def test_every_server_has_a_route_to_its_own_address(tmp_path: Path) -> None:
    http = written(tmp_path / "hub.toml", *ODD_NAMES)["http"]
    assert len(http["routers"]) == len(http["services"]) == len(ODD_NAMES)
    for number, name in enumerate(ODD_NAMES):
        [mine] = [router for router in http["routers"].values() if matches(router["rule"], route_of(name))]
        assert mine["entryPoints"] == ["websecure"]
        assert http["services"][mine["service"]]["loadBalancer"]["servers"] == [{"url": target_of(number)}]


def test_requests_to_the_hub_wait_for_it_and_those_to_servers_do_not(tmp_path: Path) -> None:
    async def start() -> None:
        routes = OfflineRoutes(should_start=False, dynamic_config_file=str(tmp_path / "hub.toml"))
        await routes.add_route("/", "http://hub:8081", {"hub": True})
        await routes.add_route(route_of("alice"), target_of(1), {"user": "alice", "server_name": ""})

    asyncio.run(start())
    routers = tomllib.loads((tmp_path / "hub.toml").read_text())["http"]["routers"].values()
    assert sorted(router.get("middlewares", []) for router in routers) == [[], [WAIT_FOR_HUB]]


def test_a_hub_that_is_started_anew_knows_every_route(tmp_path: Path) -> None:
    written(tmp_path / "hub.toml", *ODD_NAMES)
    found = asyncio.run(all_routes(tmp_path / "hub.toml"))
    assert {route: (entry["target"], entry["data"]["user"]) for route, entry in found.items()} == {
        route_of(name): (target_of(number), name) for number, name in enumerate(ODD_NAMES)
    }


def test_a_route_that_is_taken_away_leaves_the_others(tmp_path: Path) -> None:
    file = tmp_path / "hub.toml"
    written(file, "alice", "\\x7f")

    async def delete() -> None:
        routes = OfflineRoutes(should_start=False, dynamic_config_file=str(file))
        await routes.delete_route(route_of("\\x7f"))

    asyncio.run(delete())
    assert list(asyncio.run(all_routes(file))) == [route_of("alice")]


def test_another_file_is_written_when_the_option_changes(tmp_path: Path) -> None:
    async def change() -> TraefikRoutes:
        routes = OfflineRoutes(should_start=False, dynamic_config_file=str(tmp_path / "one.toml"))
        await routes.add_route("/user/alice/", target_of(1), {"user": "alice"})
        routes.dynamic_config_file = str(tmp_path / "two.toml")
        await routes.add_route("/user/bob/", target_of(2), {"user": "\xad"})
        return routes

    assert isinstance(asyncio.run(change()).dynamic_config_handler, RoutesFile)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["one.toml", "two.toml"], "no temporary file is left"
    assert "/user/bob" not in (tmp_path / "one.toml").read_text()


def test_without_its_option_the_file_is_ours_too() -> None:
    async def make() -> TraefikRoutes:
        return OfflineRoutes(should_start=False)

    assert isinstance(asyncio.run(make()).dynamic_config_handler, RoutesFile)


TEXTS = st.one_of(st.lists(SNIPPETS).map("".join), st.text(st.characters(exclude_categories=["Cs"])))


@given(text=TEXTS)
@example(text="\\x7f")
@example(text="\x7f")
@example(text='\xa0"\\')
@settings(max_examples=300, deadline=None)
def test_the_file_gives_back_every_text(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = RoutesFile(str(tmp_path_factory.getbasetemp() / "any.toml"))
    content = {"jupyterhub": {"routes": {"router_x": {"data": {"user": text}, "tags": [text], "hub": True}}}}
    file.atomic_dump(content)
    assert file.load() == content


@given(text=TEXTS)
@settings(max_examples=200, deadline=None)
def test_a_quoted_text_is_ascii_in_quotes_that_traefik_reads_back(text: str) -> None:
    assert quoted(text).isascii()
    assert parse(f"Path({quoted('/' + text)})") == [("Path", "/" + text)]


def test_traefik_which_is_another_user_may_read_the_file(tmp_path: Path) -> None:
    file = RoutesFile(str(tmp_path / "hub.toml"))
    file.atomic_dump({"http": {}})
    assert (tmp_path / "hub.toml").stat().st_mode & 0o777 == 0o644
