"""A verifier behind HTTP: signed questions, signed answers, bounded time, and a pause when it is down.

The request is ``POST`` with a JSON body; its signature is the hex HMAC-SHA256, under the shared secret, of
method, path, timestamp, nonce and the body's SHA-256, a line each. The answer is signed alike, over the word
``answer``, the nonce of the question and the SHA-256 of its own body, so it cannot be another question's. An
answer that is not signed, not ours, not whole or at odds with itself is none: the question stays open.
"""

from __future__ import annotations

import hmac
import http.client
import json
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlsplit

from lmscompliance.identity.verification import HTTP
from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.kernel.logs import logger
from lmscompliance.kernel.verification import FAILED, PASSED, PENDING, Answer, Question

_log = logger(__name__)

_LARGEST = 64 * 1024
_OK = 200


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
        self._parts = parts
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
        except _NoAnswer as error:
            answer = Answer(PENDING, trouble=str(error))
        except (OSError, http.client.HTTPException) as error:
            answer = Answer(PENDING, trouble=type(error).__name__)
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
        path = self._parts.path or "/"
        stamp = str(int(question.now.timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": question.key,
            "X-Timestamp": stamp,
            "X-Nonce": question.nonce,
            "X-Signature": self._sign("POST", path, stamp, question.nonce, sha256(body).hexdigest()),
        }
        status, signature, sent = self._exchange(path, body, headers)
        if status != _OK:
            msg = f"status {status}"
            raise _NoAnswer(msg)
        expected = self._sign("answer", question.nonce, sha256(sent).hexdigest())
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            msg = "wrong signature"
            raise _NoAnswer(msg)
        return _read(sent, question.key)

    def _exchange(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, str, bytes]:
        limit = self._limits.seconds
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._parts.hostname or "", self._parts.port, timeout=limit)
        try:
            connection.connect()
            # A timeout is for each read; whoever sends a byte a second would hold us for ever without this.
            # The socket itself: the connection forgets it while an answer without a length is read.
            watchdog = threading.Timer(limit, _hang_up, (connection.sock,))
            watchdog.daemon = True
            watchdog.start()
            try:
                connection.request("POST", path, body, headers)
                answer = connection.getresponse()
                sent = answer.read(_LARGEST + 1)
            finally:
                watchdog.cancel()
            if len(sent) > _LARGEST:
                msg = "too long"
                raise _NoAnswer(msg)
            return answer.status, answer.headers.get("X-Signature", ""), sent
        finally:
            connection.close()

    def _sign(self, *lines: str) -> str:
        return hmac.new(self._secret, "\n".join(lines).encode(), sha256).hexdigest()


class _NoAnswer(Exception):  # not an error of ours
    """What came back is no answer; says why."""


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):  # closed at this very moment
        connection.shutdown(socket.SHUT_RDWR)


def _read(sent: bytes, key: str) -> Answer:
    try:
        said = json.loads(sent)
    except ValueError:
        msg = "garbage"
        raise _NoAnswer(msg) from None
    if not isinstance(said, dict) or said.get("request") != key:
        msg = "another question's answer"
        raise _NoAnswer(msg)
    result, matched = said.get("result"), said.get("matched", {})
    if result not in {PASSED, FAILED, PENDING} or not isinstance(matched, dict):
        msg = "garbage"
        raise _NoAnswer(msg)
    if result != PENDING and matched and all(map(bool, matched.values())) != (result == PASSED):
        msg = "contradiction"
        raise _NoAnswer(msg)
    return Answer(result, reference=str(said.get("reference", ""))[:64])
