"""A pattern or a filter that no log-in could use is refused with what it may hold."""

from typing import Any

import pytest

from tests.unit.sites import problems_of

LDAP = {"kind": "ldap", "server_address": "ldap.example.org"}
BASE = "ou=people,dc=example,dc=org"
NO_NAME = "needs one {username}, where the name goes; write for example uid={username},ou=people,dc=example,dc=org"
NO_NAME_IN_FILTER = (
    "would let in everybody alike; write {username} where the name goes, as in (&({userattr}={username})(cn=x))"
)
NO_FILTER = "is no filter; write it in brackets, of which as many close as open, as in (uid={username})"


def braces(names: str) -> str:
    return f"has something else in braces; write only {names} in them"


def problem_of(**auth: object) -> str:
    problems = problems_of(auth={**LDAP, **auth})
    return "\n".join(problems).removeprefix("jupyterhub:auth.")


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("uid=alice,dc=example", NO_NAME),
        ("uid={{username}},dc=example", NO_NAME),
        ("uid={username},cn={username}", NO_NAME),
        ("uid={username},ou={dept}", braces("{username}")),
        ("uid={username},ou={userattr}", braces("{username}")),
        ("uid={username},ou={}", braces("{username}")),
        ("uid={username},ou={0}", braces("{username}")),
        ("uid={username", braces("{username}")),
        ("uid={username}}", braces("{username}")),
        ("uid={username.first}", braces("{username}")),
        ("uid={username[first]}", braces("{username}")),
    ],
)
def test_a_pattern_that_no_name_fits_is_refused(template: str, sentence: str) -> None:
    good = f"uid={{username}},{BASE}"
    assert problem_of(bind_dn_template=[good, template]) == f"bind_dn_template.1: {sentence}"


@pytest.mark.parametrize(
    ("search_filter", "sentence"),
    [
        ("(employeeType=student)", NO_NAME_IN_FILTER),
        ("({{username}}=x)", NO_NAME_IN_FILTER),
        ("(&(uid={username})({foo}=x))", braces("{userattr} and {username}")),
        ("(uid={username)", braces("{userattr} and {username}")),
        ("uid={username}", NO_FILTER),
        ("((uid={username})", NO_FILTER),
    ],
)
def test_a_filter_that_does_not_ask_for_the_name_is_refused(search_filter: str, sentence: str) -> None:
    assert problem_of(user_search_base=BASE, search_filter=search_filter) == f"search_filter: {sentence}"


@pytest.mark.parametrize(
    "auth",
    [
        {"bind_dn_template": ["EXAMPLE\\{username}", "{username}@example.org", f"cn={{{{x}}}}{{username}},{BASE}"]},
        {"user_search_base": BASE, "search_filter": "(&({userattr}={username})(employeeType=student))"},
        {"user_search_base": BASE, "search_filter": "(|(uid={username})(mail={username}))"},
    ],
    ids=str,
)
def test_a_pattern_or_filter_that_asks_for_the_name_is_good(auth: dict[str, Any]) -> None:
    assert problem_of(**auth) == ""
