"""The Flask toolkit every room's ``views.py`` is written with.

A view parses, calls one service and renders; who may come in is declared where the route is
(``Routes``, ``Access``), so that one test can walk them all. Nothing here touches the host's app: the
guards, the CSRF token and the error pages belong to our own blueprint.
"""

from lmscompliance.web.access import PUBLIC, TOKEN, VISITOR, Access, Open, Scope
from lmscompliance.web.addresses import client_ip, user_agent
from lmscompliance.web.bodies import Body, json_body
from lmscompliance.web.csrf import csrf_token
from lmscompliance.web.pages import page_number, redirect_to, render, t, url
from lmscompliance.web.posted import posted_day, posted_list
from lmscompliance.web.problems import problem
from lmscompliance.web.routes import Route, Routes
from lmscompliance.web.state import AppState, current_actor, current_services, locale

__all__ = [
    "PUBLIC",
    "TOKEN",
    "VISITOR",
    "Access",
    "AppState",
    "Body",
    "Open",
    "Route",
    "Routes",
    "Scope",
    "client_ip",
    "csrf_token",
    "current_actor",
    "current_services",
    "json_body",
    "locale",
    "page_number",
    "posted_day",
    "posted_list",
    "problem",
    "redirect_to",
    "render",
    "t",
    "url",
    "user_agent",
]
