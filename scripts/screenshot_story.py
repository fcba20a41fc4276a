"""A day in the life of Djobea, for pictures: people, requests, messages that left and messages that did not.

`furnish()` calls one function a subject; rows for a new screen are a new function there. The same story at each run.
"""

import random
import uuid
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.core.management import call_command

from djobea.models import SavedList
from marketplace import dispatch, inbox, match_runs, service_requests
from marketplace.models import Conversation, Customer, Urgency
from notifications import clock, escalation, staff_actions
from notifications.failure_policy import failure_for
from notifications.models import (
    Account,
    Attempt,
    Channel,
    Contact,
    EscalationAlert,
    EscalationStep,
    Heartbeat,
    MessageTemplate,
    Notification,
    OnCallPerson,
    Outcome,
    Receipt,
    Severity,
    Status,
)
from notifications.models.template import Approval
from providers.models import Service, Zone

PEOPLE: Final = (
    *("Awa Ngo Bassa", "Paul Mbarga", "Chantal Ewane", "Ibrahim Bello", "Solange Tchoumi", "Serge Nkoulou"),
    *("Mireille Fotso", "Jean Eboa", "Aïcha Moussa", "Blaise Kamga", "Grâce Ndongo", "Emmanuel Ateba"),
)
WORDS: Final = (
    ("offer", "Nouvelle demande : fuite d'eau à Bonamoussadi, urgent. Acceptez ou refusez."),
    ("provider_found", "Paul Mbarga arrive chez vous vers 15 h 30. Son numéro : 677 00 00 12."),
    ("reminder", "Il manque encore votre quartier pour chercher quelqu'un."),
    ("job_news", "Votre électricien est en route."),
    ("rating_request", "Comment s'est passée la visite ? Donnez une note de 1 à 5."),
)
# (error code, how many dead letters, channel, what Twilio said)
DEAD: Final = (
    ("63024", 7, "whatsapp", "Invalid message recipient"),
    ("63016", 4, "whatsapp", "Failed to send freeform message because you are outside the allowed window."),
    ("30003", 3, "sms", "Unreachable destination handset"),
    ("21408", 2, "sms", "Permission to send an SMS has not been enabled for the region"),
)
MORNING: Final = 6
# Who of PEOPLE, how long ago, and what they wrote.
TALKS: Final = (
    (5, timedelta(hours=22, minutes=40), ("Bonjour", "je cherche un maçon à Makepe pour demain matin")),
    (6, timedelta(minutes=25), ("mon frigo ne fait plus de froid depuis hier", "Logpom", "derrière le marché", "oui")),
    (7, timedelta(minutes=14), ("Good morning, I need somebody to clean my house", "Bonapriso")),
    (8, timedelta(minutes=6), ("fuite d'eau à Bonamoussadi, urgent", "oui", "je veux parler à quelqu'un svp")),
)
REQUESTS: Final = (
    ("plomberie", "bonamoussadi", Urgency.EMERGENCY, "Une fuite sous l'évier, l'eau coule partout", True),
    ("electricite", "akwa", Urgency.TODAY, "Le compteur saute sans arrêt", True),
    ("climatisation", "bonapriso", Urgency.SCHEDULED, "La climatisation ne refroidit plus", False),
    ("serrurerie", "deido", Urgency.EMERGENCY, "La porte est claquée, les clés sont dedans", False),
)


def furnish() -> User:
    """Fill an empty database; returns the one who looks at it."""
    chance = random.Random(7)  # noqa: S311  a story, no secret
    at = clock.now()
    call_command("seed", verbosity=0)
    chief = User.objects.create_superuser("awa", "awa@djobea.example", first_name="Awa")
    Heartbeat.objects.create(worker="worker-1", started_at=at - timedelta(hours=9), seen_at=at + timedelta(minutes=30))
    people = [
        Contact.objects.create(
            name=name, phone_number=f"+23769{number:07d}", language="fr", last_inbound_at=at - timedelta(hours=number)
        )
        for number, name in enumerate(PEOPLE, 1)
    ]
    _requests(people, at)
    _nobody_does_it(people[10], at)
    _talks(people, at)
    _a_day_of_messages(people, at, chance)
    _waiting(people, at)
    _dead_letters(people, at)
    _channels(at)
    _alerts(at)
    _on_call(chief)
    _templates(people[0], chief, at)
    _done_by_hand(at)
    SavedList.objects.create(
        name="SMS en attente", address="/admin/notifications/notification/?status__exact=queued&channel=sms", by="awa"
    )
    return chief


def _requests(people: list[Contact], at: datetime) -> None:
    for (service, zone, urgency, words, is_taken), person in zip(REQUESTS, people, strict=False):
        request = service_requests.open_request(
            customer=Customer.objects.create(contact=person),
            conversation=None,
            service=Service.objects.get(slug=service),
            zone=Zone.objects.get(slug=zone),
            urgency=urgency,
            description=words,
            place_note="derrière la pharmacie",
            at=at - timedelta(minutes=2),
        )
        match_runs.explain(at)
        if is_taken and (offer := request.offers.order_by("-score").first()):
            dispatch.accept(offer, at=at - timedelta(minutes=1))


def _nobody_does_it(person: Contact, at: datetime) -> None:
    """Requests from a city where nobody offers these trades yet: whom to recruit."""
    there = Zone.objects.filter(city__slug="yaounde", is_whole_city=False).order_by("slug")[0]
    missing = Service.objects.filter(is_active=True).exclude(providers__zones__city=there.city).order_by("slug")
    for number, service in enumerate(missing[:2]):
        service_requests.open_request(
            customer=Customer.objects.get_or_create(contact=person)[0],
            conversation=None,
            service=service,
            zone=there,
            urgency=Urgency.TODAY,
            description="Il faudrait quelqu'un cette semaine",
            at=at - timedelta(minutes=40 - 9 * number),
        )
    match_runs.explain(at)


def _talks(people: list[Contact], at: datetime) -> None:
    """People write, and the machine answers, through the same door as Twilio's messages."""
    for person, ago, lines in TALKS:
        moment = at - ago
        for line in lines:
            fields = {
                "MessageSid": f"SM{uuid.uuid5(uuid.NAMESPACE_OID, people[person].name + line).hex}",
                "From": f"whatsapp:{people[person].phone_number}",
                "To": "whatsapp:+14155238886",
                "Body": line,
                "NumMedia": "0",
            }
            inbox.receive(fields, at=moment)
            while inbox.process_next(worker="story", at=moment):
                pass
            moment += timedelta(seconds=50)
    Notification.objects.filter(purpose="reply", status=Status.QUEUED).update(
        status=Status.DELIVERED, attempt_count=1, sent_at=at, delivered_at=at
    )


def _a_day_of_messages(people: list[Contact], at: datetime, chance: random.Random) -> None:
    """Delivered messages over 24 hours, more by day than by night, each with its attempt."""
    account = Account.objects.get()
    for hour in range(24):
        moment = at - timedelta(hours=23 - hour)
        many = 2 if moment.hour < MORNING else 4 + int(6 * chance.random())
        for _number in range(many):
            when = moment - timedelta(minutes=chance.randrange(1, 59))
            purpose, body = chance.choice(WORDS)
            channel = "sms" if chance.random() < 0.25 else "whatsapp"  # noqa: PLR2004
            row = a_message(
                chance.choice(people), when, purpose, body, channel=channel, status=Status.DELIVERED, attempt_count=1
            )
            sid = f"SM{row.pk:032x}"
            is_bad = chance.random() < 0.06  # noqa: PLR2004
            if is_bad:
                an_attempt(row, account, when, error_code="30003", outcome=Outcome.FAILED)
            an_attempt(row, account, when + timedelta(seconds=40 * is_bad), provider_sid=sid)
            Receipt.objects.create(
                provider_sid=sid, status="delivered", received_at=when + timedelta(seconds=3), applied_at=when
            )
            Notification.objects.filter(pk=row.pk).update(
                provider_sid=sid, sent_at=when, delivered_at=when, attempt_count=1 + is_bad
            )


def _waiting(people: list[Contact], at: datetime) -> None:
    for number, person in enumerate(people[:5]):
        purpose, body = WORDS[number % len(WORDS)]
        due = at + timedelta(minutes=7 * number + 3)
        a_message(person, at, purpose, body, due_at=due, waiting_for="retry", retry_count=number % 3 + 1)
    for person in people[5:9]:
        a_message(person, at, "job_news", WORDS[3][1], channel="sms", waiting_for="channel", due_at=at)


def _dead_letters(people: list[Contact], at: datetime) -> None:
    account = Account.objects.get()
    for code, many, channel, said in DEAD:
        failure = failure_for(code)
        for number in range(many):
            died = at - timedelta(minutes=11 * number + 5)
            purpose, body = WORDS[number % len(WORDS)]
            facts: dict[str, Any] = {"last_error_code": code, "last_error": said, "retry_count": 1, "attempt_count": 2}
            person = people[number % len(people)]
            row = a_message(person, died, purpose, body, channel=channel, status=Status.DEAD, settled_at=died, **facts)
            for turn in range(2):
                begun = died - timedelta(minutes=9 - 2 * turn)
                an_attempt(row, account, begun, error_code=code, error_message=said, outcome=Outcome.REFUSED)
        alert = escalation.raise_alert(
            fingerprint=f"dead-letter:{channel}:{code}",
            title=f"{failure.title_fr} ({code})",
            cause=failure.cause_fr,
            remedy=failure.remedy_fr,
            occurrences=many,
            at=at - timedelta(minutes=6),
        )
        Notification.objects.filter(status=Status.DEAD, last_error_code=code).update(alert=alert)


def _channels(at: datetime) -> None:
    Channel.objects.update(probed_at=at - timedelta(minutes=4), probe_answer="Le compte est actif.")
    Channel.objects.filter(name="sms").update(
        paused_until=at + timedelta(hours=6),
        paused_at=at - timedelta(minutes=42),
        pause_code="21408",
        pause_reason="Permission to send an SMS has not been enabled for the region indicated by the 'To' number: +237",
    )


def _alerts(at: datetime) -> None:
    failure = failure_for("21408")
    escalation.raise_alert(
        fingerprint="channel:sms:21408",
        title=f"{failure.title_fr} (21408)",
        cause=failure.cause_fr,
        remedy=failure.remedy_fr,
        severity=Severity.CRITICAL,
        occurrences=12,
        at=at - timedelta(minutes=42),
    )
    escalation.raise_alert(
        fingerprint="request-waits:4",
        title="Personne pour un serrurier à Deïdo",
        cause="Trois vagues sont parties, personne n'a accepté.",
        remedy="Appelez un serrurier d'un quartier voisin, ou élargissez la recherche.",
        severity=Severity.WARNING,
        at=at - timedelta(minutes=9),
    )
    EscalationAlert.objects.update(first_seen_at=at - timedelta(minutes=42))


def _on_call(chief: User) -> None:
    awa = OnCallPerson.objects.create(
        user=chief, name="Awa", phone_number="+237699000101", email="awa@djobea.example", from_hour=7, to_hour=20
    )
    OnCallPerson.objects.create(name="Serge", phone_number="+237699000102", email="serge@djobea.example")
    EscalationStep.objects.create(severity=Severity.CRITICAL, after_minutes=0, channel="whatsapp", person=awa)
    EscalationStep.objects.create(severity=Severity.CRITICAL, after_minutes=10, channel="sms")
    EscalationStep.objects.create(severity=Severity.ERROR, after_minutes=15, channel="whatsapp")


def _templates(person: Contact, chief: User, at: datetime) -> None:
    """What WhatsApp has approved, and a talk whose window is closed: only a template reaches this person."""
    body = "Rappel de Djobea : {{1}} vient à {{2}} pour votre demande ({{3}}). Répondez ici."
    MessageTemplate.objects.create(name="reminder", language="fr", body=body, variables=["name", "time", "service"])
    MessageTemplate.objects.filter(language="fr").update(approval=Approval.APPROVED, content_sid="HX" + "3" * 31 + "7")
    Contact.objects.filter(pk=person.pk).update(last_inbound_at=(ago := at - timedelta(hours=26)))
    Conversation.objects.create(contact=person, operator=chief, opened_at=ago, last_message_at=at)


def _done_by_hand(at: datetime) -> None:
    dead = Notification.objects.filter(status=Status.DEAD, last_error_code="63024").order_by("pk")[:1]
    staff_actions.retry(
        staff_actions.Selection.of(dead.values_list("pk", flat=True)), by="awa", why="Le numéro a été corrigé", at=at
    )


def a_message(person: Contact, when: datetime, purpose: str, body: str, **facts: Any) -> Notification:
    """One message to this person that was made then; queued on WhatsApp unless told otherwise."""
    defaults: dict[str, Any] = {"channel": "whatsapp", "due_at": when, "created_at": when, "trace": str(uuid.uuid4())}
    defaults |= {"reference": f"request:{900 + person.pk}", "priority": 2 if purpose == "offer" else 1}
    if facts.get("status") == Status.DELIVERED:
        defaults |= {"settled_at": when + timedelta(seconds=3)}
    return Notification.objects.create(
        **(defaults | facts), purpose=purpose, body=body, contact=person, phone_number=person.phone_number or ""
    )


def an_attempt(row: Notification, account: Account, begun: datetime, **facts: Any) -> Attempt:
    """One call that was answered after a blink; accepted unless told otherwise."""
    defaults: dict[str, Any] = {"outcome": Outcome.ACCEPTED, "latency_ms": 240, "http_status": 201}
    if "error_code" in facts:
        defaults["http_status"] = 400
    return Attempt.objects.create(
        **(defaults | facts),
        notification=row,
        public_id=uuid.uuid4(),
        channel=row.channel,
        account=account,
        started_at=begun,
        finished_at=begun + timedelta(milliseconds=240),
        sender="whatsapp:+14155238886" if row.channel == "whatsapp" else "DJOBEA",
        receiver=row.phone_number,
    )


__all__ = ["a_message", "an_attempt", "furnish"]
