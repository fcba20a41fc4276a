"""One row of every kind that the console shows, in every status it may have."""

from datetime import datetime, timedelta
from typing import Any

from djobea.models import AuditResult, ComponentState, ErasedPerson, RememberedAnswer, SavedList, SelfTestResult
from marketplace.models import (
    ActionLink,
    Application,
    ApplicationStatus,
    Conversation,
    Customer,
    Event,
    InboundMessage,
    InboundStatus,
    Job,
    MatchRun,
    Offer,
    OfferStatus,
    PrivacyRequest,
    PrivacyStatus,
    Quote,
    QuoteStatus,
    Rating,
    RequestStatus,
    ServiceRequest,
    VocabularyEntry,
    Wave,
    Wish,
)
from notifications.models import (
    Account,
    AlertLink,
    AlertState,
    Attempt,
    ChainLink,
    Channel,
    ChannelName,
    Clock,
    Contact,
    EscalationAlert,
    EscalationStep,
    Heartbeat,
    Maintenance,
    MessageTemplate,
    Notification,
    OnCallPerson,
    Outcome,
    Receipt,
    ScheduledRun,
    Severity,
    StaffAction,
    StaffActionLine,
    StaffDeed,
    Status,
    UnreachableMark,
    WebhookSubscription,
)
from tests.providers.factories import a_provider, a_service, a_zone

NUMBER = "+237699000001"


def a_channel(name: str = ChannelName.WHATSAPP, **facts: Any) -> Channel:
    defaults = {"is_configured": True, "sender": "whatsapp:+14155238886"} | facts
    return Channel.objects.update_or_create(name=name, defaults=defaults)[0]


def a_contact() -> Contact:
    return Contact.objects.get_or_create(phone_number=NUMBER, defaults={"name": "Awa <b>"})[0]


def a_message(at: datetime, status: str = Status.QUEUED, **facts: Any) -> Notification:
    """One message in any status, with what the database demands of it."""
    defaults: dict[str, Any] = {
        "purpose": "offer",
        "contact": a_contact(),
        "phone_number": NUMBER,
        "body": "Bonjour <script>",
        "channel": "whatsapp",
        "due_at": at,
        "status": status,
        "reference": "request:42",
        "attempt_count": 0 if status == Status.QUEUED else 1,
        "choices": [{"id": "offer:1:accept", "title": "Accepter"}],
    }
    if status == Status.SENDING:
        defaults |= {"leased_until": at + timedelta(minutes=1), "leased_by": "worker"}
    if status == Status.DEAD:
        defaults |= {"last_error_code": "63024", "last_error": "Invalid recipient", "settled_at": at, "retry_count": 5}
    return Notification.objects.create(**(defaults | facts))


def an_alert(at: datetime, state: str = AlertState.OPEN, **facts: Any) -> EscalationAlert:
    defaults: dict[str, Any] = {
        "fingerprint": f"test:{state}:{Severity.CRITICAL}",
        "title": f"Something broke ({state})",
        "cause": "A cause",
        "remedy": "Do this",
        "severity": Severity.CRITICAL,
        "state": state,
        "first_seen_at": at,
        "last_seen_at": at,
        "resolved_at": at if state == AlertState.RESOLVED else None,
    }
    return EscalationAlert.objects.create(**(defaults | facts))


def a_conversation(at: datetime) -> Conversation:
    return Conversation.objects.get_or_create(
        contact=a_contact(), is_open=True, defaults={"opened_at": at, "last_message_at": at}
    )[0]


def a_request(at: datetime, status: str = RequestStatus.SEARCHING) -> ServiceRequest:
    return ServiceRequest.objects.create(
        customer=Customer.objects.get_or_create(contact=a_contact())[0],
        conversation=a_conversation(at),
        service=a_service(),
        zone=a_zone(),
        status=status,
        description="Fuite d'eau",
        searching_since=at,
        urgency="emergency",
    )


def a_full_house(at: datetime) -> None:
    """Fill every table."""
    account = Account.objects.create(sid="AC" + "0" * 32, daily_limit=50)
    a_channel(account=account)
    a_channel(ChannelName.SMS, sender="+237600000000")
    contact = a_contact()
    UnreachableMark.objects.create(contact=contact, channel="sms", until=at, code="21610")
    for status in Status.values:
        message = a_message(at, status)
        for number, outcome in enumerate(Outcome.values):
            sid = f"SM{message.pk:024x}{number:08x}" if outcome == Outcome.ACCEPTED else None
            Attempt.objects.create(
                notification=message,
                channel="whatsapp",
                account=account,
                started_at=at,
                finished_at=None if outcome == Outcome.IN_FLIGHT else at,
                outcome=outcome,
                provider_sid=sid,
                error_code="63024" if outcome == Outcome.REFUSED else "",
            )
            if sid:
                Receipt.objects.create(provider_sid=sid, status="delivered", received_at=at)
    for state in AlertState.values:
        an_alert(at, state)
    for deed in StaffDeed.values:
        action = StaffAction.objects.create(
            deed=deed,
            by="chief",
            why="Because <b>",
            begun_at=at,
            channel="whatsapp" if deed in ("pause", "resume") else "",
            selection={"criteria": {"status": "dead"}},
            skipped={"sent": 2},
            expected=1,
        )
        StaffActionLine.objects.create(
            action=action,
            notification=Notification.objects.earliest("pk"),
            status_before=Status.DEAD,
            channel_before="whatsapp",
            old_values={"body": "Bonjour <script>"},
        )
    MessageTemplate.objects.get_or_create(name="offer", language="fr", defaults={"body": "{{1}}"})
    Heartbeat.objects.create(worker="w1", started_at=at, seen_at=at)
    ScheduledRun.objects.get_or_create(name="audit", defaults={"last_at": at})
    Clock.objects.get_or_create(pk=1)
    ErasedPerson.objects.create(pseudonym="erased-1", erased_at=at, by="awa")
    RememberedAnswer.objects.create(caller="x", key="k", fingerprint="y", status=200, body="{}")
    _on_call(at)
    SavedList.objects.create(name="Bih <b>", address="/admin/notifications/notification/?status__exact=dead")
    SelfTestResult.objects.create(name="queue", passed=False, detail="broken", ran_at=at)
    ComponentState.objects.create(name="queue", state="critical", since=at)
    AuditResult.objects.create(check_name="notifications.lease", ran_at=at, rows=[1])
    _a_talk(at)
    for status in RequestStatus.values:
        _a_told_request(at, status)
    for status in ApplicationStatus.values:
        an_application(at, status)
    for number, status in enumerate(PrivacyStatus.values):
        PrivacyRequest.objects.create(
            contact=a_contact() if number else None,
            wish=Wish.values[number % 2],
            status=status,
            asked_at=at,
            decided_at=at,
            done_at=at,
        )
    ActionLink.objects.create(token_sha256="0" * 64, purpose="offer", object_id=1, expires_at=at)
    VocabularyEntry.objects.create(kind="symptom", text="fuite d'eau", service=a_service())


def an_application(at: datetime, status: str = ApplicationStatus.SUBMITTED) -> Application:
    """Somebody who wants to join; each with a number of their own."""
    number = f"+2376555000{ApplicationStatus.values.index(status):02d}"
    return Application.objects.create(
        contact=Contact.objects.get_or_create(phone_number=number, defaults={"name": "Awa <b>"})[0],
        name="Awa <b>",
        phone_number=number,
        status=status,
        started_at=at,
        submitted_at=at,
        decided_at=None if status in (ApplicationStatus.OPEN, ApplicationStatus.SUBMITTED) else at,
    )


def _a_talk(at: datetime) -> None:
    for status in InboundStatus.values:
        InboundMessage.objects.create(
            message_sid=f"SMinbound{status}",
            contact=a_contact(),
            conversation=a_conversation(at),
            from_address=f"whatsapp:{NUMBER}",
            to_address="whatsapp:+14155238886",
            body=f"J'ai une fuite ({status})",
            received_at=at,
            due_at=at,
            status=status,
            leased_until=at if status == InboundStatus.PROCESSING else None,
            error="Boom" if status == InboundStatus.FAILED else "",
            understood={"intent": "request", "services": ["plomberie"]},
        )


def _a_told_request(at: datetime, status: str) -> None:
    request = a_request(at, status)
    asked = a_provider()
    run = MatchRun.objects.create(
        request=request,
        level="exact",
        ran_at=at,
        chosen=[_entry(asked.pk, "covers_zone") | {"score_parts": {"distance": 0.9}}],
        near_misses=[_entry(asked.pk, "outside_hours")],
    )
    wave = Wave.objects.create(request=request, match_run=run, number=1, started_at=at, ends_at=at)
    for offer_status in OfferStatus.values:
        offer = Offer.objects.create(
            request=request,
            wave=wave,
            provider=a_provider(),
            status=offer_status,
            level="exact",
            score=0.7,
            score_parts={"distance": 0.9, "rating": 0.5},
            distance_km=1.2,
            created_at=at,
            expires_at=at,
        )
        if offer_status == OfferStatus.ACCEPTED:
            job = Job.objects.create(request=request, offer=offer, provider=offer.provider, assigned_at=at)
            Rating.objects.create(job=job, stars=5, created_at=at)
            for quote_status in QuoteStatus.values:
                answered = None if quote_status == QuoteStatus.PROPOSED else at
                Quote.objects.create(job=job, amount=15000, status=quote_status, proposed_at=at, answered_at=answered)
            Event.objects.create(
                request=request, name="accepted", actor=f"provider:{offer.provider_id}", happened_at=at, facts={}
            )
    Event.objects.create(request=request, name="wave_sent", actor="system", happened_at=at, facts={"offers": 3})


def _entry(provider_id: int, reason: str) -> dict[str, Any]:
    return {"provider_id": provider_id, "name": "Paul", "score": 0.8, "distance_km": 1.0, "reason": reason}


def _on_call(at: datetime) -> None:
    awa = OnCallPerson.objects.create(name="Awa <b>", phone_number=NUMBER, email="awa@djobea.example")
    EscalationStep.objects.create(person=awa, after_minutes=5)
    EscalationStep.objects.create(after_minutes=15)
    WebhookSubscription.objects.create(name="Awa <b>", url="https://hooks.example.org/")
    Maintenance.objects.create(starts_at=at, ends_at=at + timedelta(hours=1), why="Twilio moves", by="chief")
    alert = EscalationAlert.objects.order_by("pk").first()
    assert alert is not None
    AlertLink.objects.create(token_sha256="1" * 64, alert=alert, person=awa, expires_at=at)
    ChainLink.objects.create(alert=alert, due_at=at, channel="email", person=awa)
    ChainLink.objects.create(alert=alert, due_at=at, channel="sms", is_for_everybody=True, status="told", done_at=at)
