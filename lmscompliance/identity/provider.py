"""A verifier behind HTTP: signed questions, signed answers, bounded time, and a pause when it is down.

The request is ``POST`` with a JSON body; its signature is the hex HMAC-SHA256, under the shared secret, of
method, path, timestamp, nonce and the body's SHA-256, a line each. The answer is signed alike, over the word
``answer``, the nonce of the question and the SHA-256 of its own body, so it cannot be another question's. An
answer that is not signed, not ours, not whole or at odds with itself is none: the question stays open.
"""

from __future__ import annotations

import hmac
import json
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from urllib.parse import urlsplit, urlunsplit

from lmscompliance.identity.verification import HTTP
from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.kernel.logs import logger
from lmscompliance.kernel.verification import FAILED, PASSED, PENDING, Answer, Question
from lmscompliance.outbound.exchange import Bounds, NoAnswer, exchange

_log = logger(__name__)

_MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """How patient we are: seconds for one question whole, failures in a row until a pause, and its length."""

    seconds: float = 8.0
    failures: int = 5
    pause_seconds: int = 60


class HttpVerifier:
    """Asks one address about two (name, number) or three elements (and phone)."""

    method = HTTP

    def __init__(self, url: str, secret: bytes, *, elements: int = 2, limits: Limits | None = None) -> None:
        """Ask at ``url`` with ``secret``; raises ``Misconfigured`` for what cannot be asked."""
        parts = urlsplit(url)
        local = parts.hostname in {"127.0.0.1", "::1", "localhost"}
        if parts.hostname is None or (parts.scheme != "https" and not (parts.scheme == "http" and local)):
            raise Misconfigured("identity.provider_url")
        if len(secret) < 16:  # noqa: PLR2004  # bytes: shorter ones can be tried out
            raise Misconfigured("identity.provider_secret")
        self._url = urlunsplit(parts._replace(path=parts.path or "/", query=""))
        self._path = parts.path or "/"
        self._secret = secret
        self._elements = elements
        self._limits = limits or Limits()
        self._lock = threading.Lock()
        self._failures = 0
        self._closed_until: datetime | None = None

    def verify(self, question: Question) -> Answer:
        """Ask once; every kind of failure is ``pending`` with its name."""
        with self._lock:
            if self._closed_until is not None and question.now < self._closed_until:
                return Answer(PENDING, trouble="paused")
        try:
            answer = self._ask(question)
        except _NotBelieved as error:
            answer = Answer(PENDING, trouble=str(error))
        except NoAnswer as error:
            answer = Answer(PENDING, trouble=type(error.__cause__ or error).__name__)
        with self._lock:
            self._failures = self._failures + 1 if answer.trouble else 0
            self._closed_until = None
            if self._failures >= self._limits.failures:
                self._closed_until = question.now + timedelta(seconds=self._limits.pause_seconds)
                _log.warning("the verification provider fails (%s); it is left alone a while", answer.trouble)
        return answer

    def _ask(self, question: Question) -> Answer:
        asked = {
            "request": question.key,
            "name": question.name,
            "id_kind": question.id_kind,
            "id_number": question.id_number,
        }
        if self._elements > 2:  # noqa: PLR2004  # 三要素: name, number, phone
            asked["phone"] = question.phone
        body = json.dumps(asked, ensure_ascii=False).encode()
        stamp = str(int(question.now.timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": question.key,
            "X-Timestamp": stamp,
            "X-Nonce": question.nonce,
            "X-Signature": self._sign("POST", self._path, stamp, question.nonce, sha256(body).hexdigest()),
        }
        answer = exchange(self._url, Bounds(self._limits.seconds, _MOST_BYTES), body, headers)
        if answer.status != HTTPStatus.OK:
            msg = f"status {answer.status}"
            raise _NotBelieved(msg)
        expected = self._sign("answer", question.nonce, sha256(answer.body).hexdigest())
        if not hmac.compare_digest(expected.encode(), answer.headers.get("X-Signature", "").encode()):
            raise _NotBelieved("wrong signature")
        return _read(answer.body, question.key)

    def _sign(self, *lines: str) -> str:
        return hmac.new(self._secret, "\n".join(lines).encode(), sha256).hexdigest()


class _NotBelieved(Exception):
    """What came back is no answer to our question; says why."""


def _read(sent: bytes, key: str) -> Answer:
    try:
        said = json.loads(sent)
    except ValueError:
        raise _NotBelieved("garbage") from None
    if not isinstance(said, dict) or said.get("request") != key:
        raise _NotBelieved("another question's answer")
    result, matched = said.get("result"), said.get("matched", {})
    if result not in {PASSED, FAILED, PENDING} or not isinstance(matched, dict):
        raise _NotBelieved("garbage")
    if result != PENDING and matched and all(map(bool, matched.values())) != (result == PASSED):
        raise _NotBelieved("contradiction")
    return Answer(result, reference=str(said.get("reference", ""))[:64])
