"""The rules that hold for every container of a stack: one that stays up, and one that runs once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_docker as docker

from components.names import container_labels

# What the provider reports as updated in place but never applies, and the engine's key for a container that was made
# but did not come up: without it the next `up` would call that container good
# (github.com/kreuzwerker/terraform-provider-docker/issues/988; healthcheck measured with provider 4.6.0).
_REPLACE_ON_CHANGES = ["#initerror", "cpu_period", "cpu_quota", "healthcheck", "init", "rm", "tmpfs"]
_PROCESSES = 1024
# How often the engine looks whether a container is well that most changes of a site replace: it first looks after one
# such time, and `up` waits for that. A look costs 50 ms of processor time.
REPLACED_OFTEN = "2s"
_LOG_OPTIONS = {"max-file": "3", "max-size": "10m"}


@dataclass(frozen=True, kw_only=True)
class ServiceContainerArgs:
    """What differs between the containers that stay up."""

    container_name: str
    image: pulumi.Input[str]
    labels: dict[str, str]
    memory: int
    """Limit in bytes; there is no swap beside it."""
    healthcheck: docker.ContainerHealthcheckArgs
    networks: Sequence[docker.ContainerNetworksAdvancedArgs] = ()
    resolvers: Sequence[str] = ()
    """Name servers in place of the engine's own."""
    network_mode: str | None = None
    """`none` or `host`, where it joins no network of the stack."""
    mounts: Sequence[docker.ContainerMountArgs] = ()
    ports: Sequence[docker.ContainerPortArgs] = ()
    uploads: Sequence[docker.ContainerUploadArgs] | None = None
    envs: pulumi.Input[Sequence[pulumi.Input[str]]] | None = field(default=None, repr=False)
    entrypoints: Sequence[str] | None = None
    command: Sequence[str] | None = None
    user: str | None = None
    """Who it runs as, where that is not the image's own user."""
    capabilities: Sequence[str] = ()
    """The few it cannot do without; every other one is dropped. Written and sorted as the engine reports them
    (`CAP_SETUID`), or the provider would see a change at every refresh."""
    read_only: bool = False
    """Whether its file system takes no writes; not for one with `uploads`, which Docker then refuses."""
    init: bool = True
    """Whether the engine's own init starts it, for one that starts processes without reaping them."""
    stop_seconds: int = 30


def service_container(name: str, args: ServiceContainerArgs, opts: pulumi.ResourceOptions) -> docker.Container:
    """A container that stays up: `up` waits until it is healthy, and the engine starts it again after a crash."""
    return docker.Container(
        name,
        name=args.container_name,
        image=args.image,
        labels=container_labels(args.labels),
        entrypoints=args.entrypoints,
        command=args.command,
        envs=args.envs,
        uploads=args.uploads,
        mounts=list(args.mounts),
        ports=list(args.ports),
        networks_advanced=list(args.networks),
        network_mode=args.network_mode,
        dns=list(args.resolvers) or None,
        user=args.user,
        read_only=args.read_only,
        restart="unless-stopped",
        must_run=True,
        healthcheck=args.healthcheck,
        wait=True,
        wait_timeout=180,
        # Unset, the provider kills at once instead of asking to stop.
        destroy_grace_seconds=args.stop_seconds,
        init=args.init,
        # Docker would grant the same again as swap, and the provider would see a change at every preview.
        memory=args.memory // 2**20,
        memory_swap=args.memory // 2**20,
        # The provider's Container has no limit of processes (its pids_limit is the Service's); this one counts those of
        # the same user, and no other container of the stack runs as it.
        ulimits=[docker.ContainerUlimitArgs(name="nproc", soft=_PROCESSES, hard=_PROCESSES)],
        security_opts=["no-new-privileges:true"],
        capabilities=_capabilities(args.capabilities),
        log_driver="json-file",
        log_opts=_LOG_OPTIONS,
        opts=pulumi.ResourceOptions.merge(
            opts,
            # A fixed name or port can be taken only once: the old container goes first. Whatever could fail before
            # that (images, checks) is made before anything is deleted.
            pulumi.ResourceOptions(delete_before_replace=True, replace_on_changes=_REPLACE_ON_CHANGES),
        ),
    )


@dataclass(frozen=True, kw_only=True)
class OneShotContainerArgs:
    """What differs between the containers that run once."""

    image: pulumi.Input[str]
    labels: dict[str, str]
    entrypoints: Sequence[str]
    command: Sequence[str]
    uploads: Sequence[docker.ContainerUploadArgs] | None = None
    mounts: Sequence[docker.ContainerMountArgs] = ()
    envs: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None
    user: str | None = None
    network_mode: pulumi.Input[str] = "none"
    capabilities: Sequence[str] = ()


def one_shot_container(name: str, args: OneShotContainerArgs, opts: pulumi.ResourceOptions) -> docker.Container:
    """A container that runs one command, by default without a network, and stays as the record of how that went.

    It has no fixed name and is made before its predecessor is deleted: only so can its failure stop an update while
    everything that depends on it still runs.
    """
    return docker.Container(
        name,
        image=args.image,
        labels=container_labels(args.labels),
        entrypoints=list(args.entrypoints),
        command=list(args.command),
        envs=args.envs,
        uploads=args.uploads,
        mounts=list(args.mounts),
        user=args.user,
        network_mode=args.network_mode,
        restart="no",
        must_run=False,
        attach=True,
        logs=True,
        rm=False,
        destroy_grace_seconds=1,
        init=True,
        memory=512,
        memory_swap=512,
        security_opts=["no-new-privileges:true"],
        capabilities=_capabilities(args.capabilities),
        log_driver="json-file",
        log_opts=_LOG_OPTIONS,
        opts=pulumi.ResourceOptions.merge(
            opts,
            pulumi.ResourceOptions(
                delete_before_replace=False,
                replace_on_changes=[*_REPLACE_ON_CHANGES, "attach", "logs"],
            ),
        ),
    )


def require_success(check: docker.Container, failure: str) -> pulumi.Output[docker.Container]:
    """The check itself, for whoever depends on its success.

    Pulumi keeps a check that failed, and would not run it again before one of its inputs is another one: `hubctl up`
    asks for that, and whoever runs Pulumi by hand is told how.

    Raises:
        pulumi.RunError: in the output: the check failed; its own log follows the sentence `failure`.
    """

    def verify(result: tuple[int | None, str | None]) -> docker.Container:
        exit_code, log = result
        if exit_code != 0:
            raise pulumi.RunError(
                f"{failure}\n{(log or 'It printed nothing.').strip()}\n"
                f"`make up` tries again; by hand: pulumi up --replace '**::{check.pulumi_resource_name}'"
            )
        return check

    return pulumi.Output.all(check.exit_code, check.container_logs).apply(lambda result: verify((result[0], result[1])))


def _capabilities(kept: Sequence[str]) -> docker.ContainerCapabilitiesArgs:
    return docker.ContainerCapabilitiesArgs(adds=list(kept) or None, drops=["ALL"])
