"""`tfkms completion`: what a shell needs to complete commands and options."""

import click
from click.shell_completion import get_completion_class

from tfkms.cli.output import write

PROGRAM, VARIABLE = "tfkms", "_TFKMS_COMPLETE"
SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Print the completion for a shell, for its start-up file: `eval "$(tfkms completion bash)"`.

    In fish: `tfkms completion fish | source`.
    """
    made = get_completion_class(shell)
    assert made is not None
    complete = made(context.find_root().command, {}, PROGRAM, VARIABLE)
    # `complete.source()` would run bash to look at its version first.
    write(complete.source_template % complete.source_vars() + "\n")
    return 0
