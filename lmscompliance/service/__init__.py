"""The product as a service of its own, beside a platform: accounts, signing in, invitations, auditors' links.

``create_app`` is what a WSGI server is given (``lmscompliance.service:create_app``, a factory). Embedded in
a host nothing of this room is loaded: accounts are the host's then.
"""

from lmscompliance.service.app import build_app, create_app

__all__ = ["build_app", "create_app"]
