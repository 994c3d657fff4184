"""The product's configuration as one frozen, checked value.

Read once by ``init_app`` from the host's ``COMPLIANCE_*`` keys. A key we do not know, or a value of the
wrong kind, is refused at start-up with the remedy: a mistyped setting must not wait for an audit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from lmscompliance.kernel.errors import Misconfigured

PREFIX = "COMPLIANCE_"
_MOST_PROXIES = 10
_LEAST = 8  # characters of a password (NIST SP 800-63B, 3.1.1.2)
_BOOLEANS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting, with its meaning. The configuration key is ``COMPLIANCE_`` + the upper-case name."""

    data_dir: Path
    """Directory for keys, the embedded database and finished exports; created with mode 0700."""
    database_url: str = ""
    """SQLAlchemy URL; empty means SQLite at ``data_dir/compliance.sqlite3``."""
    secret_key: str = ""
    """Signs session tokens, forms and links; empty means the host's ``SECRET_KEY``."""
    trusted_proxies: int | None = None
    """How many proxies in front of us append to X-Forwarded-For. ``None``: the operator has not said, so
    no forwarded header is believed and each recorded address is the peer's own."""
    url_prefix: str = "/compliance"
    """Where the blueprint is mounted."""
    log_origin: str = "lmscompliance.invalid/log"
    """Name of the evidence log and of its key (C2SP tlog-checkpoint: a schema-less URL no space or plus)."""
    platform_name: str = "未命名平台"
    """The platform's name, printed on each ledger."""
    recognition_number: str = ""
    """The bureau's recognition number of this platform (notice T6), printed on each ledger."""
    locale: str = "zh_CN"
    """Language of people's texts when the actor has none: ``zh_CN`` or ``en``."""
    policy_dir: Path | None = None
    """Directory of further policy files (``*.toml``) of the platform's own bureau."""
    workdays_file: Path | None = None
    """A table of holidays and make-up working days for years that the product's own calendar lacks."""
    witnesses: Path | None = None
    """A trust policy (C2SP tlog-policy) whose ``witness`` lines with a URL name who is asked to cosign."""
    signer_url: str = ""
    """Where ``lmscompliance signer serve`` listens (``http://127.0.0.1:port`` or ``unix:///path``); empty
    means that this process signs, with a key in ``data_dir/signer``."""
    signer_token_file: Path | None = None
    """A file with the token that the signer demands; not needed on a Unix socket."""
    tsa_url: str = ""
    """Where an RFC 3161 authority stamps a checkpoint a day and each export (``https://…``); empty: none."""
    tsa_chain: Path | None = None
    """The authority's certificates (PEM), up to its root. Without it nothing it says can be checked here."""
    tsa_renew_days: int = 90
    """A timestamp is stamped again this many days before the first certificate it rests on expires."""
    vault_keys_file: Path | None = None
    """The vault's key ring; ``None`` for ``data_dir/vault.json``. Made at the first start."""
    vault_keys_command: str = ""
    """A command that prints the key ring, as one that asks a secret manager does; above
    ``vault_keys_file``."""
    vault_cipher: str = "AES-256-GCM"
    """What new encryption keys are for: ``AES-256-GCM`` or ``SM4-GCM``. Older values stay readable."""
    files_url: str = ""
    """Where uploaded files are kept, encrypted: ``s3://bucket/prefix``, or empty for ``data_dir/files``."""
    scanner_url: str = ""
    """The virus scanner asked about each upload (``clamd://host:port``, ``clamd:///path.socket``); empty:
    none, and the log says so with each upload."""
    verification: str = "offline"
    """How real names are verified: ``offline``, ``manual`` (people compare a photo), ``plugin`` (the host's
    own verifier) or the ``https://`` address of a provider."""
    verification_secret_file: Path | None = None
    """A file with the secret shared with the provider."""
    verification_elements: int = 2
    """What the provider is asked about: 2 (name and number) or 3 (and phone)."""
    upload_max_bytes: int = 20 * 1024 * 1024
    """Largest file that may be uploaded as a proof."""
    upload_max_pixels: int = 50_000_000
    """Most pixels a picture may have, asked before it is decoded."""
    public_url: str = ""
    """Service mode: the address people reach it by (``https://host``), for links; empty: the request's."""
    sms_sender: str = ""
    """Service mode: ``package.module:name`` of the SMS gateway's adapter; empty: nothing is sent."""
    totp_required: bool = True
    """Service mode: whether staff need a second factor."""
    password_min_length: int = 10
    """Service mode: the least length of a password, in characters."""
    breached_passwords: Path | None = None
    """Service mode: a file of passwords that are known to thieves, one a line."""
    session_idle_minutes: int = 60
    """Service mode: how long a session stays open unused."""
    session_hours: int = 12
    """Service mode: how long a session stays open at most."""
    exports_per_account: int = 50
    """How many ledgers an account may ask for in 24 hours."""
    exports_per_enterprise: int = 200
    """How many ledgers may be asked for in 24 hours of all classes of one enterprise."""
    layouts: Path | None = None
    """A file of further layouts of tables for comparison (docs/ledgers.md)."""
    fonts_dir: Path | None = None
    """A folder of fonts (.ttf, .otf, .ttc) for characters of names that the built-in one lacks."""
    link_minutes: int = 15
    """How long a download link of a ledger holds."""
    scheduler: bool = True
    """Whether this process may run the periodic jobs (any number may; a lease elects one)."""
    fast_lane: bool = True
    """Whether plain beats are answered in front of Flask; otherwise its view answers each of them."""
    beat_affinity: bool = True
    """Whether threads that take beats in a crowd are kept on one processor meanwhile (PostgreSQL, Linux)."""

    @classmethod
    def from_mapping(cls, config: Mapping[str, object]) -> Settings:
        """Build from ``config``'s ``COMPLIANCE_*`` keys; raises ``Misconfigured`` naming the key."""
        given = {
            key.removeprefix(PREFIX).lower(): value for key, value in config.items() if key.startswith(PREFIX)
        }
        unknown = sorted(given.keys() - {field.name for field in fields(cls)})
        if unknown:
            raise Misconfigured("kernel.unknown_setting", key=PREFIX + unknown[0].upper())
        if "data_dir" not in given:
            raise Misconfigured("kernel.missing_setting", key="COMPLIANCE_DATA_DIR")
        for name in (
            "data_dir",
            "policy_dir",
            "workdays_file",
            "witnesses",
            "signer_token_file",
            "tsa_chain",
            "verification_secret_file",
            "breached_passwords",
            "vault_keys_file",
            "layouts",
            "fonts_dir",
        ):
            if given.get(name) is not None:
                given[name] = Path(str(given[name])).expanduser().resolve()
        if not given.get("secret_key"):
            given["secret_key"] = config.get("SECRET_KEY") or ""
        settings = cls(**given)  # type: ignore[arg-type]  # each value's type is checked just below
        settings._check()
        return settings

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], **given: object) -> Settings:
        """Build from environment variables; ``given`` settings stand above. Raises ``Misconfigured``."""
        config: dict[str, object] = {key: value for key, value in environ.items() if key.startswith(PREFIX)}
        for field in fields(cls):
            key = PREFIX + field.name.upper()
            if key in config:
                config[key] = _parsed(key, str(config[key]), str(field.type))
        return cls.from_mapping(config | {PREFIX + name.upper(): value for name, value in given.items()})

    def _check(self) -> None:
        expectations: list[tuple[str, bool]] = [
            ("database_url", isinstance(self.database_url, str)),
            ("secret_key", isinstance(self.secret_key, str | bytes) and len(self.secret_key) > 0),
            (
                "trusted_proxies",
                self.trusted_proxies is None
                or (type(self.trusted_proxies) is int and 0 <= self.trusted_proxies <= _MOST_PROXIES),
            ),
            ("url_prefix", isinstance(self.url_prefix, str) and self.url_prefix.startswith("/")),
            (
                "log_origin",
                isinstance(self.log_origin, str)
                and bool(self.log_origin)
                and not any(c.isspace() or c == "+" for c in self.log_origin),
            ),
            ("platform_name", isinstance(self.platform_name, str)),
            ("recognition_number", isinstance(self.recognition_number, str)),
            ("locale", self.locale in {"zh_CN", "en"}),
            ("signer_url", isinstance(self.signer_url, str)),
            ("tsa_url", self.tsa_url == "" or str(self.tsa_url).startswith(("http://", "https://"))),
            ("tsa_renew_days", type(self.tsa_renew_days) is int and self.tsa_renew_days > 0),
            ("vault_keys_command", isinstance(self.vault_keys_command, str)),
            ("vault_cipher", self.vault_cipher in {"AES-256-GCM", "SM4-GCM"}),
            ("files_url", isinstance(self.files_url, str)),
            ("scanner_url", isinstance(self.scanner_url, str)),
            (
                "verification",
                isinstance(self.verification, str)
                and (
                    self.verification in {"offline", "manual", "plugin"}
                    or self.verification.startswith(("http://", "https://"))
                ),
            ),
            ("verification_elements", self.verification_elements in {2, 3}),
            ("upload_max_bytes", type(self.upload_max_bytes) is int and self.upload_max_bytes > 0),
            ("upload_max_pixels", type(self.upload_max_pixels) is int and self.upload_max_pixels > 0),
            ("public_url", isinstance(self.public_url, str)),
            ("sms_sender", isinstance(self.sms_sender, str)),
            ("totp_required", isinstance(self.totp_required, bool)),
            (
                "password_min_length",
                _at_least(_LEAST, self.password_min_length),
            ),
            (
                "session_idle_minutes",
                _at_least(1, self.session_idle_minutes),
            ),
            ("session_hours", _at_least(1, self.session_hours)),
            ("exports_per_account", _at_least(0, self.exports_per_account)),
            ("exports_per_enterprise", _at_least(0, self.exports_per_enterprise)),
            ("link_minutes", _at_least(1, self.link_minutes)),
            ("scheduler", isinstance(self.scheduler, bool)),
            ("fast_lane", isinstance(self.fast_lane, bool)),
            ("beat_affinity", isinstance(self.beat_affinity, bool)),
        ]
        for name, holds in expectations:
            if not holds:
                raise Misconfigured("kernel.bad_setting", key=PREFIX + name.upper())

    @property
    def effective_database_url(self) -> str:
        """The database URL with the default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir / 'compliance.sqlite3'}"

    @property
    def export_dir(self) -> Path:
        """Where finished ledgers stand; a file gets its final name only when it is whole."""
        return self.data_dir / "exports"


def _at_least(least: int, value: object) -> bool:
    return type(value) is int and value >= least


def _parsed(key: str, text: str, kind: str) -> object:
    try:
        if kind == "bool":
            return _BOOLEANS[text.strip().lower()]
        return int(text) if kind.startswith("int") else text
    except (ValueError, KeyError):
        raise Misconfigured("kernel.bad_setting", key=key) from None
