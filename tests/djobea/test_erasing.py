"""One person is erased: nothing of them is left in any column of any table, while every row stays."""

import html
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import connection, models, transaction
from django.db.models import Model
from django.test import Client
from django.test.utils import isolate_apps
from django.urls import reverse

from djobea import auditing, erasing
from djobea.models import ErasedPerson, RememberedAnswer
from marketplace import dispatch, jobs, ratings, timeline
from marketplace.models import (
    Application,
    Conversation,
    Customer,
    InboundMessage,
    InboundStatus,
    Job,
    MatchRun,
    Offer,
    PrivacyRequest,
    PrivacyStatus,
    Quote,
    Rating,
    ServiceRequest,
    Wish,
)
from notifications import clock, contacts, erasure, outbox
from notifications.admin.erasing import WHAT
from notifications.models import (
    Attempt,
    Contact,
    EscalationAlert,
    Notification,
    OnCallPerson,
    Outcome,
    Receipt,
    StaffAction,
    StaffActionLine,
    StaffDeed,
    Status,
    UnreachableMark,
)
from providers.models import Availability, Provider, ProviderStatus, Standing
from tests.factories import a_contact, a_request, an_inbound
from tests.providers.factories import a_provider

pytestmark = pytest.mark.django_db
NUMBER, PROVIDER_NUMBER = "+237699424242", "+237677424242"
OF_AWA: tuple[str, ...] = (
    "Zénabou",
    NUMBER,
    NUMBER[1:],
    "CM.424242",
    "zena@example.com",
    "derrière la mosquée",
    "robinet rouge",
)
OF_AWA += ("4.05123", "SMphoto", "jamais venu", "merci patron")
OF_PAUL = ("Barthélémy", PROVIDER_NUMBER, PROVIDER_NUMBER[1:], "barth@example.com", "parle bassa", "siphon à Paul")


@pytest.fixture
def at() -> datetime:
    return clock.now()


def tables() -> Iterator[str]:
    with connection.cursor() as cursor:
        yield from connection.introspection.table_names(cursor)


def places_of(*needles: str) -> dict[str, list[str]]:
    """The tables that hold one of these texts in any column, and which ones."""
    found: dict[str, list[str]] = {}
    for table in tables():
        for needle in needles:
            with connection.cursor() as cursor:
                cursor.execute(f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE %s', [f"%{needle}%"])  # noqa: S608
                if cursor.fetchone()[0]:
                    found.setdefault(table, []).append(needle)
    return found


def counts() -> dict[str, int]:
    kept: tuple[Any, ...] = (
        *(Contact, Customer, Conversation, InboundMessage, ServiceRequest, MatchRun, Offer, Job, Quote, Rating),
        *(Provider, Standing, Notification, Attempt, Receipt, StaffAction, StaffActionLine, LogEntry),
    )
    return {model.__name__: model.objects.count() for model in kept}


def all_settled(at: datetime) -> None:
    """Whatever the queue holds was sent, with an attempt, and arrived."""
    for row in Notification.objects.filter(status=Status.QUEUED):
        sid = f"SM{row.pk:032}"
        Attempt.objects.create(
            notification=row,
            channel=row.channel,
            started_at=at,
            finished_at=at,
            outcome=Outcome.ACCEPTED,
            provider_sid=sid,
            receiver=f"whatsapp:{row.phone_number}",
            error_message=f"To {row.phone_number}",
        )
        Receipt.objects.create(
            provider_sid=sid, status="sent", error_message=f"{row.phone_number} is off", received_at=at, applied_at=at
        )
        Notification.objects.filter(pk=row.pk).update(
            status=Status.DELIVERED, attempt_count=1, provider_sid=sid, settled_at=at, last_error=row.phone_number
        )
    Notification.objects.update(news_due=None)


def log(row: Model, said: str) -> None:
    LogEntry.objects.create(
        user=User.objects.get_or_create(username="chief")[0],
        content_type=ContentType.objects.get_for_model(row),
        object_id=str(row.pk),
        object_repr=str(row)[:200],
        action_flag=CHANGE,
        change_message=said,
    )


@pytest.fixture
def story(at: datetime) -> Job:
    """Zénabou's tap leaked; Barthélémy repaired it, for a price, and each said something of the other."""
    barth = a_provider(
        name="Barthélémy", phone_number=PROVIDER_NUMBER, email="barth@example.com", notes="parle bassa", language="fr"
    )
    zena = a_contact(
        name="Zénabou", phone_number=NUMBER, whatsapp_id="CM.424242", email="zena@example.com", last_inbound_at=at
    )
    talk = Conversation.objects.create(
        contact=zena, slots={"description": "robinet rouge"}, opened_at=at, last_message_at=at, needs_human=True
    )
    an_inbound(
        zena,
        "robinet rouge cassé",
        at=at,
        status=InboundStatus.PROCESSED,
        conversation=talk,
        payload={"Body": "robinet rouge", "ProfileName": "Zénabou", "MediaUrl0": "https://x/SMphoto"},
        understood={"description": "robinet rouge"},
    )
    an_inbound(zena, "?", at=at, status=InboundStatus.FAILED, error=f"KeyError: {NUMBER}", attempts=4)
    request = a_request(
        at=at,
        customer=Customer.objects.create(contact=zena),
        conversation=talk,
        description="robinet rouge",
        place_note="derrière la mosquée",
        latitude=4.05123,
        longitude=9.7,
        media=[{"url": "https://x/SMphoto"}],
    )
    offer = request.offers.get()
    assert dispatch.accept(offer, at=at) == dispatch.Acceptance.WON
    job = Job.objects.select_related("provider", "request__customer__contact").get()
    Availability.objects.create(provider=barth, weekday=1, opens="08:00", closes="17:00")
    Quote.objects.create(job=job, amount=25000, description="siphon à Paul", proposed_at=at)
    jobs.set_out(job, at=at)
    jobs.finish(job, at=at)
    Quote.objects.update(status="approved", answered_at=at)
    ratings.rate(job, 2, by_customer=True, comment="jamais venu", at=at)
    ratings.rate(job, 5, by_customer=False, comment="merci patron", at=at)
    timeline.record(request, "noted", "staff:chief", at, reason="Zénabou a rappelé")
    _what_staff_did(zena, barth, job, at)
    all_settled(at)
    return job


def _what_staff_did(zena: Contact, barth: Provider, job: Job, at: datetime) -> None:
    ServiceRequest.objects.update(call_number=NUMBER)
    UnreachableMark.objects.create(contact=zena, channel="sms", until=at + timedelta(days=1), code="21610")
    with transaction.atomic():
        edited = outbox.enqueue(
            purpose="staff_alert", email="zena@example.com", body="x", dedupe_key="alert:1:zena@example.com", at=at
        )
    action = StaffAction.objects.create(
        deed=StaffDeed.EDIT, by="chief", why=f"{NUMBER} was wrong", selection={"search": NUMBER}, begun_at=at
    )
    StaffActionLine.objects.create(
        action=action,
        notification=edited,
        status_before="dead",
        channel_before="sms",
        old_values={"phone_number": NUMBER},
    )
    EscalationAlert.objects.create(
        fingerprint="x",
        title="x",
        cause=f"Call {NUMBER}",
        notes=f"{PROVIDER_NUMBER} too",
        first_seen_at=at,
        last_seen_at=at,
    )
    Application.objects.create(
        contact=zena, status="refused", name="Zénabou", identity={"url": "SMphoto"}, started_at=at, decided_at=at
    )
    RememberedAnswer.objects.create(caller="x", key="x", fingerprint="x", body=f'{{"phone_number": "{NUMBER}"}}')
    PrivacyRequest.objects.create(contact=zena, wish=Wish.ERASE, asked_at=at)
    for row in (zena, barth, job.request.customer, job.request.conversation):
        assert row is not None
        log(row, f"changed {NUMBER} and {PROVIDER_NUMBER}")


def test_nothing_of_a_customer_is_left_in_any_table_and_every_row_stays(story: Job, at: datetime) -> None:
    zena = Contact.objects.get(phone_number=NUMBER)
    before, standings = counts(), list(Standing.objects.values())
    assert {"notification_queue", "marketplace_inboundmessage", "django_admin_log"} <= set(places_of(*OF_AWA))
    result = erasure.erase(zena, by="chief", at=at)
    assert result.obstacles == []
    assert places_of(*OF_AWA) == {}
    assert counts() == before
    assert list(Standing.objects.values()) == standings
    assert sorted(Rating.objects.values_list("stars", flat=True)) == [2, 5]
    assert result.rows["requests"] == 1
    assert result.rows["messages"] >= 3


def test_the_customers_messages_name_the_pseudonym_and_obey_every_constraint(story: Job, at: datetime) -> None:
    zena = Contact.objects.get(phone_number=NUMBER)
    erasure.erase(zena, by="chief", at=at)
    zena.refresh_from_db()
    assert (zena.phone_number, zena.whatsapp_id, zena.name) == (None, None, "")
    assert zena.email == f"erased-{zena.pk}@erased.invalid"
    rows = Notification.objects.filter(contact=zena)
    assert set(rows.values_list("email", "body")) == {(zena.email, "")}
    assert set(Attempt.objects.filter(notification__in=rows).values_list("receiver", flat=True)) == {
        f"erased-{zena.pk}"
    }
    assert set(InboundMessage.objects.values_list("from_address", "body")) == {(f"erased-{zena.pk}", "")}
    assert InboundMessage.objects.get(status=InboundStatus.FAILED).error.startswith("KeyError: ")
    assert not Conversation.objects.filter(is_open=True).exists()
    assert PrivacyRequest.objects.get().status == PrivacyStatus.DONE
    told_provider = Notification.objects.filter(phone_number=PROVIDER_NUMBER)
    assert told_provider, "the provider is still somebody"
    assert not told_provider.filter(body__contains="robinet").exists()
    assert auditing.audit(at) == []


def test_nothing_of_a_provider_is_left_in_any_table_and_no_offer_comes_any_more(story: Job, at: datetime) -> None:
    barth = Provider.objects.get()
    before, standings = counts(), list(Standing.objects.values())
    erasure.erase(Contact.objects.get(phone_number=PROVIDER_NUMBER), by="chief", at=at)
    assert places_of(*OF_PAUL) == {}
    assert counts() == before
    assert list(Standing.objects.values()) == standings
    barth.refresh_from_db()
    assert (barth.status, barth.is_verified, barth.coverage.count()) == (ProviderStatus.SUSPENDED, False, 0)
    assert barth.phone_number.startswith("+999")
    assert not Availability.objects.exists()
    assert places_of(NUMBER), "the customer is still somebody"
    assert auditing.audit(at) == []


def test_a_trace_is_left_without_personal_data(story: Job, at: datetime) -> None:
    zena = Contact.objects.get(phone_number=NUMBER)
    erasure.erase(zena, by="chief", at=at)
    trace = ErasedPerson.objects.get()
    assert (trace.pseudonym, trace.by, trace.erased_at) == (f"erased-{zena.pk}", "chief", at)


def test_a_rehearsal_tells_the_same_rows_and_changes_nothing(story: Job, at: datetime) -> None:
    zena = Contact.objects.get(phone_number=NUMBER)
    before = places_of(*OF_AWA)
    rehearsed = erasure.erase(zena, by="chief", at=at, is_rehearsal=True)
    assert places_of(*OF_AWA) == before
    assert not ErasedPerson.objects.exists()
    assert erasure.erase(zena, by="chief", at=at).rows == rehearsed.rows


def test_what_has_not_left_is_called_back(at: datetime) -> None:
    zena = a_contact()
    with transaction.atomic():
        row = outbox.enqueue(purpose="reminder", contact=zena, body="Bonjour", at=at)
    erasure.erase(zena, by="chief", at=at)
    row.refresh_from_db()
    assert (row.status, row.body) == (Status.CANCELLED, "")


def test_who_writes_again_is_somebody_new(story: Job, at: datetime) -> None:
    zena = Contact.objects.get(phone_number=NUMBER)
    erasure.erase(zena, by="chief", at=at)
    anew = contacts.note_inbound(sender=f"whatsapp:{NUMBER}", profile_name="Zénabou", at=at)
    assert anew.pk != zena.pk
    assert anew.opted_out_at is None


def test_earlier_states_lose_their_text_where_a_model_keeps_history(
    story: Job, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with isolate_apps("providers"):

        class Past(models.Model):  # as django-simple-history makes it
            id = models.BigIntegerField()
            name = models.CharField(max_length=120)
            phone_number = models.CharField(max_length=16, null=True)
            history_id = models.AutoField(primary_key=True)
            history_type = models.CharField(max_length=1, choices=[("~", "Changed")])
            history_change_reason = models.CharField(max_length=100, null=True)

            class Meta:
                app_label = "providers"

            def __str__(self) -> str:
                return self.name

    with connection.schema_editor() as editor:
        editor.create_model(Past)
    monkeypatch.setattr(Contact._meta, "simple_history_manager_attribute", "history", raising=False)  # noqa: SLF001
    monkeypatch.setattr(Contact, "history", Past._default_manager, raising=False)  # noqa: SLF001
    zena = Contact.objects.get(phone_number=NUMBER)
    for pk in (zena.pk, zena.pk + 999):
        Past._default_manager.create(id=pk, name="Zénabou", phone_number=NUMBER, history_type="~")  # noqa: SLF001
    erasure.erase(zena, by="chief", at=at)
    rows = Past._default_manager.order_by("pk").values_list("id", "name", "phone_number", "history_type")  # noqa: SLF001
    assert list(rows) == [(zena.pk, "", None, "~"), (zena.pk + 999, "Zénabou", NUMBER, "~")]


# --- what speaks against it --------------------------------------------------------------------------------------


def refused(contact: Contact, at: datetime) -> list[str]:
    before = counts()
    result = erasure.erase(contact, by="chief", at=at)
    assert counts() == before
    contact.refresh_from_db()
    assert not erasure.is_erased(contact)
    assert not ErasedPerson.objects.exists()
    return result.obstacles


def test_nobody_is_erased_while_a_request_of_theirs_runs(at: datetime) -> None:
    a_provider()
    request = a_request(at=at)
    all_settled(at)
    (why,) = refused(request.customer.contact, at)
    assert str(request.pk) in why


def test_no_provider_is_erased_with_a_job_in_hand_or_an_offer_to_answer(at: datetime) -> None:
    provider = a_provider(phone_number=PROVIDER_NUMBER)
    contact = contacts.for_number(PROVIDER_NUMBER)
    request = a_request(at=at)
    all_settled(at)
    (why,) = refused(contact, at)
    assert str(request.offers.get().pk) in why
    dispatch.accept(request.offers.get(), at=at)
    all_settled(at)
    (why,) = refused(contact, at)
    assert str(Job.objects.get(provider=provider).pk) in why


@pytest.mark.parametrize(
    "facts",
    [
        {"status": Status.SENDING, "leased_by": "w"},
        {"status": Status.UNCONFIRMED, "attempt_count": 1},
    ],
)
def test_nobody_is_erased_while_a_message_is_on_its_way(at: datetime, facts: dict[str, Any]) -> None:
    contact = a_contact()
    with transaction.atomic():
        row = outbox.enqueue(purpose="reply", contact=contact, body="Bonjour", at=at)
    lease = at + timedelta(minutes=1) if facts["status"] == Status.SENDING else None
    Notification.objects.update(**facts, leased_until=lease)
    (why,) = refused(contact, at)
    assert str(row.pk) in why


def test_nobody_is_erased_while_a_message_about_them_is_on_its_way_to_another(story: Job, at: datetime) -> None:
    row = Notification.objects.get(purpose="offer_won")
    Notification.objects.filter(pk=row.pk).update(status=Status.UNCONFIRMED)
    (why,) = refused(Contact.objects.get(phone_number=NUMBER), at)
    assert str(row.pk) in why


def test_nobody_is_erased_while_their_message_is_answered_or_staff_talk_with_them(at: datetime) -> None:
    contact = a_contact()
    message = an_inbound(contact, at=at)
    (why,) = refused(contact, at)
    assert str(message.pk) in why
    InboundMessage.objects.update(status=InboundStatus.PROCESSED)
    chief = User.objects.create(username="chief")
    Conversation.objects.create(contact=contact, operator=chief, opened_at=at, last_message_at=at)
    (why,) = refused(contact, at)
    assert "chief" in why


def test_nobody_is_erased_while_on_call(at: datetime) -> None:
    contact = a_contact()
    OnCallPerson.objects.create(name="Awa", phone_number=contact.phone_number)
    OnCallPerson.objects.create(name="Paul", email="other@example.com")
    assert len(refused(contact, at)) == 1
    assert erasure.erase(a_contact(), by="chief", at=at).obstacles == []


def test_nobody_is_erased_twice(at: datetime) -> None:
    contact = a_contact()
    assert erasure.erase(contact, by="chief", at=at).obstacles == []
    (_why,) = erasure.erase(contact, by="chief", at=at).obstacles


# --- the command -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["699 42 42 42", NUMBER, "CM.424242", "Zena@Example.com"])
def test_a_person_is_found_by_whatever_is_known(story: Job, address: str) -> None:
    call_command("purge", "--person", address)
    assert not Contact.objects.filter(phone_number=NUMBER).exists()


@pytest.mark.parametrize("address", [PROVIDER_NUMBER, "new@example.com"])
def test_a_provider_to_whom_nothing_was_ever_sent_can_be_erased(address: str, at: datetime) -> None:
    provider = a_provider(phone_number=PROVIDER_NUMBER, email="new@example.com")
    assert erasing.erase(address, by="chief", at=at, is_rehearsal=True)
    assert not Contact.objects.exists(), "a rehearsal leaves no contact behind"
    call_command("purge", "--person", address)
    provider.refresh_from_db()
    assert provider.status == ProviderStatus.SUSPENDED
    assert places_of(PROVIDER_NUMBER, "new@example.com") == {}


def test_the_command_rehearses_refuses_and_knows_nobody(
    story: Job, at: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("purge", "--person", NUMBER, "--dry-run")
    assert "messages" in capsys.readouterr().out
    assert Contact.objects.filter(phone_number=NUMBER).exists()
    request = a_request(at=at, customer=Customer.objects.get())
    with pytest.raises(CommandError, match=rf"\b{request.pk}\b"):
        call_command("purge", "--person", NUMBER)
    with pytest.raises(CommandError, match="Nobody"):
        call_command("purge", "--person", "+237699999999")


# --- the console -------------------------------------------------------------------------------------------------


def page_of(contact: Contact) -> str:
    return reverse("admin:notifications_contact_erase", args=[contact.pk])


def test_the_console_shows_what_would_go_asks_and_erases(story: Job, client: Client) -> None:
    zena = Contact.objects.get(phone_number=NUMBER)
    client.force_login(User.objects.create_superuser("boss"))
    assert page_of(zena) in client.get(reverse("admin:notifications_contact_change", args=[zena.pk])).content.decode()
    asked = client.get(page_of(zena))
    assert asked.status_code == 200
    assert (WHAT["requests"], 1) in asked.context["rows"]
    assert Contact.objects.filter(phone_number=NUMBER).exists(), "to look is not to do"
    client.post(page_of(zena), follow=True)
    assert not Contact.objects.filter(phone_number=NUMBER).exists()
    assert ErasedPerson.objects.get().by == "boss"
    assert LogEntry.objects.latest("pk").object_repr == f"erased-{zena.pk}@erased.invalid"


def test_the_console_tells_what_speaks_against_it(client: Client, at: datetime) -> None:
    a_provider()
    request = a_request(at=at)
    contact = request.customer.contact
    client.force_login(User.objects.create_superuser("boss"))
    for answer in (client.get(page_of(contact)), client.post(page_of(contact))):
        (why,) = answer.context["obstacles"]
        assert str(request.pk) in why
        assert why in html.unescape(answer.content.decode())
    assert not ErasedPerson.objects.exists()


def test_who_may_change_contacts_may_not_erase_them(client: Client) -> None:
    contact = a_contact()
    helper = User.objects.create(username="helper", is_staff=True)
    for right in ("view_contact", "change_contact"):
        helper.user_permissions.add(Permission.objects.get(codename=right))
    client.force_login(helper)
    assert client.get(page_of(contact)).status_code == 403
    assert client.post(page_of(contact)).status_code == 403
    change = client.get(reverse("admin:notifications_contact_change", args=[contact.pk]))
    assert change.status_code == 200
    assert page_of(contact) not in change.content.decode()
