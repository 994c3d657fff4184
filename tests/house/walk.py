"""Service mode's app over the world's two classes, with an account and a session for whoever calls."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flask.testing import FlaskClient
from sqlalchemy import select

from lmscompliance import Compliance
from lmscompliance.identity.models import Account
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.learning.origin import Origin
from lmscompliance.service import directory, links, sessions
from lmscompliance.service.app import build_app
from lmscompliance.services import Services
from lmscompliance.storage.transaction import transaction
from lmscompliance.web import Route
from lmscompliance.web.csrf import make_token
from tests.house.world import Party, World

NOWHERE = "0" * 26
AGENT = "Walk/1"
ORIGIN = "https://walk.example"


class Walk:
    """Calls a route as somebody, on objects made for that call: a call may use them up."""

    def __init__(self, services: Services, world: World) -> None:
        self.services = services
        self.world = world
        self.accounts: dict[str, str] = {}
        self.count = 0
        settings = services.settings
        self.app = build_app(
            {
                "COMPLIANCE_DATA_DIR": settings.data_dir,
                "COMPLIANCE_DATABASE_URL": str(
                    services.database.engine.url.render_as_string(hide_password=False)
                ),
                "COMPLIANCE_SECRET_KEY": settings.secret_key,
            },
            Compliance(clock=services.clock),
        )
        self.app.extensions["compliance"].schema_known = True

    def objects(self, kind: str = "own") -> dict[str, str]:
        """Return new objects of my class, of theirs, or of nobody."""
        if kind == "missing":
            return dict.fromkeys(("login_id", "grant_id", "class_id", "link_id", "token"), NOWHERE)
        party: Party = self.world.mine if kind == "own" else self.world.theirs
        class_id = party.objects["class_id"]
        self.count += 1
        with transaction(self.services.database) as session:
            made = directory.make(
                session, self.services, login=f"somebody-{self.count}", name="某人", person_id=None
            )
            directory.give(session, self.services, made, role=Role.INSPECTOR, scope="*", by="walk")
            (grant,) = directory.grants_of(session, made.id)
        token = links.make(self.services, self.world.administrator, class_id, holder="审计", days=1)
        return {
            "login_id": made.id,
            "grant_id": grant.id,
            "class_id": class_id,
            "link_id": links.listed(self.services, class_id)[0].id,
            "token": token,
        }

    def visit(self, route: Route) -> Iterator[int]:
        """Yield what is wrong for a browser that nobody signed in with."""
        client = self.app.test_client()
        status = client.open(self._path(route, self.objects("missing")), method=route.method, base_url=ORIGIN)
        # A form without its token is refused; a page is there, or says that the link is none, or sends on.
        if status.status_code not in ({403} if route.method == "POST" else {200, 302, 410}):
            yield status.status_code

    def call(self, route: Route, actor: Actor | None, objects: dict[str, str], *, csrf: bool = True) -> int:
        """Return the status of one call in a session of its own."""
        client = self.app.test_client()
        client.environ_base["HTTP_USER_AGENT"] = AGENT
        form = {}
        if actor is not None:
            login_id, grant_id = self._login(actor)
            self._enter(client, actor, login_id)
            form = {"grant": grant_id}
            if csrf:
                form["csrf_token"] = make_token(self.services, login_id)
        path = self._path(route, objects)
        with client.open(path, method=route.method, data=form, base_url=ORIGIN) as answer:
            return answer.status_code

    def _path(self, route: Route, objects: dict[str, str]) -> str:
        return "/compliance" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: objects[found[1]], route.rule)

    def _login(self, actor: Actor) -> tuple[str, str]:
        with transaction(self.services.database) as session:
            if actor.account not in self.accounts:
                person = session.scalar(select(Account.person_id).where(Account.external_id == actor.account))
                made = directory.make(
                    session, self.services, login=actor.account, name=actor.account, person_id=person
                )
                scope = actor.enterprise or next(iter(actor.districts | actor.classes), "")
                directory.give(session, self.services, made, role=actor.role, scope=scope, by="walk")
                self.accounts[actor.account] = made.id
            login_id = self.accounts[actor.account]
            return login_id, directory.grants_of(session, login_id)[0].id

    def _enter(self, client: FlaskClient, actor: Actor, login_id: str) -> None:
        with transaction(self.services.database) as session:
            token = sessions.begin(
                session,
                self.services,
                Origin("127.0.0.1", AGENT),
                stage=sessions.FULL,
                role=actor.role,
                scope=actor.enterprise or "",
                login_id=login_id,
            )
        with client.session_transaction(base_url=ORIGIN) as cookie:
            cookie["_user_id"] = token
            cookie["_fresh"] = True
