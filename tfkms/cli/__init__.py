"""The command line: arguments, environment, standard streams and exit codes, here and nowhere else."""

import click

from tfkms import __version__
from tfkms.cli.group import Commands


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "TFKMS"})
@click.version_option(__version__, prog_name="tfkms")
def main() -> None:
    """Checks AWS KMS key policies and IAM policies in Terraform plans against eight guardrails, before apply."""
