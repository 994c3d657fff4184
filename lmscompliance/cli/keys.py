"""``lmscompliance keys``: see the vault's keys, add, change and retire them while everything goes on."""

from __future__ import annotations

import click

from lmscompliance.cli.environment import services
from lmscompliance.cli.language import language
from lmscompliance.cli.showing import bar, say
from lmscompliance.kernel.messages import text
from lmscompliance.rekeying import service
from lmscompliance.vault.keys import Kind

_kind = click.option(
    "--kind",
    type=click.Choice([one.value for one in Kind]),
    default=Kind.ENCRYPTION.value,
    show_default=True,
    help="Keys that encrypt, or keys of the blind index.",
)


@click.group("keys")
def group() -> None:
    """Change the keys that personal values are encrypted with."""


@group.command("list")
def listing() -> None:
    """List the keys, and how many values each of them made."""
    with services() as given:
        for one in service.listed(given):
            state = text("cli.key_current" if one.current else "cli.key_other", language())
            cipher = one.cipher or "HMAC-SHA-256"
            click.echo(f"{one.kind.value:<10}  {one.id:>5}  {cipher:<12}  {one.used:>9}  {state}")


@group.command("add")
@_kind
@click.option(
    "--print",
    "printed",
    is_flag=True,
    help="Print the ring with the new key for a secret manager; change nothing.",
)
def add(kind: str, *, printed: bool) -> None:
    """Add a key that is not used yet.

    Hand the key ring to every other host before keys rotate.
    """
    with services() as given:
        if printed:
            click.echo(service.with_another(given, Kind(kind)).text())
        else:
            say("cli.key_added", id=service.add(given, Kind(kind)))


@group.command("rotate")
@_kind
def rotate(kind: str) -> None:
    """Use the newest key and make everything anew with it.

    Goes on while people learn; may be interrupted, and run again.
    """
    with services() as given, bar("rekeying") as progress:
        done = service.rotate(given, Kind(kind), lambda now, total: progress("rotate", now, total))
    say("cli.keys_rotated", id=done.current, replaced=done.replaced)
    for name, many in done.remaining.items():
        say("cli.keys_remaining", name=name, count=many)


@group.command("retire")
@click.argument("number", type=int)
@_kind
def retire(number: int, kind: str) -> None:
    """Remove key NUMBER once no row needs it."""
    with services() as given:
        removed = service.retire(given, Kind(kind), number)
    say("cli.key_retired" if removed else "cli.key_unneeded", id=number)
