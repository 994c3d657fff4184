"""The HTTP verifier believes only a whole, signed, consistent answer to its question, in bounded time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lmscompliance.identity.provider import HttpVerifier, Limits
from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.kernel.verification import FAILED, PASSED, PENDING, Question
from tests.identity.provider import SECRET, running
from tests.support.patience import PATIENCE_SECONDS

QUESTION = Question(
    "key-1", "nonce-1", datetime(2021, 2, 1, tzinfo=UTC), "张三", "resident", "number", "13800000000"
)
PATIENT = Limits(seconds=PATIENCE_SECONDS)


@pytest.fixture
def provider():
    """Serve a fake provider."""
    with running() as server:
        yield server


def _verifier(provider, **given) -> HttpVerifier:
    limits = given.pop("limits", PATIENT)
    return HttpVerifier(provider.url, SECRET, limits=limits, **given)


def test_a_whole_answer_is_believed(provider):
    """Two elements name nobody's phone, three do; yes, no and not yet come back as they were said."""
    two, three = _verifier(provider), _verifier(provider, elements=3)
    assert two.verify(QUESTION).result == PASSED
    provider.mode = "failed"
    answer = three.verify(replace(QUESTION, nonce="n2"))
    assert (answer.result, answer.reference, answer.trouble) == (FAILED, "R1", "")
    provider.mode = "pending"
    assert two.verify(replace(QUESTION, nonce="n3")).result == PENDING
    assert [one.get("phone") for one in provider.asked] == [None, "13800000000", None]


@pytest.mark.parametrize("mode", ["500", "garbage", "long", "unsigned", "contradiction", "other"])
def test_whatever_is_no_answer_leaves_the_question_open(provider, mode):
    """Errors, garbage, a wrong signature, another's answer, one at odds with itself."""
    provider.mode = mode
    answer = _verifier(provider).verify(QUESTION)
    assert answer.result == PENDING
    assert answer.trouble


@pytest.mark.parametrize("mode", ["silent", "drip", "drip of a body"])
def test_who_takes_too_long_is_cut_off(provider, mode):
    """Silence and a slow drip, in the head or in a body without an end, cost no more than the limit."""
    provider.mode = mode
    answer = _verifier(provider, limits=Limits(seconds=0.5)).verify(QUESTION)
    assert answer.result == PENDING
    assert answer.trouble


def test_a_replayed_or_badly_signed_question_is_refused_by_the_provider(provider):
    """What is sent is signed over its nonce, so a copy of it is worth nothing."""
    verifier = _verifier(provider)
    assert verifier.verify(QUESTION).result == PASSED
    assert verifier.verify(QUESTION).trouble == "status 403"
    other = HttpVerifier(provider.url, b"another secret, long enough", limits=PATIENT)
    assert other.verify(replace(QUESTION, nonce="n2")).trouble == "status 403"


def test_a_provider_that_is_down_is_left_alone_and_tried_again(provider):
    """After some failures in a row nothing is sent for a while; then one good answer ends it."""
    verifier = _verifier(provider, limits=Limits(seconds=PATIENCE_SECONDS, failures=2, pause_seconds=60))
    provider.mode = "500"
    for n in range(3):
        verifier.verify(replace(QUESTION, nonce=f"n{n}"))
    assert len(provider.asked) == 2
    provider.mode = "passed"
    later = replace(QUESTION, nonce="n9", now=QUESTION.now + timedelta(seconds=61))
    assert verifier.verify(later).result == PASSED


def test_nobody_there_is_no_answer_either():
    """A refused connection leaves the question open."""
    with running() as server:
        url = server.url
    assert HttpVerifier(url, SECRET).verify(QUESTION).trouble == "ConnectionRefusedError"


@pytest.mark.parametrize(
    ("url", "secret"),
    [("http://provider.example/", SECRET), ("https://", SECRET), ("https://a.example", b"x")],
)
def test_what_cannot_be_asked_safely_is_refused_at_the_start(url, secret):
    """Plain HTTP to elsewhere, no host, or a secret that can be guessed."""
    with pytest.raises(Misconfigured):
        HttpVerifier(url, secret)
