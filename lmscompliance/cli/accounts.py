"""``lmscompliance accounts``: who may sign in to a service of its own."""

from __future__ import annotations

import getpass

import click

from lmscompliance.cli.environment import services
from lmscompliance.cli.language import language
from lmscompliance.cli.showing import listed, say
from lmscompliance.kernel.actor import Role
from lmscompliance.kernel.errors import NotFound
from lmscompliance.kernel.messages import text
from lmscompliance.service import directory
from lmscompliance.services import Services

_ROLE = click.option(
    "--role", type=click.Choice([one.value for one in directory.STAFF]), required=True, help="What they are."
)
_SCOPE = click.option(
    "--scope",
    default="",
    help="Credit code, class code or district, as the role has it; * for all districts.",
)


@click.group("accounts")
def group() -> None:
    """Invite, lock and unlock those who sign in to a service of its own, and say what they may do."""


@group.command("invite")
@click.argument("login")
@click.option("--name", required=True, help="The person's name.")
@_ROLE
@_SCOPE
def invite(login: str, name: str, role: str, scope: str) -> None:
    """Make an account for a member of staff and print its one-time link."""
    with services() as given:
        token = directory.invite(given, login=login, name=name, role=Role(role), scope=scope, by=_by())
        _link(given, token)


@group.command("list")
def list_() -> None:
    """List the staff's accounts and what they may do."""
    with services() as given:
        for one in listed(directory.staff(given)):
            state = "is_locked" if one.locked else "is_invited" if one.invited else "is_active"
            rights = ", ".join(f"{each.role.value}:{each.scope}".rstrip(":") for each in one.grants)
            click.echo(f"{one.login}  {one.name}  {text(f'service.{state}', language())}  {rights}")


@group.command("lock")
@click.argument("login")
def lock(login: str) -> None:
    """Keep an account out, at once and until it is unlocked."""
    with services() as given:
        directory.lock(given, directory.known_by_login(given, login).id, by=_by())
    say("cli.account_changed", login=login)


@group.command("unlock")
@click.argument("login")
def unlock(login: str) -> None:
    """Let a locked account in again and forget its wrong passwords."""
    with services() as given:
        directory.unlock(given, directory.known_by_login(given, login).id, by=_by())
    say("cli.account_changed", login=login)


@group.command("grant")
@click.argument("login")
@_ROLE
@_SCOPE
def grant(login: str, role: str, scope: str) -> None:
    """Give an account a role within a scope."""
    with services() as given:
        account = directory.known_by_login(given, login)
        directory.grant(given, account.id, role=Role(role), scope=scope, by=_by())
    say("cli.account_changed", login=login)


@group.command("revoke")
@click.argument("login")
@_ROLE
@click.option("--scope", help="Only this scope, as accounts list shows it.  [default: all of the role]")
def revoke(login: str, role: str, scope: str | None) -> None:
    """Take a role away, and end the sessions that act by it."""
    with services() as given:
        account = directory.known_by_login(given, login)
        chosen = [one for one in account.grants if one.role == role and scope in {None, one.scope}]
        if not chosen:
            raise NotFound("cli.no_grant", login=login, role=role)
        for one in chosen:
            directory.revoke(given, account.id, one.id, by=_by())
    say("cli.account_changed", login=login)


@group.command("reset", short_help="Make somebody choose a password anew.")
@click.argument("login")
def reset(login: str) -> None:
    """Take password and second factor away, end all sessions, and print a one-time link."""
    with services() as given:
        _link(given, directory.reset(given, directory.known_by_login(given, login).id, by=_by()))


def _link(given: Services, token: str) -> None:
    prefix = given.settings.public_url.rstrip("/") + given.settings.url_prefix.rstrip("/")
    days = directory.LINK_LIFETIME.days
    say("cli.account_link", address=f"{prefix}/invitation/{token}", days=days)


def _by() -> str:
    """Return who is at the command line, for the record."""
    return f"cli/{getpass.getuser()}"
