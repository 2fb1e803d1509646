"""What an operator reads after `make up`."""

from hubctl.pulumi_stack import PulumiStack


def text(stack: PulumiStack, *, show_secrets: bool) -> str:
    """Where the hub is and how to log in; passwords only where a person reads, not where a log is kept."""
    outputs = stack.outputs(show_secrets=show_secrets)
    lines = [f"\n[bold]JupyterHub is at {outputs['url']}[/]"]
    if show_secrets:
        lines += [
            f"  Password for everybody: [bold]{outputs['user_password']}[/]",
            f"  Password for admins:    [bold]{outputs['admin_password']}[/]",
        ]
    else:
        command = f"pulumi stack output --stack {stack.name} --show-secrets"
        lines += [f"  Passwords: {command} user_password (for everybody), admin_password (for admins)"]
    if outputs.get("ca_certificate_pem"):
        lines += [
            "  The browser warns until it knows the site's own authority. To import it:",
            f"  pulumi stack output --stack {stack.name} ca_certificate_pem > ca.pem",
        ]
    lines += ["  pulumi and its settings in this shell: " + r'eval "$(make -s env)"']
    return "\n".join(lines)
