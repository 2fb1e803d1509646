"""What an operator may say about a site: one pydantic model a concern. All defaults live here."""

from pydantic import Field, model_validator

from settings.access import AccessSettings
from settings.auth import AuthKind, AuthSettings, NativeAuth
from settings.build import BuildSettings
from settings.docker import DockerSettings
from settings.hub import HubSettings
from settings.idle import IdleSettings
from settings.model import SettingsModel
from settings.network import NetworkSettings
from settings.notebooks import NotebookSettings
from settings.proxy import ProxySettings
from settings.services import ServiceName, ServiceSettings
from settings.site import SiteSettings
from settings.storage import StorageSettings
from settings.tls import AcmeTls, OffTls, TlsSettings


class Settings(SettingsModel):
    """Everything an operator says about one site, except secrets. Each field is a key of the stack file."""

    site: SiteSettings = Field(examples=[{"domain": "jupyter.example.org"}])
    """Where people find the hub."""

    tls: TlsSettings = Field(examples=[{"kind": "self_signed"}])
    """The certificate of the front door."""

    auth: AuthSettings = Field(examples=[{"kind": "shared_password"}])
    """How people prove who they are."""

    access: AccessSettings = Field(examples=[{"allowed_users": ["alice", "bob"]}])
    """Who of those who can log in may use the hub."""

    notebooks: NotebookSettings = NotebookSettings()
    """What a user's server is made of and how much it may use."""

    storage: StorageSettings = StorageSettings()
    """Where people's files live."""

    network: NetworkSettings = NetworkSettings()
    """What user servers can reach, and the addresses of the stack's own networks."""

    idle: IdleSettings = IdleSettings()
    """When what nobody uses is stopped."""

    hub: HubSettings = HubSettings()
    """The hub itself."""

    services: dict[ServiceName, ServiceSettings] = Field(default={})
    """Other web services behind the same front door, by name."""

    docker: DockerSettings = DockerSettings()
    """The engine that everything runs on."""

    build: BuildSettings = BuildSettings()
    """How images are built."""

    proxy: ProxySettings = ProxySettings()
    """The front door, Traefik."""

    @model_validator(mode="after")
    def _names_without_proof_stay_on_this_machine(self) -> "Settings":
        if self._stays_on_this_machine:
            return self
        if self.auth.kind is AuthKind.DUMMY:
            raise ValueError(
                "auth.kind: dummy lets anybody in as anyone, so it works on this machine only; "
                "write site.bind_address: 127.0.0.1 and no tls.kind: off, or another auth.kind"
            )
        if isinstance(self.auth, NativeAuth) and self.auth.open_signup:
            raise ValueError(
                "auth.open_signup: gives a name, and what access gives it, to whoever signs up with it first, so it "
                "works on this machine only; write open_signup: false"
            )
        return self

    @model_validator(mode="after")
    def _the_right_people_get_in(self) -> "Settings":
        access, auth = self.access, self.auth
        if not access.lets_somebody_in and not auth.lets_somebody_in:
            raise ValueError("access: lets nobody in; write allowed_users: [alice, bob], or allow_all: true on purpose")
        if access.allow_all and auth.open_to_strangers and not self._stays_on_this_machine:
            raise ValueError(f"access.allow_all: lets in everybody {auth.open_to_strangers}")
        if access.names_groups and auth.group_problem:
            raise ValueError(f"access: names groups, and auth.kind: {auth.kind.value} {auth.group_problem}")
        if isinstance(auth, NativeAuth) and not access.admins and not auth.open_signup:
            raise ValueError(
                "access.admins: is empty, so nobody could approve accounts of auth.kind: native; write admins: [carol]"
            )
        return self

    @model_validator(mode="after")
    def _an_authority_can_look(self) -> "Settings":
        tls, site = self.tls, self.site
        if not isinstance(tls, AcmeTls) or tls.directory_url:
            return self
        if unknown := [name for name in self.host_names if "." not in name or name.rpartition(".")[2].isdigit()]:
            raise ValueError(
                f"tls.kind: acme needs host names that the world knows, and {unknown[0]} is none; write another "
                "site.domain, or another tls.kind"
            )
        setting, port = tls.challenge.port
        if getattr(site, setting) != port:
            raise ValueError(f"site.{setting}: has to be {port} for tls.challenge: {tls.challenge.value}; write {port}")
        return self

    @model_validator(mode="after")
    def _routes_differ(self) -> "Settings":
        routes = [service.host or service.path for service in self.services.values()]
        taken = sorted({str(route) for route in routes if routes.count(route) > 1 or route == self.site.domain})
        if taken:
            raise ValueError(
                f"services: {', '.join(taken)} is already in use; give each service a host or path of its own"
            )
        return self

    @property
    def _stays_on_this_machine(self) -> bool:
        # With tls.kind: off, whoever asks at a loopback address is a load balancer, for the world.
        return self.site.is_loopback and not isinstance(self.tls, OffTls)

    @property
    def host_names(self) -> list[str]:
        """Every host name the front door answers to, the site's own first."""
        return [self.site.domain, *(service.host for service in self.services.values() if service.host)]
