"""Did Twilio take it? What the message list proves, and what it does not."""

from collections.abc import Sequence

import pytest

from notifications import clock, receipts, reconciliation, settlement
from notifications.delivery import Deadline, deliver
from notifications.models import Attempt, Notification, Outcome, Receipt, Status
from notifications.queue import claim
from notifications.receipts import Callback
from tests.breakdown import integrity_error
from tests.engine import a_message, later, someone, turn
from tests.simulator_process import SimulatorProcess


def lost(simulator: SimulatorProcess, *, cut: str = "cut_after", **facts: object) -> Notification:
    """A message whose answer was lost."""
    simulator.fault(cut, count=1)
    row = a_message(someone(), **({"purpose": "news"} | facts))
    turn()
    row.refresh_from_db()
    assert row.status == Status.UNCONFIRMED
    return row


def look(row: Notification, **age: float) -> str:
    reconciliation.reconcile_due(later(**age))
    row.refresh_from_db()
    return str(row.status)


def copies(simulator: SimulatorProcess) -> Sequence[object]:
    return [m for m in simulator.messages(direction="outbound-api") if m["status"] != "failed"]


def test_nobody_looks_before_twilio_can_have_finished(simulator: SimulatorProcess) -> None:
    row = lost(simulator)
    assert look(row, seconds=28) == Status.UNCONFIRMED
    assert look(row, seconds=31) in (Status.SENT, Status.DELIVERED)


def test_a_found_message_waits_for_its_receipt_and_has_its_news_like_any_other(simulator: SimulatorProcess) -> None:
    """Urgent messages take their next channel when nobody confirms them, whichever way their SID became known."""
    row = lost(simulator, purpose="offer")
    assert look(row, seconds=31) in (Status.SENT, Status.DELIVERED)
    if row.status == Status.SENT:
        assert row.receipt_due_at is not None
    assert row.news_due is not None


def test_what_the_list_says_of_a_found_message_is_believed(simulator: SimulatorProcess) -> None:
    row = lost(simulator)
    simulator.wait_for(lambda: simulator.messages(status="delivered"))
    assert look(row, seconds=31) == Status.DELIVERED
    assert row.attempts.get().outcome == Outcome.ACCEPTED


def test_a_refused_copy_in_the_list_is_not_adopted(simulator: SimulatorProcess) -> None:
    """Twilio lists what it refused as `failed`; the same text to the same person a moment later is another matter."""
    simulator.fault("error", code=30008, where="answer", count=1)
    row = a_message(someone(), purpose="news")
    turn()
    [refused] = simulator.messages(direction="outbound-api")
    assert (refused["status"], refused["body"]) == ("failed", row.body)
    simulator.fault("cut_before", count=1)
    Notification.objects.update(due_at=clock.now())
    assert turn() == 1
    for seconds in (31, 121):
        assert look(row, seconds=seconds) == Status.UNCONFIRMED
    assert not Attempt.objects.filter(provider_sid=refused["sid"]).exists()
    assert look(row, seconds=601) == Status.QUEUED
    assert row.possible_duplicate


def test_a_copy_of_another_message_is_not_adopted(simulator: SimulatorProcess) -> None:
    first = a_message(someone(), purpose="news")
    turn()
    first.refresh_from_db()
    simulator.fault("cut_before", count=1)
    row = a_message(first.contact, purpose="news")  # type: ignore[arg-type]  # the same words to the same person
    turn()
    assert look(row, seconds=31) == Status.UNCONFIRMED
    assert first.provider_sid == Attempt.objects.get(provider_sid__isnull=False).provider_sid


def test_of_two_that_fit_the_one_with_the_very_words_is_taken(simulator: SimulatorProcess) -> None:
    awa = someone()
    simulator.fault("cut_after", count=2)
    short = a_message(awa, purpose="news", body="Oui")
    turn()
    long = a_message(awa, purpose="news", body="Vous avez dit : Oui")
    turn()
    assert look(short, seconds=31) in (Status.SENT, Status.DELIVERED)
    assert look(long, seconds=31) in (Status.SENT, Status.DELIVERED)
    bodies = {m["sid"]: m["body"] for m in simulator.messages(direction="outbound-api")}
    assert bodies == {short.provider_sid: "Oui", long.provider_sid: "Vous avez dit : Oui"}


def test_while_another_call_to_this_person_is_out_nothing_is_adopted(simulator: SimulatorProcess) -> None:
    """Its message may be in the list before its answer has told us so."""
    row = lost(simulator, cut="cut_before")
    at = later(seconds=31)
    again = a_message(row.contact, purpose="news")  # type: ignore[arg-type]
    claimed = claim("other", 1, at)
    [result] = [deliver(envelope, claimed.lease, Deadline.begin()) for envelope in claimed.envelopes]
    Attempt.objects.filter(pk=row.attempts.get().pk).update(finished_at=at)  # as if its call had ended just now
    assert look(row, seconds=32) == Status.UNCONFIRMED
    settlement.settle([result], at)
    again.refresh_from_db()
    assert again.status == Status.SENT
    assert look(row, seconds=100) == Status.UNCONFIRMED, "the copy has its owner now"


def test_a_callback_that_came_without_the_attempts_id_is_applied_once_the_list_names_its_message(
    simulator: SimulatorProcess,
) -> None:
    row = lost(simulator)
    [copy] = simulator.messages(direction="outbound-api")
    for status in ("sent", "delivered"):
        receipts.receive(Callback(copy["sid"], status), at=clock.now())
    assert Receipt.objects.filter(applied_at__isnull=True).count() == 2
    assert look(row, seconds=31) == Status.DELIVERED
    assert not Receipt.objects.filter(applied_at__isnull=True).exists()


@pytest.mark.parametrize(("purpose", "patience"), [("reply", 120), ("news", 600)])
def test_a_message_that_is_never_found_is_sent_again_after_its_patience_flagged(
    simulator: SimulatorProcess, purpose: str, patience: int
) -> None:
    simulator.fault("list_silent")
    row = lost(simulator, purpose=purpose)
    for seconds in (31, 122, 605):
        if seconds < patience:
            assert look(row, seconds=seconds) == Status.UNCONFIRMED
    assert look(row, seconds=patience + 5) == Status.QUEUED
    assert (row.possible_duplicate, row.channel) == (True, "sms" if purpose == "reply" else "whatsapp")


def test_a_callback_settles_it_before_the_list_is_asked(simulator: SimulatorProcess) -> None:
    row = lost(simulator)
    [copy] = simulator.messages(direction="outbound-api")
    receipts.receive(Callback(copy["sid"], "delivered", row.attempts.get().public_id), at=clock.now())
    assert reconciliation.reconcile_due(later(seconds=31)) == 0
    row.refresh_from_db()
    assert (row.status, row.provider_sid) == (Status.DELIVERED, copy["sid"])
    assert len(copies(simulator)) == 1


def test_one_that_cannot_be_stored_holds_up_no_other_and_its_better_word_is_heard_after_the_repair(
    simulator: SimulatorProcess,
) -> None:
    bad = lost(simulator)
    simulator.fault("cut_after", count=1)
    good = a_message(bad.contact, purpose="news", body="Autre chose")  # type: ignore[arg-type]
    turn()
    simulator.wait_for(lambda: len(simulator.messages(status="delivered")) == 2)
    with integrity_error("notifications_attempt", f"id <> {bad.attempts.get().pk} OR provider_sid IS NULL"):
        assert look(bad, seconds=31) == Status.DEAD
        good.refresh_from_db()
        assert good.status == Status.DELIVERED
    assert bad.alert is not None
    assert turn() == 0, "it is not sent twice"
    assert receipts.apply_left(later(minutes=3)) == 1
    bad.refresh_from_db()
    assert (bad.status, bad.possible_duplicate) == (Status.DELIVERED, False)
