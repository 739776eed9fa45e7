"""lint: what is dangerous in revision files, for people, for programs, and for pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from console.cli.context import pass_console, target_of, target_option
from console.cli.lint_formats import FORMATS
from console.cli.output import AS_JSON, WRITTEN, Reporter, echo, json_option, say

if TYPE_CHECKING:
    from console.hazards.hazard import Severity
    from console.mount import Console


@click.command()
@click.argument("revisions", metavar="[REVISION]...", nargs=-1)
@target_option
@click.option(
    "--since", metavar="REVISION", help="Judge everything that this one does not rest on."
)
@click.option(
    "--git-base",
    metavar="REF",
    help="Judge the files that are not as they were where this branch left REF.",
)
@click.option(
    "--format", "form", type=click.Choice(sorted(FORMATS)), default="text", help="How to print it."
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning"]),
    default="error",
    help="From which severity on to exit with status 1.",
)
@click.option(
    "--rehearse", "is_rehearsed", is_flag=True, help="Run what is pending on a clone first."
)
@json_option
@pass_console
@click.pass_context
def lint(
    ctx: click.Context,
    console: Console,
    revisions: tuple[str, ...],
    target: str | None,
    since: str | None,
    git_base: str | None,
    form: str,
    fail_on: Severity,
    is_rehearsed: bool,
    as_json: bool,
) -> None:
    """Look for dangers in revisions.

    REVISION is an id or its beginning, or a label; without any, those that are pending. The files are
    read and not run. Exits with status 1 if something is found that the file does not accept.
    """
    from console.services.lint import lint as judge  # it brings every rule with it

    if bool(revisions) + (since is not None) + (git_base is not None) > 1:
        raise click.UsageError("Name revisions, or --since, or --git-base: one of them.")
    form = "json" if as_json else form
    ctx.meta[AS_JSON] = form == "json"
    chosen = target_of(console, target)
    workspace = console.settings.workspace if is_rehearsed else None
    with Reporter() as progress:
        report = judge(
            chosen,
            revisions=revisions,
            since=since,
            git_base=git_base,
            workspace=workspace,
            progress=progress,
        )
    text = FORMATS[form](report)
    ctx.meta[WRITTEN] = True
    if text:
        echo(text)
    count = len(report.revisions)
    say(
        f"{count} revision{'' if count == 1 else 's'} judged, "
        f"{len(report.findings)} finding{'' if len(report.findings) == 1 else 's'}."
    )
    ctx.exit(1 if report.fails(fail_on) else 0)
