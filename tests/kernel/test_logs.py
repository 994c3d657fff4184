"""What a log may say of people, whoever wrote the message."""

from __future__ import annotations

import pytest

from lmscompliance.kernel.logs import logger, masked

NUMBER, OLD, FOREIGN, PHONE = "320585199001011012", "610104620927690", "USA110083010101", "13810000000"


@pytest.mark.parametrize(
    "said", [NUMBER, NUMBER[:-1] + "x", OLD, FOREIGN, PHONE, f"+86{PHONE}", f"+86 {PHONE}"]
)
def test_numbers_and_phones_are_masked(said):
    """In whatever sentence they stand, also in an address or between quotation marks."""
    for sentence in ("about {}.", "KeyError: '{}'", "https://gateway.example/send?to={}&text=1", "学员{}；"):
        assert masked(sentence.format(said)) == sentence.format("***")


@pytest.mark.parametrize(
    "said",
    ["1612137600000000", "checkpoint of size 13810000", f"{NUMBER}0", "a" * 20 + NUMBER, "203.0.113.7"],
)
def test_other_figures_stay(said):
    """Times, sizes, digests and addresses are what a log is for."""
    assert masked(said) == said


def test_a_record_is_masked_with_its_exception(caplog):
    """Parameters and every exception of the chain, for each handler that may be listening."""
    log = logger("lmscompliance.tests.logs")
    try:
        try:
            int(f"{NUMBER} ")
            {}[NUMBER]
        except KeyError as error:
            msg = f"gateway refused {PHONE}"
            raise RuntimeError(msg) from error
    except RuntimeError:
        log.exception("sending to %s failed", PHONE)
    assert "sending to *** failed" in caplog.text
    assert "KeyError: '***'" in caplog.text
    assert "RuntimeError: gateway refused ***" in caplog.text
    (record,) = caplog.records
    assert record.exc_info is None
    assert PHONE not in str(record.__dict__)


def test_a_logger_masks_once_however_often_it_is_asked_for():
    """Every module may ask for the same name."""
    assert logger("lmscompliance.tests.twice") is logger("lmscompliance.tests.twice")
    assert len(logger("lmscompliance.tests.twice").filters) == 1
