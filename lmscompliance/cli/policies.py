"""``lmscompliance policy``: notices as the product understands them. Needs no settings and no database."""

from __future__ import annotations

import os
from pathlib import Path

import click

from lmscompliance.cli.language import language
from lmscompliance.cli.showing import dump
from lmscompliance.policy import Catalogue
from lmscompliance.policy.report import check_file, list_policies, show_policy

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("policy")
def group() -> None:
    """List, show and check notices.

    COMPLIANCE_POLICY_DIR, where set, adds the platform's own.
    """


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_(*, as_json: bool) -> None:
    """List every notice there is."""
    found = list_policies(_catalogue())
    if as_json:
        dump(found.to_json())
    else:
        _print(found.lines(language()))


@group.command("show")
@click.argument("policy_id", metavar="ID")
@click.option("--version", type=int, help="Which version.  [default: the latest]")
@click.option("--json", "as_json", is_flag=True, help="Print the exact text that the digest is of.")
def show(policy_id: str, version: int | None, *, as_json: bool) -> None:
    """Show one notice: every value with its clause or its rationale."""
    view = show_policy(_catalogue(), policy_id, version)
    if as_json:
        click.echo(view.notice.effective_json().decode())
    else:
        _print(view.lines(language()))


@group.command("check", short_help="Check a policy file; problems are named with their lines.")
@click.argument("file", type=_FILE)
@click.option("--notice", "full_text", type=_FILE, help="The notice's text: each quote must stand in it.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
@click.pass_context
def check(context: click.Context, file: Path, full_text: Path | None, *, as_json: bool) -> None:
    """Check a policy file; each problem is named with its line, and the exit code is 1."""
    checked = check_file(file, full_text, lambda name: _catalogue().find(name))
    if as_json:
        dump(checked.to_json())
    else:
        _print(checked.lines(language()))
    context.exit(0 if checked.ok else 1)


def _print(lines: list[str]) -> None:
    click.echo("\n".join(lines))


def _catalogue() -> Catalogue:
    catalogue = Catalogue.builtin()
    directory = os.environ.get("COMPLIANCE_POLICY_DIR")
    return catalogue.with_directory(Path(directory).expanduser()) if directory else catalogue
