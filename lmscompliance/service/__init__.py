"""The product as a service of its own, beside a platform: accounts, signing in, invitations, auditors' links.

``create_app`` is what a WSGI server is given (``lmscompliance.service:create_app``, a factory). Embedded in
a host nothing of this room is loaded but its tables: accounts are the host's then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["create_app"]


def create_app() -> Flask:
    """Return the app for a WSGI server; settings come from the environment (``service.app``)."""
    # Imported when it is called: who only needs the tables has not installed Flask-Login and argon2.
    from lmscompliance.service.app import create_app as create  # noqa: PLC0415  # as said above

    return create()
