"""``lmscompliance policy``: notices as the product understands them. Needs no settings and no database."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from lmscompliance.cli.language import language
from lmscompliance.cli.showing import dump, say
from lmscompliance.policy import Catalogue, Notice, load_file


@click.group("policy")
def group() -> None:
    """List, show and check notices.

    COMPLIANCE_POLICY_DIR, where set, adds the platform's own.
    """


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_(*, as_json: bool) -> None:
    """List every notice there is."""
    notices = _catalogue().all()
    if as_json:
        dump([_summary(notice) for notice in notices])
        return
    for notice in notices:
        until = notice.effective_to.isoformat() if notice.effective_to else ""
        click.echo(
            f"{notice.id}  v{notice.version}  {notice.status}  "
            f"{notice.effective_from.isoformat()}–{until}  {notice.document}  {notice.title}"
        )


@group.command("show")
@click.argument("policy_id", metavar="ID")
@click.option("--version", type=int, help="Which version.  [default: the latest]")
@click.option("--json", "as_json", is_flag=True, help="Print the exact text that the digest is of.")
def show(policy_id: str, version: int | None, *, as_json: bool) -> None:
    """Show one notice: every value with its clause or its rationale."""
    notice = _catalogue().get(policy_id, version)
    effective = notice.effective_json().decode()
    if as_json:
        click.echo(effective)
        return
    for name, value in _summary(notice).items():
        click.echo(f"{name}: {value}")
    for key, given in json.loads(effective)["parameters"].items():
        click.echo(f"\n{key} = {json.dumps(given['value'], ensure_ascii=False)}")
        click.echo(f"    {notice.cite(key, language())}  {given.get('quote') or given.get('rationale', '')}")


@group.command("check", short_help="Check a policy file; problems are named with their lines.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(file: Path) -> None:
    """Check a policy file; each problem is named with its line, and the exit code is 1."""
    notice = load_file(file)
    say("cli.policy_good", file=file, id=notice.id, version=notice.version, digest=notice.digest)


def _catalogue() -> Catalogue:
    catalogue = Catalogue.builtin()
    directory = os.environ.get("COMPLIANCE_POLICY_DIR")
    return catalogue.with_directory(Path(directory).expanduser()) if directory else catalogue


def _summary(notice: Notice) -> dict[str, str | int | None]:
    return {
        "id": notice.id,
        "version": notice.version,
        "status": notice.status,
        "title": notice.title,
        "document": notice.document,
        "effective_from": notice.effective_from.isoformat(),
        "effective_to": notice.effective_to.isoformat() if notice.effective_to else None,
        "digest": notice.digest,
    }
