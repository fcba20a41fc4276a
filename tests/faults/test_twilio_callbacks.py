"""Callbacks doubled, late, early and out of order: each message ends where its best word says, and nobody hears it twice."""

from notifications import clock, staff_actions
from notifications.models import AlertState, Attempt, EscalationAlert, Notification, Outcome, Receipt, Status
from tests.faults.accounting import copies
from tests.faults.house import House

MANY = 1000


def arrived() -> int:
    return Notification.objects.filter(status__in=[Status.DELIVERED, Status.READ]).count()


def test_callbacks_doubled_early_late_and_out_of_order_lead_to_the_same_end(house: House) -> None:
    house.web()
    house.simulator.control(
        "faults",
        [
            {"fault": "callbacks_doubled", "copies": 3},
            {"fault": "callbacks_early", "probability": 0.4},
            {"fault": "callbacks_reordered", "statuses": "sent", "hold_seconds": 3, "probability": 0.5},
            {"fault": "callbacks_delayed", "seconds": 40, "probability": 0.3},
        ],
    )
    rows = house.enqueue(40, purpose="news")
    worker = house.worker()
    house.wait_for(lambda: not Notification.objects.filter(status=Status.QUEUED).exists(), "all to leave", worker)
    house.advance(60)
    house.wait_for(lambda: arrived() == len(rows), "all to arrive", worker)
    house.wait_for(lambda: len(callbacks(house)) >= 3 * len(rows), "the last copies")
    assert Attempt.objects.filter(outcome=Outcome.ACCEPTED).count() == len(rows)
    assert Receipt.objects.filter(applied_at__isnull=True).count() == 0
    assert {call["http_status"] for call in callbacks(house)} == {204}
    house.account_for_everything()


def callbacks(house: House) -> list[dict[str, object]]:
    found: list[dict[str, object]] = house.simulator.control("log?kind=callback")["log"]
    return found


def test_a_callback_settles_what_a_cut_line_left_unknown_long_before_the_first_look(house: House) -> None:
    house.web()
    house.simulator.fault("cut_after", count=8)
    house.simulator.fault("list_silent")
    rows = house.enqueue(8, purpose="news")
    worker = house.worker()
    house.wait_for(lambda: arrived() == len(rows), "the callbacks to tell", worker)
    assert not Notification.objects.filter(possible_duplicate=True).exists()
    assert len(copies(house.simulator)) == len(rows)
    assert not Attempt.objects.filter(provider_sid__isnull=True).exists(), "the callback brought the SID"
    house.account_for_everything()


def test_the_second_copy_is_called_back_when_the_first_turns_out_to_have_arrived(house: House) -> None:
    house.web()
    house.simulator.fault("callbacks_delayed", seconds=300)
    staff_actions.pause_channel("sms", by="awa", why="so that the second copies wait", at=clock.now())
    rows = house.enqueue(6, purpose="offer")
    worker = house.worker()
    house.wait_for(lambda: Notification.objects.filter(status=Status.SENT).count() == 6, "the first copies", worker)
    # The delay of a callback begins when the phone has the message: only then may the clock jump.
    house.wait_for(lambda: len(house.simulator.messages(status="delivered")) == 6, "the first copies on the phones")
    house.advance(125)  # no receipt in two minutes
    house.wait_for(lambda: Notification.objects.filter(channel="sms").count() == 6, "the second copies", worker)
    house.advance(200)
    house.wait_for(lambda: arrived() == len(rows), "the late receipts", worker)
    staff_actions.resume_channel("sms", by="awa", why="on we go", at=clock.now())
    house.advance(5)
    house.wait_for(lambda: not Notification.objects.filter(news_due__isnull=False).exists(), "the news", worker)
    assert {copy["channel"] for copy in copies(house.simulator)} == {"whatsapp"}
    assert len(copies(house.simulator)) == len(rows)
    house.account_for_everything()


def test_a_thousand_recipients_who_fail_at_once_with_one_cause_make_one_alert(house: House) -> None:
    house.simulator.fault("error", code=63024, where="answer")
    house.enqueue(MANY, purpose="news")
    Notification.objects.update(channels_left=[])
    worker = house.worker(concurrency=16)
    house.wait_for(
        lambda: Notification.objects.filter(status=Status.DEAD).count() == MANY,
        "a thousand dead letters",
        worker,
        seconds=300,
    )
    [alert] = EscalationAlert.objects.all()
    assert (alert.fingerprint, alert.occurrences, alert.state) == ("dead-letter:whatsapp:63024", MANY, AlertState.OPEN)
    assert alert.dead_letters.count() == MANY
    assert Attempt.objects.count() == MANY, "each was tried once: whom WhatsApp cannot reach, it cannot reach later"
    house.account_for_everything()


def test_the_same_by_callbacks(house: House) -> None:
    house.web()
    many = 60
    house.simulator.fault("error", code=63024, where="callback")
    house.enqueue(many, purpose="news")
    Notification.objects.update(channels_left=[])
    worker = house.worker(concurrency=16)
    house.wait_for(
        lambda: Notification.objects.filter(status=Status.DEAD).count() == many, "the dead letters", worker, seconds=300
    )
    [alert] = EscalationAlert.objects.all()
    assert (alert.fingerprint, alert.occurrences) == ("dead-letter:whatsapp:63024", many)
    assert set(Attempt.objects.values_list("outcome", "error_code")) == {(Outcome.FAILED, "63024")}
    house.account_for_everything()
