"""Mistakes in declaring a route are caught when it is declared."""

from __future__ import annotations

import pytest

from lmscompliance.kernel.actor import Role
from lmscompliance.web import Access, Routes


def test_no_role_is_implied() -> None:
    """A route with no role at all is a mistake that is caught when it is declared."""
    with pytest.raises(ValueError, match="at least one role"):
        Access()


def test_endpoints_are_unique_in_a_room() -> None:
    """Two routes under one endpoint name are refused with the remedy."""
    routes = Routes()
    routes.get("/a", endpoint="a", access=Access(Role.TRAINEE))(lambda: "")
    with pytest.raises(ValueError, match="its own name"):
        routes.post("/a", endpoint="a", access=Access(Role.TRAINEE))
