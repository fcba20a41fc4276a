"""Twilio refuses everybody: a sender that it does not know, a daily limit that is used up. Nothing burns, all arrives."""

from datetime import timedelta
from typing import Any

from notifications import clock, routing
from notifications.models import (
    Account,
    AlertState,
    Attempt,
    Channel,
    EscalationAlert,
    Notification,
    Outcome,
    Status,
    WaitingFor,
)
from tests.engine import point_at, turn
from tests.faults.accounting import overdue
from tests.faults.house import House, Process

STRANGER = "whatsapp:+14155230000"  # a number, but nobody's sender


def creations(house: House, channel: str = "") -> list[dict[str, Any]]:
    """The calls that asked Twilio for a message, the oldest first."""
    calls = [call for call in house.simulator.control("log?kind=api")["log"] if call["method"] == "POST"]
    return [
        call for call in calls if call["path"].endswith("/Messages.json")
        and (not channel or (channel == "whatsapp") == call["to"].startswith("whatsapp:"))
    ]  # fmt: skip


def are(status: str, rows: list[Notification]) -> bool:
    return Notification.objects.filter(pk__in=[row.pk for row in rows], status=status).count() == len(rows)


def wait_until_all(house: House, rows: list[Notification], status: str, *workers: Process) -> None:
    house.wait_for(lambda: are(status, rows), f"{len(rows)} messages to be {status}", *workers)


def test_a_sender_that_nobody_knows_burns_one_call_lets_sms_go_on_and_heals_by_itself(house: House) -> None:
    house.simulator.fault("unknown_sender", channel="whatsapp")
    [first] = house.enqueue(1, purpose="offer_taken")
    worker = house.worker()
    wait_until_all(house, [first], Status.SENT, worker)
    rest = house.enqueue(25, purpose="offer_taken")
    wait_until_all(house, rest, Status.SENT, worker)

    assert len(creations(house, "whatsapp")) == 1, "the circuit opened at the first answer"
    assert Attempt.objects.filter(channel="whatsapp").count() == 1
    assert Notification.objects.filter(channel="sms", status=Status.SENT).count() == 26
    [alert] = EscalationAlert.objects.all()
    assert (alert.fingerprint, alert.state, alert.occurrences) == ("channel:whatsapp:63007", AlertState.OPEN, 1)
    assert "TWILIO_WHATSAPP_FROM" in alert.remedy

    house.simulator.clear_faults()
    house.advance(21)  # the next probe
    house.wait_for(lambda: Channel.objects.get(name="whatsapp").paused_until is None, "the probe", worker)
    alert.refresh_from_db()
    assert alert.state == AlertState.RESOLVED
    last = house.enqueue(5, purpose="offer_taken")
    wait_until_all(house, last, Status.SENT, worker)
    assert len(creations(house, "whatsapp")) == 6
    house.account_for_everything()


def test_a_batch_in_flight_is_the_most_that_a_wrong_sender_costs_and_without_sms_all_wait_and_arrive(
    house: House,
) -> None:
    house.simulator.fault("unknown_sender", channel="whatsapp")
    rows = house.enqueue(60)
    Notification.objects.update(channels_left=[])  # people without any other way
    worker = house.worker(concurrency=8)
    house.wait_for(
        lambda: Notification.objects.filter(waiting_for=WaitingFor.CHANNEL).count() == 60, "all to wait", worker
    )
    assert 1 <= len(creations(house)) <= 8, "no call was begun after the first answer"
    assert not Notification.objects.exclude(retry_count=0).exists(), "the sender's fault costs no message a retry"
    burnt = len(creations(house))
    for _ in range(3):
        house.advance(21)  # probes, which find the sender missing
    house.wait_for(lambda: Channel.objects.get(name="whatsapp").probed_at, "a probe", worker)
    assert len(creations(house)) == burnt
    house.account_for_everything()

    house.simulator.clear_faults()
    house.advance(21)
    wait_until_all(house, rows, Status.SENT, worker)
    assert len(creations(house)) == burnt + 60, "each arrives once"
    house.advance(6)
    unresolved = EscalationAlert.objects.exclude(state=AlertState.RESOLVED)
    house.wait_for(lambda: not unresolved.exists(), "the end of the alerts", worker)
    house.account_for_everything()


def test_a_wrong_setting_is_named_and_a_restart_with_the_right_one_lets_everything_go(house: House) -> None:
    rows = house.enqueue(5)
    Notification.objects.update(channels_left=[])
    wrong = house.worker(TWILIO_WHATSAPP_FROM=STRANGER)
    house.wait_for(
        lambda: Notification.objects.filter(waiting_for=WaitingFor.CHANNEL).count() == 5, "all to wait", wrong
    )
    alert = EscalationAlert.objects.get()
    assert alert.fingerprint == "channel:whatsapp:63007"
    assert "TWILIO_WHATSAPP_FROM" in alert.remedy
    assert STRANGER in Channel.objects.get(name="whatsapp").sender
    assert wrong.stop() == 0
    right = house.worker()
    house.advance(21)
    wait_until_all(house, rows, Status.SENT, right)
    alert.refresh_from_db()
    assert alert.state == AlertState.RESOLVED
    house.account_for_everything()


def test_the_alert_says_which_of_our_settings_is_wrong(house: House, settings: Any) -> None:
    """A worker would not even start with such a setting, so the engine takes its turns here."""
    point_at(house.simulator, settings, TWILIO_WHATSAPP_FROM="+14155238886")
    house.enqueue(1)
    Notification.objects.update(channels_left=[])
    assert turn() == 1
    alert = EscalationAlert.objects.get(fingerprint__startswith="channel:whatsapp:")
    for text in (alert.cause, alert.remedy):
        assert text.startswith("TWILIO_WHATSAPP_FROM")
        assert "+14155238886" in text
        assert "whatsapp:" in text, "what is missing"
    assert Channel.objects.get(name="whatsapp").is_paused(clock.now())
    house.account_for_everything()


# --- the daily limit ------------------------------------------------------------------------------------------------


def limited(limit: int | None, *, share: float = 0.2) -> None:
    Account.objects.update(daily_limit=limit, urgent_share=share)


def test_message_51_is_not_even_tried_by_two_workers_and_all_leave_a_day_later_the_urgent_first(house: House) -> None:
    house.simulator.fault("daily_limit", limit=50)
    limited(50)
    routine = house.enqueue(45, purpose="news")
    bulk = house.enqueue(3, purpose="rating_request", expires_at=clock.now() + timedelta(days=3))
    short = house.enqueue(2, purpose="offer_taken")  # useful for six hours
    workers = house.workers(2)
    house.wait_for(
        lambda: Notification.objects.filter(waiting_for=WaitingFor.BUDGET).count() >= 5,
        "the share to be used",
        *workers,
    )
    assert len(creations(house)) == 40, "ten slots are kept for urgent messages"
    urgent = house.enqueue(13, purpose="reply", expires_at=clock.now() + timedelta(days=3))
    house.wait_for(lambda: len(creations(house)) == 50, "the kept share", *workers)
    house.wait_for(
        lambda: Notification.objects.filter(purpose="reply", waiting_for=WaitingFor.BUDGET).count() == 3,
        "the last urgent ones to wait",
        *workers,
    )
    assert {call["http_status"] for call in creations(house)} == {201}, "Twilio never had to refuse"
    account = house.wait_for(
        lambda: Account.objects.filter(sid=house.simulator.account_sid, paused_until__isnull=False).first(),
        "the account to be closed",
        *workers,
    )
    first_call = Attempt.objects.order_by("started_at")[0].started_at
    assert timedelta(0) <= account.paused_until - (first_call + timedelta(days=1)) < timedelta(seconds=1)
    spent = EscalationAlert.objects.filter(fingerprint=f"account:{account.pk}:63038", state=AlertState.OPEN)
    house.wait_for(spent.exists, "the alert", *workers)
    call = EscalationAlert.objects.filter(fingerprint="call:whatsapp", state=AlertState.OPEN)
    house.wait_for(call.exists, "the task for a person", *workers)
    assert call.get().title.startswith("3 ")
    house.account_for_everything()

    house.advance(86_400)
    remaining = [*routine, *urgent]
    house.wait_for(
        lambda: Notification.objects.filter(purpose__in=["news", "reply"], status=Status.SENT).count() == 58,
        "everything to leave",
        *workers,
    )
    # One of the two may have been the last within the share, and the other the first behind it.
    ends = Notification.objects.filter(pk__in=[row.pk for row in short], status__in=[Status.EXPIRED, Status.SENT])
    house.wait_for(lambda: ends.count() == len(short), "what was useful for hours", *workers)
    next_ones = Attempt.objects.order_by("pk").values_list("notification", flat=True)[50:53]
    assert set(next_ones) <= {row.pk for row in urgent}, "the urgent ones first"
    assert are(Status.SENT, remaining)
    assert Notification.objects.filter(pk__in=[row.pk for row in bulk], waiting_for=WaitingFor.BUDGET).count() == 0
    house.account_for_everything()


def test_what_is_useless_by_the_next_free_slot_ends_visibly_instead_of_leaving_late(house: House) -> None:
    limited(2, share=0)
    house.enqueue(2, purpose="news")
    worker = house.worker()
    house.wait_for(lambda: len(creations(house)) == 2, "the limit", worker)
    short = house.enqueue(3, purpose="offer_taken")
    long = house.enqueue(1, purpose="news")
    house.wait_for(lambda: Notification.objects.filter(waiting_for=WaitingFor.BUDGET).count() == 4, "them", worker)
    assert routing.route_for("offer_taken").useful_for == timedelta(hours=6)
    house.advance(6 * 3600 + 11)
    wait_until_all(house, short, Status.EXPIRED, worker)
    house.advance(18 * 3600)
    wait_until_all(house, long, Status.SENT, worker)
    assert len(creations(house)) == 3
    house.account_for_everything()


def test_a_limit_that_twilio_does_not_name_is_found_by_one_refusal_and_asked_for_once_an_hour(house: House) -> None:
    house.simulator.fault("daily_limit", limit=3, null_text=True)
    limited(None)
    rows = house.enqueue(6, purpose="news")
    worker = house.worker(concurrency=1)
    house.wait_for(lambda: Channel.objects.get(name="whatsapp").pause_code == "63038", "the refusal", worker)
    assert len(creations(house)) == 4
    account = Account.objects.get(sid=house.simulator.account_sid)
    assert account.daily_limit is None, "null is no number"
    assert set(Channel.objects.filter(account=account).values_list("pause_code", flat=True)) == {"63038"}
    assert Attempt.objects.filter(outcome=Outcome.REFUSED).count() == 1
    house.advance(3601)
    house.wait_for(lambda: len(creations(house)) == 5, "the next try", worker)
    house.wait_for(lambda: Channel.objects.get(name="whatsapp").pause_code == "63038", "the next refusal", worker)
    house.wait_for(lambda: not overdue(), "the others to be put aside", worker)
    house.account_for_everything()
    house.advance(86_400)
    wait_until_all(house, rows, Status.SENT, worker)
    assert Notification.objects.exclude(retry_count=0).count() == 0
    house.account_for_everything()
