"""The host platform itself: a login, a course list, a lesson page with the tracker in it.

This is the embedder's view, so nothing but the public face of the package is imported here; an import
contract holds that.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, abort, flash, redirect, render_template, request, send_from_directory, url_for
from flask_login import LoginManager, current_user, login_required, login_user, logout_user

from lmscompliance import Actor, Compliance, Role
from lmscompliance.demo.accounts import HostStore, HostUser

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

PLATFORM_NAME = "示范学堂（演示平台）"


def create_app(data_dir: Path, compliance: Compliance | None = None, policy_dir: Path | None = None) -> Flask:
    """Return the demo platform over ``data_dir``, with the extension installed at ``/compliance``.

    ``policy_dir`` holds policy files beside the built-in ones.
    """
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=_secret(data_dir / "host.secret"),
        SESSION_COOKIE_SAMESITE="Lax",
        COMPLIANCE_DATA_DIR=data_dir,
        COMPLIANCE_PLATFORM_NAME=PLATFORM_NAME,
        COMPLIANCE_RECOGNITION_NUMBER="示范-2021-001",
        COMPLIANCE_LOG_ORIGIN="demo.lmscompliance.invalid/log",
        COMPLIANCE_TRUSTED_PROXIES=0,
        COMPLIANCE_POLICY_DIR=policy_dir,
    )
    store = HostStore(data_dir / "host.sqlite3")
    app.extensions["demo_store"] = store
    _install_login(app, store)
    _install_pages(app, store)
    (compliance or Compliance()).init_app(app, actor_loader=_actor)
    return app


def _secret(path: Path) -> str:
    # Created with O_EXCL semantics: if two processes start at once, the second reads the first's.
    try:
        with path.open("x", encoding="ascii") as file:
            path.chmod(0o600)
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii")


def _actor() -> Actor | None:
    """Translate the host's user; this function is all the extension ever learns about it."""
    if not current_user.is_authenticated:
        return None
    return Actor(
        account=current_user.login,
        role=Role(current_user.role),
        enterprise=current_user.enterprise,
        districts=current_user.districts,
    )


def _install_login(app: Flask, store: HostStore) -> None:
    manager = LoginManager(app)
    manager.login_view = "login"
    manager.login_message = "请先登录。"

    @manager.user_loader  # type: ignore[untyped-decorator]  # Flask-Login ships no types
    def load(login: str) -> HostUser | None:
        return store.user(login)

    @app.route("/login", methods=["GET", "POST"])
    def login() -> Response | str:
        if request.method == "POST":
            user = store.check(request.form.get("login", ""), request.form.get("password", ""))
            if user is not None:
                login_user(user)
                target = request.args.get("next", "")
                # Only paths of our own: a full address would make this an open redirect.
                own = target.startswith("/") and not target.startswith(("//", "/\\"))
                return redirect(target if own else url_for("home"))
            flash("账号或密码不对，请重新输入。")
        return render_template("login.html")

    @app.post("/logout")
    @login_required  # type: ignore[untyped-decorator]  # as above
    def logout() -> Response:
        logout_user()
        return redirect(url_for("login"))


def _install_pages(app: Flask, store: HostStore) -> None:
    @app.get("/")
    @login_required  # type: ignore[untyped-decorator]  # as above
    def home() -> str:
        return render_template("home.html", courses=store.courses(), trainee=current_user.role == "trainee")

    @app.get("/courses/<slug>")
    @login_required  # type: ignore[untyped-decorator]  # as above
    def course(slug: str) -> str:
        found = store.course(slug)
        if found is None:
            abort(404)
        return render_template("course.html", course=found)

    @app.get("/media/<path:name>")
    def media(name: str) -> Response:
        # conditional=True answers byte ranges, without which phones cannot seek in a video
        return send_from_directory(Path(__file__).parent / "media", name, conditional=True, max_age=86400)
