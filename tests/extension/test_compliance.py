"""Living inside a host: any number of apps, nothing of the host replaced, mistakes named."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from flask import Flask
from flask_login import LoginManager
from sqlalchemy import select

from lmscompliance import Compliance
from lmscompliance.extension import wiring
from lmscompliance.extension.periodic import Periodic
from lmscompliance.jobs import leases
from lmscompliance.jobs.models import LeaseRow
from lmscompliance.jobs.moment import database_now
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.services import Services
from lmscompliance.storage import migrate
from lmscompliance.storage.transaction import reading
from tests.support.patience import PATIENCE_SECONDS


def _host(tmp_path: Path, name: str = "host", **config: object) -> Flask:
    app = Flask(name)
    app.config.update(SECRET_KEY="host-secret", COMPLIANCE_DATA_DIR=tmp_path / name, TESTING=True, **config)
    return app


def _nobody() -> Actor | None:
    return None


def _migrated(tmp_path: Path) -> tuple[Compliance, Flask]:
    compliance, app = Compliance(), _host(tmp_path)
    compliance.init_app(app, _nobody)
    migrate.upgrade(compliance.services(app).database)
    return compliance, app


def _dispose(compliance: Compliance, *apps: Flask) -> None:
    for app in apps:
        compliance.services(app).database.dispose()


def test_one_object_serves_two_apps_that_share_nothing(tmp_path: Path) -> None:
    """State belongs to the app: each has its own services, database and keys."""
    compliance = Compliance()
    first, second = _host(tmp_path, "first"), _host(tmp_path, "second", COMPLIANCE_URL_PREFIX="/px")
    compliance.init_app(first, _nobody)
    compliance.init_app(second, _nobody)
    assert compliance.services(first) is not compliance.services(second)
    assert compliance.services(first).vault is not compliance.services(second).vault
    rules = {rule.rule.split("/")[1] for rule in second.url_map.iter_rules() if "compliance" in rule.endpoint}
    assert rules == {"px"}
    _dispose(compliance, first, second)


def test_a_second_init_app_names_the_remedy(tmp_path: Path) -> None:
    """Initialising one app twice is refused."""
    compliance, app = Compliance(), _host(tmp_path)
    compliance.init_app(app, _nobody)
    with pytest.raises(Misconfigured, match="once an app"):
        Compliance().init_app(app, _nobody)
    _dispose(compliance, app)


def test_an_app_we_have_not_seen_names_the_remedy(tmp_path: Path) -> None:
    """Asking for the services of a foreign app is refused."""
    with pytest.raises(Misconfigured, match="init_app"):
        Compliance().services(_host(tmp_path))


@pytest.mark.parametrize(
    "config",
    [
        {"COMPLIANCE_TRUSTED_PROXYS": 1},
        {"COMPLIANCE_TRUSTED_PROXIES": "1"},
        {"COMPLIANCE_FONTS_DIR": "/absent"},
        {"COMPLIANCE_URL_PREFIX": "compliance"},
        {"SECRET_KEY": None},
    ],
)
def test_a_wrong_setting_stops_the_start(tmp_path: Path, config: dict) -> None:
    """A mistyped or misused setting is named at start-up."""
    app = _host(tmp_path)
    app.config.update(config)
    with pytest.raises(Misconfigured):
        Compliance().init_app(app, _nobody)


def test_an_empty_database_is_refused_with_the_remedy_until_it_is_migrated(tmp_path: Path) -> None:
    """Start-up never migrates: requests say what to run, and work as soon as it was run."""
    compliance, app = Compliance(), _host(tmp_path)
    compliance.init_app(app, lambda: Actor("me", Role.TRAINEE))
    answer = app.test_client().get("/compliance/")
    assert answer.status_code == 500
    assert "lmscompliance db upgrade" in answer.text
    with app.test_client().get("/compliance/static/compliance.css") as static:
        assert static.status_code == 200
    migrate.upgrade(compliance.services(app).database)
    assert app.test_client().get("/compliance/").status_code == 200
    _dispose(compliance, app)


def test_nothing_of_the_host_is_touched(tmp_path: Path) -> None:
    """The host's login manager, error pages, templates' names and routes are as they were."""
    app = _host(tmp_path)
    manager = LoginManager(app)
    manager.user_loader(lambda _: None)
    app.register_error_handler(404, lambda _: ("the host's own 404", 404))
    options = dict(app.jinja_options)
    compliance = Compliance()
    compliance.init_app(app, _nobody)
    assert app.login_manager is manager
    assert app.test_client().get("/nowhere").text == "the host's own 404"
    assert app.jinja_options == options
    assert "jinja_env" not in vars(app), "the host may still set Jinja options"
    for hooks in (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs):
        assert not [hook for hook in hooks.get(None, []) if hook.__module__.startswith("lmscompliance")]
    assert not [
        handler
        for handlers in app.error_handler_spec.get(None, {}).values()
        for handler in handlers.values()
        if handler.__module__.startswith("lmscompliance")
    ]
    with app.test_request_context("/nowhere"):
        context: dict = {}
        app.update_template_context(context)
        ours = {name for name in context if name not in {"g", "request", "session", "current_user"}}
        assert all(name.startswith("compliance_") for name in ours)
    _dispose(compliance, app)


def test_jobs_run_under_their_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that another process is running is left to it; afterwards it runs again."""
    compliance, app = _migrated(tmp_path)
    runs = []
    monkeypatch.setattr(wiring, "periodic_jobs", lambda **_: [Periodic("count", 5, runs.append)])
    with leases.held(compliance.services(app), "periodic/count", seconds=60):
        compliance.run_jobs(app)
        assert runs == []
    compliance.run_jobs(app)
    assert runs == [compliance.services(app)]
    _dispose(compliance, app)


def test_a_prompt_job_waits_for_no_dead_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lease ends within seconds, should the process be killed in it; it runs as the scheduler starts."""
    compliance, app = _migrated(tmp_path)
    ran = threading.Event()

    def tell(services: Services) -> None:
        with reading(services.database) as session:
            assert session.scalars(select(LeaseRow.expires_us - database_now())).one() <= 15_000_000
        ran.set()

    monkeypatch.setattr(wiring, "periodic_jobs", lambda **_: [Periodic("tell", 3600, tell, prompt=True)])
    scheduler = compliance.start_scheduler(app)
    assert scheduler is not None
    try:
        assert ran.wait(PATIENCE_SECONDS)
    finally:
        scheduler.shutdown(wait=True)
    _dispose(compliance, app)


def test_a_failing_job_is_told_to_its_caller_and_frees_its_lease(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``run_jobs`` raises; the lease is free for the next run."""
    compliance, app = _migrated(tmp_path)

    def broken(_services: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(wiring, "periodic_jobs", lambda **_: [Periodic("broken", 5, broken)])
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            compliance.run_jobs(app)
    _dispose(compliance, app)


def test_the_scheduler_starts_only_when_asked_and_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scheduler runs jobs in the background, survives a failing one, and can be switched off."""
    compliance, app = _migrated(tmp_path)
    twice = threading.Event()
    runs = []

    def flaky(_services: object) -> None:
        runs.append(1)
        if len(runs) == 2:
            twice.set()
        raise ZeroDivisionError

    monkeypatch.setattr(wiring, "periodic_jobs", lambda **_: [Periodic("flaky", 1, flaky)])
    scheduler = compliance.start_scheduler(app)
    assert scheduler is not None
    try:
        assert twice.wait(PATIENCE_SECONDS)
    finally:
        scheduler.shutdown(wait=True)
    silent = _host(tmp_path, "silent", COMPLIANCE_SCHEDULER=False)
    compliance.init_app(silent, _nobody)
    assert compliance.start_scheduler(silent) is None
    _dispose(compliance, app, silent)
