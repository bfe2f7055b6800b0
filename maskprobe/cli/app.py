"""The `maskprobe` command and its options that belong to no one command."""

from __future__ import annotations

from typing import Annotated

import typer

from maskprobe.cli import check, explain, fix, matrix, merge, minimize, rule, trace, verify_loss
from maskprobe.cli.plain_values import PlainCommand, PlainGroup
from maskprobe.cli.version import version_lines

app = typer.Typer(
    name="maskprobe",
    cls=PlainGroup,
    help="Shows where padding gets into a Keras model: follows the mask through every layer call of a saved model.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    # Rich help pages would double the time that --help takes.
    rich_markup_mode=None,
)


def _print_version(value: bool) -> None:
    if value:
        typer.echo("\n".join(version_lines()))
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            "-V",
            callback=_print_version,
            is_eager=True,
            help="Print the versions of maskprobe, Python, TensorFlow, Keras and tf_keras, and exit.",
        ),
    ] = False,
) -> None:
    """Options of the program itself are handled by their callbacks."""
    del version


app.command(
    "trace", cls=PlainCommand, short_help="Follow the masks of one model, and say what is wrong.", epilog=trace.EPILOG
)(trace.trace)
app.command("check", cls=PlainCommand, short_help="Look at many saved models: for CI.", epilog=check.EPILOG)(
    check.check
)
app.command("merge", cls=PlainCommand, short_help="Put the results of several checks together.", epilog=merge.EPILOG)(
    merge.merge
)
app.command(
    "verify-loss", cls=PlainCommand, short_help="See whether the loss leaves padding out.", epilog=trace.EPILOG
)(verify_loss.verify_loss)
app.command("matrix", cls=PlainCommand, short_help="See what another Keras would change.", epilog=matrix.EPILOG)(
    matrix.matrix
)
app.command("fix", cls=PlainCommand, short_help="Write a mended model, once it is proved.", epilog=fix.EPILOG)(fix.fix)
app.command("explain", cls=PlainCommand, short_help="Tell the whole story of one call.")(explain.explain)
app.command("minimize", cls=PlainCommand, short_help="Write the smallest script that shows a finding.")(
    minimize.minimize
)
app.command("rule", cls=PlainCommand)(rule.rule)


def main() -> None:
    """Run the command line."""
    app()
