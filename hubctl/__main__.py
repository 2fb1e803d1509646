"""`hubctl`: what an operator does with a stack besides `pulumi up`."""

from typing import Annotated, NoReturn

import typer
from docker.errors import DockerException
from requests.exceptions import RequestException
from rich.console import Console

from hubctl import welcome as welcome_text
from hubctl.containers import StackObjects, run_once
from hubctl.interrupted_update import repair
from hubctl.pulumi_stack import PulumiError, PulumiStack

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
console = Console()

StackName = Annotated[str, typer.Option("--stack", help="The Pulumi stack, as in Pulumi.<stack>.yaml.")]


@app.command()
def up(
    stack: StackName = "dev",
    yes: Annotated[bool, typer.Option("--yes", help="Do not show a preview and do not ask.")] = False,
) -> None:
    """Run `pulumi up`, after repairing what a killed or failed one left behind, and say how to log in."""
    selected = PulumiStack(stack)
    repair(selected, console)
    again = [f"--replace={urn}" for urn in selected.failed_checks()]
    selected.run("up", "--suppress-outputs", *again, *(["--yes", "--skip-preview"] if yes else []))
    welcome(stack)


@app.command()
def welcome(stack: StackName = "dev") -> None:
    """Say where the hub is and how to log in."""
    console.print(welcome_text.text(PulumiStack(stack), show_secrets=console.is_terminal), soft_wrap=True)


@app.command()
def down(stack: StackName = "dev") -> None:
    """Take hub, proxy and everybody's server down. Data, keys and the user network stay."""
    selected = PulumiStack(stack)
    objects = StackObjects(selected)
    bridge = objects.user_bridge()
    selected.run("destroy", "--exclude-protected", "--yes", "--skip-preview", "--suppress-outputs")
    # After the hub: nobody can start another one now.
    objects.stop_user_servers(console)
    objects.remove_firewall_rules(bridge, console)
    console.print(
        f"[bold]{selected.prefix}[/] is down; files and log-ins are kept. Bring it back: make up{_stack(stack)}"
    )


@app.command()
def purge(
    stack: StackName = "dev",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask. Everybody's files are deleted.")] = False,
) -> None:
    """Delete the stack with everything that belongs to it: every user's files, the database, the keys."""
    selected = PulumiStack(stack)
    objects = StackObjects(selected)
    volumes = objects.volumes()
    console.print(
        f"This deletes [bold]{selected.prefix}[/] with {len(volumes)} volumes, among them every user's files."
    )
    if not yes and typer.prompt("Type the name of the stack to go on") != stack:
        console.print("Nothing was deleted.")
        raise typer.Exit(1)
    if selected.exists():
        selected.run("state", "unprotect", "--all", "--yes")
        objects.stop_user_servers(console)
        bridge = objects.user_bridge()
        selected.run("destroy", "--yes", "--skip-preview", "--suppress-outputs")
        selected.run("stack", "rm", "--yes", "--preserve-config")
        objects.remove_firewall_rules(bridge, console)
    objects.stop_user_servers(console)
    objects.delete_volumes(console)
    console.print(f"[bold]{selected.prefix}[/] is gone. Start afresh: make up{_stack(stack)}")


@app.command()
def hub_options(stack: StackName = "dev") -> None:
    """List every option that a file in images/hub/jupyterhub_config.d may set."""
    selected = PulumiStack(stack)
    image = selected.outputs(show_secrets=False)["images"]["hub"]
    # Not through Rich, which would read the brackets of the options' types as its own markup.
    typer.echo(run_once(selected, image, ["python", "-m", "images.hub.options"]))


def _stack(stack: str) -> str:
    return "" if stack == "dev" else f" STACK={stack}"


def main() -> None:
    """Run a command; an expected failure is one sentence."""
    try:
        app()
    except PulumiError as error:
        _fail(str(error))
    except (DockerException, RequestException) as error:
        _fail(
            f"The Docker engine does not do what was asked of it: {error}. "
            "See that `docker version` answers, then run this again; it goes on from here."
        )


def _fail(sentence: str) -> NoReturn:
    console.print(sentence, style="red", markup=False, soft_wrap=True)
    raise SystemExit(1)


if __name__ == "__main__":
    main()
