"""Alerts: who is told, when, and what an answer does."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client

from notifications import audit, chains, clock, escalation, outbox, staff_replies
from notifications.audit_scope import Look
from notifications.models import (
    AlertLink,
    AlertState,
    ChainLink,
    ChainStatus,
    Channel,
    Contact,
    EscalationAlert,
    EscalationStep,
    Maintenance,
    Notification,
    OnCallPerson,
    Severity,
    Status,
)
from tests.engine import turn

pytestmark = pytest.mark.django_db
DOUALA = ZoneInfo("Africa/Douala")
NOON = datetime(2026, 11, 24, 12, tzinfo=DOUALA)  # a Tuesday


def a_person(name: str = "Awa", **facts: Any) -> OnCallPerson:
    user = User.objects.create_user(name.lower())
    number = f"+23769900{OnCallPerson.objects.count():04}"
    return OnCallPerson.objects.create(**({"name": name, "user": user, "phone_number": number} | facts))


def a_step(minutes: int = 0, **facts: Any) -> EscalationStep:
    return EscalationStep.objects.create(**({"after_minutes": minutes, "channel": "whatsapp"} | facts))


def an_alert(at: datetime = NOON, **facts: Any) -> EscalationAlert:
    defaults = {"fingerprint": "channel:whatsapp:63007", "title": "Sender unknown", "severity": Severity.CRITICAL}
    return escalation.raise_alert(**(defaults | {"at": at} | facts))


def told() -> list[str]:
    return sorted(Notification.objects.filter(purpose__startswith="staff_alert").values_list("phone_number", flat=True))


def test_each_step_tells_its_person_after_its_time_until_somebody_takes_care() -> None:
    awa, boss = a_person("Awa"), a_person("Boss")
    a_step(0, person=awa)
    a_step(15, person=boss)
    alert = an_alert()
    assert chains.escalate_due(NOON) == 1
    assert chains.escalate_due(NOON + timedelta(minutes=14)) == 0
    assert told() == [awa.phone_number]
    escalation.acknowledge(alert, by=awa.user, at=NOON + timedelta(minutes=14))
    assert chains.escalate_due(NOON + timedelta(minutes=16)) == 0
    assert told() == [awa.phone_number], "somebody takes care: the chief sleeps on"


def test_a_thousand_occurrences_begin_one_chain() -> None:
    a_step(person=a_person())
    for _ in range(3):
        an_alert(occurrences=400)
    chains.escalate_due(NOON)
    assert EscalationAlert.objects.get().occurrences == 1200
    assert len(told()) == 1


def test_edits_do_not_bend_a_running_chain() -> None:
    step = a_step(10, person=a_person())
    an_alert()
    step.delete()
    assert chains.escalate_due(NOON + timedelta(minutes=11)) == 1


@pytest.mark.parametrize(
    ("hour", "hours", "days", "on_call"),
    [
        (12, (8, 18), [1], True),
        (18, (8, 18), [1], False),
        (12, (8, 18), [0, 2], False),
        (23, (22, 6), [1], True),
        (5, (22, 6), [0], True),  # the night that began on Monday
        (5, (22, 6), [1], False),
    ],
)
def test_hours_are_the_persons_own(hour: int, hours: tuple[int, int], days: list[int], on_call: bool) -> None:
    person = a_person(from_hour=hours[0], to_hour=hours[1], days=days)
    assert person.is_on_call(NOON.replace(hour=hour)) == on_call


def test_everybody_on_call_is_told_and_for_a_critical_alert_somebody_always_is() -> None:
    day = a_person("Day", from_hour=8, to_hour=18)
    night = a_person("Night", from_hour=20, to_hour=6)
    a_step()
    a_step(severity=Severity.WARNING)
    an_alert()
    chains.escalate_due(NOON)
    assert told() == [day.phone_number]
    nobody = NOON.replace(hour=19)
    an_alert(nobody, fingerprint="b")
    an_alert(nobody, fingerprint="c", severity=Severity.WARNING)
    chains.escalate_due(nobody)
    assert told() == sorted([str(day.phone_number)] * 2 + [str(night.phone_number)])
    assert ChainLink.objects.filter(status=ChainStatus.NOBODY).count() == 1


def test_maintenance_and_rest_hold_the_chain_and_end_by_themselves() -> None:
    a_step(person=a_person())
    Maintenance.objects.create(
        starts_at=NOON - timedelta(hours=1), ends_at=NOON + timedelta(hours=1), about="channel:", why="Twilio moves"
    )
    alert = an_alert()
    an_alert(fingerprint="request:1:unmatched")
    assert chains.escalate_due(NOON) == 1, "only what the maintenance is about rests"
    escalation.snooze(alert, until=NOON + timedelta(hours=2))
    assert chains.escalate_due(NOON + timedelta(minutes=61)) == 0
    assert chains.escalate_due(NOON + timedelta(hours=2)) == 1


def test_an_acknowledgement_is_reminded_of_and_then_given_back() -> None:
    awa = a_person()
    a_step(person=awa)
    alert = an_alert()
    chains.escalate_due(NOON)
    escalation.acknowledge(alert, by=awa.user, at=NOON)
    assert escalation.watch_acknowledgements(NOON + timedelta(minutes=59)) == 0
    assert escalation.watch_acknowledgements(NOON + timedelta(minutes=60)) == 1
    assert escalation.watch_acknowledgements(NOON + timedelta(minutes=61)) == 0
    assert len(told()) == 2, "the reminder"
    assert escalation.watch_acknowledgements(NOON + timedelta(minutes=90)) == 1
    alert.refresh_from_db()
    assert (alert.state, alert.owner) == (AlertState.OPEN, None)
    assert chains.escalate_due(NOON + timedelta(minutes=90)) == 1, "the chain begins anew"


def test_those_who_were_told_hear_of_the_end(settings: Any) -> None:
    settings.STAFF_ALERT_EMAILS = ["ops@djobea.example"]
    a_step(person=a_person())
    a_step(30, person=a_person("Boss"))
    an_alert()
    chains.escalate_due(NOON)
    escalation.resolve("channel:whatsapp:63007", at=NOON + timedelta(minutes=5))
    ends = Notification.objects.filter(dedupe_key__startswith="alert-end:")
    assert ends.count() == 2, "the standing list and the one who was told, not the chief"
    assert chains.escalate_due(NOON + timedelta(minutes=31)) == 0


def test_alerts_about_alert_messages_tell_nobody(settings: Any) -> None:
    settings.STAFF_ALERT_EMAILS = ["ops@djobea.example"]
    a_step(person=a_person())
    an_alert(fingerprint="dead-letter:staff_alert:email")
    assert not ChainLink.objects.exists()
    assert told() == []


@pytest.mark.parametrize(
    ("answer", "state", "rests"),
    [
        ("{code} ok", AlertState.ACKNOWLEDGED, None),
        ("#{code}: Je prends !", AlertState.ACKNOWLEDGED, None),
        ("{code} fin", AlertState.RESOLVED, None),
        ("{code} Résolu", AlertState.RESOLVED, None),
        ("{code} 2h", AlertState.OPEN, 120),
        ("{code} 30 min", AlertState.OPEN, 30),
        ("{code} 99h", AlertState.OPEN, 24 * 60),
        ("{code} quoi ?", AlertState.OPEN, None),
    ],
)
def test_staff_act_by_answering_with_the_code(answer: str, state: str, rests: int | None) -> None:
    awa, alert = a_person(), an_alert()
    said = staff_replies.hear(awa.phone_number, answer.format(code=alert.code.lower()), at=NOON)
    alert.refresh_from_db()
    assert said
    assert alert.state == state
    assert alert.snoozed_until == (NOON + timedelta(minutes=rests) if rests else None)


def test_an_alert_is_handed_over_by_name() -> None:
    awa, boss, alert = a_person("Awa"), a_person("Boss"), an_alert()
    assert "Boss" in str(staff_replies.hear(awa.phone_number, f"{alert.code} @boss", at=NOON))
    alert.refresh_from_db()
    assert (alert.owner, alert.state) == (boss.user, AlertState.ACKNOWLEDGED)
    assert "Nina" in str(staff_replies.hear(awa.phone_number, f"{alert.code} @Nina", at=NOON)).title()


def test_nobody_else_acts_and_old_codes_are_words_like_any_other() -> None:
    awa, alert = a_person(), an_alert()
    assert staff_replies.hear("+237699999999", f"{alert.code} fin", at=NOON) is None
    assert staff_replies.hear(None, f"{alert.code} fin", at=NOON) is None
    assert staff_replies.hear(awa.phone_number, "fuite d'eau", at=NOON) is None
    escalation.resolve(alert.fingerprint, at=NOON)
    assert staff_replies.hear(awa.phone_number, f"{alert.code} ok", at=NOON) is None


def test_a_storm_of_dead_letters_is_one_alert_with_a_count_and_one_mail(settings: Any) -> None:
    settings.STAFF_ALERT_EMAILS = ["ops@djobea.example"]
    Channel.objects.update_or_create(
        name="whatsapp", defaults={"is_configured": True, "sender": "whatsapp:+14155238886", "per_second": 100_000}
    )
    Contact.objects.bulk_create(Contact(phone_number=f"+2376{number:08}") for number in range(1000))
    with transaction.atomic():
        for contact in Contact.objects.all():  # nobody wrote within 24 hours, and there is neither template nor SMS
            outbox.enqueue(purpose="news", body="Bonjour", contact=contact)
    while turn(slots=500) or Notification.objects.due(clock.now()).filter(channel="whatsapp").exists():
        pass
    assert Notification.objects.filter(status=Status.DEAD).count() == 1000
    alert = EscalationAlert.objects.get()
    assert (alert.fingerprint, alert.occurrences) == ("dead-letter:whatsapp:window", 1000)
    assert Notification.objects.filter(purpose="staff_alert").count() == 1
    assert alert.dead_letters.count() == 1000


def link_in(text: str) -> str:
    return "/go/" + text.partition("/go/")[2].split("/")[0] + "/"


@pytest.fixture
def linked() -> tuple[EscalationAlert, OnCallPerson, str]:
    awa = a_person(email="awa@djobea.example")
    a_step(person=awa, channel="sms")
    alert = an_alert(clock.now(), remedy="Compare the sender.")
    chains.escalate_due(clock.now())
    (message,) = Notification.objects.filter(purpose="staff_alert_sms")
    assert "Answer" not in message.sms_body
    assert link_in(message.body) == link_in(message.sms_body)
    return alert, awa, link_in(message.sms_body)


@pytest.mark.parametrize(
    ("act", "state"),
    [("acknowledge", AlertState.ACKNOWLEDGED), ("resolve", AlertState.RESOLVED), ("snooze", AlertState.OPEN)],
)
def test_an_sms_carries_a_link_that_acts_without_a_login(
    linked: tuple[EscalationAlert, OnCallPerson, str], client: Client, act: str, state: str
) -> None:
    alert, awa, link = linked
    page = client.get(link)
    assert page.status_code == 200
    assert "Compare the sender." in page.content.decode()
    alert.refresh_from_db()
    assert alert.state == AlertState.OPEN, "looking changes nothing"
    assert client.post(link, {"act": act}).status_code == 200
    alert.refresh_from_db()
    assert alert.state == state
    assert bool(alert.snoozed_until) == (act == "snooze")
    assert alert.owner == (awa.user if act == "acknowledge" else None)
    assert client.post(link, {"act": "widen"}).status_code == 200, "what does not fit changes nothing"


def test_a_link_ends_with_its_time_and_with_its_person(
    linked: tuple[EscalationAlert, OnCallPerson, str], client: Client
) -> None:
    alert, awa, link = linked
    awa.is_active = False
    awa.save()
    assert client.post(link, {"act": "resolve"}).status_code == 410
    OnCallPerson.objects.update(is_active=True)
    AlertLink.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert client.post(link, {"act": "resolve"}).status_code == 410
    assert client.post("/go/" + "a" * 16 + "/", {"act": "resolve"}).status_code == 404
    alert.refresh_from_db()
    assert alert.state == AlertState.OPEN


def overdue(at: datetime) -> list[str]:
    return [sentence for _pk, sentence in audit.steps_are_taken(Look(at, is_full=True))]


def test_the_audit_tells_of_a_step_that_was_not_taken() -> None:
    a_step(person=a_person())
    alert = an_alert()
    late = NOON + timedelta(minutes=5)
    assert len(overdue(late)) == 1, "nobody ran the chain"
    escalation.snooze(alert, until=NOON + timedelta(hours=1))
    assert not overdue(late), "it rests on purpose"
    escalation.snooze(alert, until=NOON)
    chains.escalate_due(late)
    assert not overdue(late)
    Notification.objects.update(status=Status.DEAD, last_error_code="window", settled_at=late)
    assert len(overdue(late)) == 1, "it was told to nobody"
    escalation.acknowledge(alert, by=None, at=late)
    assert not overdue(late)


def test_the_preview_tells_what_the_chain_then_does(settings: Any) -> None:
    settings.STAFF_ALERT_EMAILS = []
    awa = a_person("Awa", from_hour=7, to_hour=20)
    a_person("Gone", is_active=False)
    boss = a_person("Boss")
    a_step(0, person=awa, severity=Severity.CRITICAL)
    a_step(10, severity=Severity.CRITICAL)
    a_step(5, severity=Severity.WARNING)
    a_step(7, severity=Severity.CRITICAL, is_active=False)
    foreseen = chains.foresee(NOON)[Severity.CRITICAL]
    assert [(each.due_at - NOON, list(each.people)) for each in foreseen] == [
        (timedelta(0), ["Awa"]),
        (timedelta(minutes=10), ["Awa", "Boss"]),
    ]
    assert Notification.objects.count() == 0
    night = NOON.replace(hour=23)
    assert [list(each.people) for each in chains.foresee(night)[Severity.CRITICAL]] == [["Awa"], ["Boss"]]
    an_alert(NOON)
    chains.escalate_due(NOON)
    chains.escalate_due(NOON + timedelta(minutes=10))
    assert set(told()) == {awa.phone_number, boss.phone_number}


def test_the_preview_knows_of_maintenance_as_the_chain_does(settings: Any) -> None:
    settings.STAFF_ALERT_EMAILS = []
    a_step(0, person=a_person("Awa"))
    a_step(90, person=a_person("Boss"))
    for starts, ends in ((-60, 30), (20, 45)):
        Maintenance.objects.create(
            starts_at=NOON + timedelta(minutes=starts), ends_at=NOON + timedelta(minutes=ends), why="Twilio moves"
        )
    Maintenance.objects.create(starts_at=NOON, ends_at=NOON + timedelta(days=1), why="One channel", about="channel:sms")
    foreseen = chains.foresee(NOON)[Severity.CRITICAL]
    assert [(each.due_at - NOON).total_seconds() / 60 for each in foreseen] == [45, 90]
    an_alert(NOON)
    taken = [minute for minute in (0, 30, 44, 45, 90) if chains.escalate_due(NOON + timedelta(minutes=minute))]
    assert taken == [45, 90]


def test_nobody_on_call_is_foreseen_as_nobody() -> None:
    a_person("Awa", from_hour=7, to_hour=20)
    a_step(5, severity=Severity.WARNING)
    assert [list(each.people) for each in chains.foresee(NOON.replace(hour=23))[Severity.WARNING]] == [[]]
