"""Another log-in in the place of the old one: nobody goes on as the person that the old one took them for."""

import hashlib
import json
from logging import Logger
from pathlib import Path

from jupyterhub.orm import APIToken, OAuthCode, User, new_token
from sqlalchemy.orm import Session

from images.hub.runtime import AuthRuntime

# Options that say who tells whose name; any other may change and `alice` is still the same person.
_WHOSE_WORD = {
    "authorize_url",
    "bind_dn_template",
    "cas_url",
    "github_url",
    "gitlab_url",
    "hosted_domain",
    "issuer",
    "search_filter",
    "server_address",
    "server_port",
    "tenant_id",
    "token_url",
    "user_attribute",
    "user_search_base",
    "userdata_url",
    "username_attribute",
    "username_claim",
}
# What JupyterHub gives a server for itself (its role `server`).
_OF_A_SERVER = ("access:servers!server=", "users:activity!")


def fingerprint(auth: AuthRuntime) -> str:
    """What differs where another server says who somebody is, or the same one in another way."""
    # Of somebody else's authenticator nobody here knows which options do.
    counts = set(auth.options) - {"manage_groups"} if auth.kind == "custom" else _WHOSE_WORD
    options = {name: value for name, value in auth.options.items() if name in counts}
    text = json.dumps([auth.kind, auth.authenticator_class, options], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def forget_other_log_ins(db: Session, file: Path, current: str, log: Logger) -> frozenset[str]:
    """End all log-ins if they are by another way than the current one, which the file is told; whose they were.

    Servers run on, with the tokens by which they report to the hub, and whoever logs in anew gets back to theirs.
    """
    before = file.read_text() if file.exists() else current
    forgotten: set[str] = set()
    if before != current:
        log.warning("Another log-in than before: everybody has to log in anew")
        db.query(OAuthCode).delete()
        for user in db.query(User):
            user.cookie_id = new_token()
            user.encrypted_auth_state = None
            user.groups = []
            for token in [token for token in user.api_tokens if not _is_of_a_server(token)]:
                db.delete(token)
            forgotten.add(user.name)
        db.commit()
    file.write_text(current)
    return frozenset(forgotten)


def _is_of_a_server(token: APIToken) -> bool:
    # A person can write the note, but such a token opens no more than code in the server that it is of.
    return (
        (token.note or "").startswith("Server at ")
        and token.client_id == "jupyterhub"
        and bool(token.scopes)
        and all(scope.startswith(_OF_A_SERVER) for scope in token.scopes)
    )
