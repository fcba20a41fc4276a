"""Calls whose answer never came: found in Twilio's list, or sent again, late enough and with a word about it."""

import itertools
from typing import Any, Final

from notifications.models import Attempt, Channel, EscalationAlert, Notification, Outcome, Status
from tests.faults.accounting import TAKEN, copies
from tests.faults.house import House

CUTS: Final = ("cut_before", "cut_after")
LISTS: Final[dict[str, dict[str, Any]]] = {
    "fine": {},
    "ten minutes late": {"fault": "list_lag", "seconds": 600},
    "silent": {"fault": "list_silent"},
}


def receivers(house: House, row: Notification) -> list[str]:
    """The channels on which copies of this message were taken, the first one first."""
    taken = [m for m in copies(house.simulator) if m["to"].endswith(row.phone_number) and m["status"] != "failed"]
    return [m["channel"] for m in reversed(taken)]


def cut_off(house: House, row: Notification, cut: str, listing: str) -> None:
    """Cut the line once in this message's call, and let the list be as it is from then on."""
    recipient = f"whatsapp:{row.phone_number}"
    for wish in ({"fault": cut, "count": 1}, LISTS[listing]):
        if wish:
            house.simulator.control("faults", {**wish, "recipient": recipient, "id": f"{wish['fault']}{recipient}"})


def looks_at_the_list(house: House) -> int:
    """How often it was asked for the messages to a person."""
    calls = house.simulator.control("log?kind=api")["log"]
    return sum(call["method"] == "GET" and "/Messages.json?To=whatsapp%3A%2B2376" in call["path"] for call in calls)


def how_many_are_sent() -> int:
    return Notification.objects.filter(status__in=TAKEN).count()


def test_a_line_that_is_cut_is_looked_into_before_anything_is_said_twice(house: House) -> None:
    stories = list(itertools.product(CUTS, LISTS, ("news", "reply")))
    rows = [house.enqueue(1, purpose=purpose)[0] for _, _, purpose in stories]
    for row, (cut, listing, _) in zip(rows, stories, strict=True):
        cut_off(house, row, cut, listing)
    worker = house.worker()
    house.wait_for(
        lambda: Notification.objects.filter(status=Status.UNCONFIRMED).count() == len(rows), "lost answers", worker
    )
    assert len(copies(house.simulator)) == len(rows) / 2, "those that were cut after acceptance"
    for wait, looks, sent in ((31, 12, 2), (100, 22, 7), (500, 27, 12)):
        house.advance(wait)
        house.wait_for(lambda looks=looks: looks_at_the_list(house) >= looks, f"{looks} looks", worker)  # type: ignore[misc]
        house.wait_for(lambda sent=sent: how_many_are_sent() == sent, f"{sent} to be sent", worker)  # type: ignore[misc]
    for row, (cut, listing, purpose) in zip(rows, stories, strict=True):
        row.refresh_from_db()
        taken = cut == "cut_after"
        if purpose == "news":  # routine: ten minutes of patience, so that a list that lags has its chance
            again = [] if taken and listing != "silent" else ["whatsapp"]
        else:  # urgent: two minutes, and then the next channel
            again = [] if taken and listing == "fine" else ["sms"]
        story = f"{purpose}, {cut}, list {listing}"
        assert row.status in TAKEN, story
        assert receivers(house, row) == ["whatsapp"] * taken + again, story
        assert row.possible_duplicate is bool(again), story
    house.account_for_everything()


def test_a_day_on_which_everything_that_can_happen_to_a_call_happens(house: House) -> None:
    """Each fault strikes a few of many messages; what Twilio took is found, the rest is sent again, all arrive."""
    house.simulator.control(
        "faults",
        [
            {"fault": "slow", "seconds": 2.6, "count": 4},  # longer than our patience: read timeouts
            {"fault": "too_many_requests", "retry_after": 3, "count": 5},
            {"fault": "server_error", "http_status": 500, "count": 3},
            {"fault": "server_error", "id": "created", "http_status": 502, "created": True, "html": True, "count": 3},
            {"fault": "cut_before", "count": 3},
            {"fault": "cut_after", "count": 3},
            {"fault": "empty_answer", "body": "empty", "count": 3},
            {"fault": "error", "code": 30008, "where": "answer", "count": 3},
        ],
    )
    rows = house.enqueue(60, purpose="news")
    worker = house.worker()
    house.settle(worker)
    assert Notification.objects.filter(status__in=TAKEN).count() == len(rows)
    unknown = Notification.objects.filter(attempts__outcome=Outcome.UNKNOWN)
    flagged = Notification.objects.filter(possible_duplicate=True)
    assert set(flagged) == set(unknown), "what was never found is flagged, and nothing else"
    assert flagged.count() >= 3, "those that were cut before acceptance, at the least"
    assert Attempt.objects.filter(outcome=Outcome.ACCEPTED, latency_ms__gt=0).exclude(error_code="").count() == 0
    assert Channel.objects.get(name="whatsapp").paused_until is None
    house.account_for_everything()


def test_twilio_out_of_reach_for_ten_minutes_costs_nothing_but_time(house: House) -> None:
    """The line is cut before anything is read, so each call of that time is unknown; then the circuit stops calling."""
    house.simulator.fault("down")
    rows = house.enqueue(40, purpose="news")
    Notification.objects.update(channels_left=[])
    worker = house.worker()
    house.wait_for(lambda: Channel.objects.get(name="whatsapp").pause_code == "failure_rate", "the circuit", worker)
    burnt = Notification.objects.exclude(attempt_count=0).count()
    assert burnt < len(rows) + 1
    house.enqueue(10, purpose="news")
    house.advance(30)
    house.simulator.clear_faults()
    for _ in range(14):
        house.advance(60)
        if Notification.objects.filter(status__in=TAKEN).count() == 50:
            break
        house.wait_for(
            lambda: not Notification.objects.filter(status=Status.SENDING).exists(), "calls to come back", worker
        )
    house.settle(worker)
    house.wait_for(lambda: Notification.objects.filter(status__in=TAKEN).count() == 50, "all to arrive", worker)
    assert EscalationAlert.objects.get(fingerprint="channel:whatsapp:failure_rate").state == "resolved"
    house.account_for_everything()
