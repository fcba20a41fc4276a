"""The table of failures: whole, in two languages, and each action is done by something."""

import pytest
from django.utils import translation

from notifications import failure_policy
from notifications.consequences import CONSEQUENCES
from notifications.failure_policy import Action, Failure, Scope, failure_for, table

WHOLE = sorted(table().values(), key=lambda failure: failure.code)


def test_every_code_of_twilio_and_of_our_own_is_there() -> None:
    assert len(table()) >= 168 + len(failure_policy.OURS)
    assert {failure.action for failure in table().values()} <= set(CONSEQUENCES)


@pytest.mark.parametrize("failure", WHOLE, ids=lambda failure: failure.code)
def test_each_row_tells_cause_and_remedy_in_both_languages(failure: Failure) -> None:
    for words in (failure.title_en, failure.title_fr, failure.cause_en, failure.cause_fr):
        assert len(words) > 8
    assert len(failure.remedy_en) > 15
    assert len(failure.remedy_fr) > 15
    assert failure.remedy_en != failure.remedy_fr


def test_staff_read_the_language_that_is_on() -> None:
    failure = failure_for("63007")
    with translation.override("fr"):
        french = (failure.title, failure.cause, failure.remedy)
    with translation.override("en"):
        english = (failure.title, failure.cause, failure.remedy)
    assert french[0] == "Expéditeur WhatsApp inconnu de Twilio"
    assert english[0].startswith("Twilio could not find a Channel")
    assert not set(french) & set(english)


@pytest.mark.parametrize(
    ("code", "scope", "action"),
    [
        ("63007", Scope.CHANNEL, Action.PAUSE),
        ("63038", Scope.ACCOUNT, Action.WAIT_FOR_SLOT),
        ("20003", Scope.ACCOUNT, Action.PAUSE),
        ("20429", Scope.ACCOUNT, Action.SLOW_DOWN),
        ("63016", Scope.MESSAGE, Action.NEXT_CHANNEL),
        ("63024", Scope.RECIPIENT, Action.MARK_UNREACHABLE),
        ("21610", Scope.RECIPIENT, Action.OPT_OUT),
        ("21656", Scope.TEMPLATE, Action.FIX_TEMPLATE),
    ],
)
def test_the_codes_that_matter_most(code: str, scope: Scope, action: Action) -> None:
    assert (failure_for(code).scope, failure_for(code).action) == (scope, action)


def test_an_unknown_code_is_retried_and_named() -> None:
    failure = failure_for("63999")
    assert not failure_policy.is_known("63999")
    assert failure.action == Action.RETRY
    assert "63999" in failure.title
    assert "63999" in failure.remedy
