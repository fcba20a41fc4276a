"""Logs carry ids and codes, never a whole phone number, an action link's token or another's line."""

import io
import json
import logging

import pytest
import structlog

from djobea.logging import mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("+237677000001", "+237•••••••01"),
        ("whatsapp:+237677000001 wrote", "whatsapp:+237•••••••01 wrote"),
        ("677 12 34 56", "677•••••••56"),
        ("To=whatsapp%3A%2B237677000001&x=1", "To=whatsapp%3A%2B237•••••••01&x=1"),
        ("GET /go/Ab3dEf6hIj9kLm2n/", "GET /go/…/"),
    ],
)
def test_numbers_and_tokens_are_hidden_however_they_are_written(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "offer 12345678 accepted",
        "12345678-1234-1234-1234-123456789012",
        "SM00000000000000000000000000000001",
        "2026-11-24T15:47:14.339280Z",
        "took 0.123456789 s",
        "error 63007",
    ],
)
def test_ids_codes_and_times_stay_readable(text: str) -> None:
    assert mask(text) == text


def test_numbers_are_hidden_on_both_ways_into_the_log(log: io.StringIO) -> None:
    logging.getLogger("djobea.test").warning("no WhatsApp for %s", "+237677000001")
    structlog.get_logger("djobea.test").warning("refused", to=["whatsapp:+237677000001"], detail={"from": "677123456"})
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["level"] for line in lines] == ["warning", "warning"]
    assert "0000" not in log.getvalue()
    assert "677123456" not in log.getvalue()


def test_a_traceback_is_masked_too(log: io.StringIO) -> None:
    try:
        raise ValueError("cannot write to +237677000001")  # noqa: TRY301
    except ValueError:
        logging.getLogger("djobea.test").exception("failed")
    assert "ValueError" in log.getvalue()
    assert "+237677000001" not in log.getvalue()


def test_the_probes_of_a_load_balancer_fill_no_log(log: io.StringIO) -> None:
    logger = structlog.get_logger("djobea.test")
    logger.info("request_finished", request="GET /health/ready/", code=200)
    logger.warning("request_finished", request="GET /health/ready/", code=503)
    assert [json.loads(line)["code"] for line in log.getvalue().splitlines()] == [503]


def test_the_nudges_of_celery_fill_no_log(log: io.StringIO) -> None:
    logging.getLogger("celery.beat").info("Scheduler: Sending due task send (djobea.send)")
    logging.getLogger("celery.worker.consumer.connection").info("Connected to redis")
    assert [json.loads(line)["event"] for line in log.getvalue().splitlines()] == ["Connected to redis"]
