from datetime import datetime
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from djobea import admin_site
from marketplace.models import Conversation, InboundMessage, RequestStatus
from notifications import clock
from notifications.admin.queue import matching
from notifications.models import Account, AlertState, Attempt, Channel, Contact, EscalationAlert, Notification, Status
from tests.djobea.admin_rows import a_channel, a_conversation, a_full_house, a_message, a_request, an_alert

pytestmark = pytest.mark.django_db

WITHOUT_A_PAGE = {"RememberedAnswer"}  # answers of the API, which may name people; gone within a day
OURS: list[type[Any]] = [
    model
    for app in ("notifications", "marketplace", "djobea")
    for model in apps.get_app_config(app).get_models()
    if model.__name__ not in WITHOUT_A_PAGE and not model.__name__.startswith("Historical")
]
EDITABLE = {"Channel", "Account", "Contact", "MessageTemplate", "EscalationAlert", "VocabularyEntry"}
MAY_BE_ADDED = {
    "MessageTemplate",
    "VocabularyEntry",
    "OnCallPerson",
    "EscalationStep",
    "Maintenance",
    "WebhookSubscription",
    "SavedList",
}
EDITABLE |= MAY_BE_ADDED
LIST_QUERIES = 16  # one of them asks for the second factor, three for the badges
ROW_QUERIES = 32


@pytest.fixture
def at() -> datetime:
    return clock.now()


@pytest.fixture
def chief() -> User:
    return User.objects.create_superuser("chief", "chief@example.com", "made-up")


@pytest.fixture
def staff(client: Client, chief: User) -> Client:
    client.force_login(chief)
    return client


def address(model: type[Model] | Model, page: str, *args: Any) -> str:
    opts = model._meta  # noqa: SLF001  public in Django
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{page}", args=args)


def do(staff: Client, row: Model, deed: str) -> str:
    """Press a button on the row's page; what the next page says."""
    answer = staff.post(f"{address(row, 'change', row.pk).removesuffix('change/')}do/{deed}/", follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_each_model_has_a_list_that_opens_with_few_queries(staff: Client, at: datetime) -> None:
    a_full_house(at)
    for model in OURS:
        with CaptureQueriesContext(connection) as queries:
            answer = staff.get(address(model, "changelist"))
        assert answer.status_code == 200, model
        assert "djobea/console.css" in answer.content.decode(), model
        assert len(queries) <= LIST_QUERIES, model


def test_each_row_opens_with_few_queries(staff: Client, at: datetime) -> None:
    a_full_house(at)
    for model in OURS:
        rows = list(model.objects.all()[:10])
        assert rows, model
        for row in rows:
            with CaptureQueriesContext(connection) as queries:
                answer = staff.get(address(row, "change", row.pk))
            assert answer.status_code == 200, (model, row)
            assert len(queries) <= ROW_QUERIES, (model, row)
            page = answer.content.decode()
            assert "Awa <b>" not in page
            assert "Bih <b>" not in page
            assert "Bonjour <script>" not in page


def test_any_search_is_answered(staff: Client, at: datetime) -> None:
    a_message(at)
    for model in OURS:
        for term in ["awa", "699 00 00 01", "#1", "#" + "9" * 30, "request:42", "SM0000", "%' \\", "🔧", "\x00"]:
            answer = staff.get(address(model, "changelist"), {"q": term})
            assert answer.status_code in (200, 302), (model, term)


def test_nobody_edits_what_the_product_writes(staff: Client, at: datetime) -> None:
    a_full_house(at)
    for model in OURS:
        row, name = model.objects.first(), model.__name__
        assert staff.get(address(model, "add")).status_code == (200 if name in MAY_BE_ADDED else 403), name
        deleted = staff.post(address(model, "delete", row.pk)).status_code
        assert deleted == (200 if name in MAY_BE_ADDED else 403), name
        if name not in EDITABLE:
            assert staff.post(address(model, "change", row.pk), {"status": "sent"}).status_code == 403, name


def test_a_person_without_rights_sees_and_moves_nothing(client: Client, at: datetime) -> None:
    client.force_login(User.objects.create_user("guest", "", "made-up", is_staff=True))
    message, alert = a_message(at, Status.DEAD), an_alert(at)
    assert client.get(address(message, "changelist")).status_code == 403
    assert client.post(f"{address(alert, 'change', alert.pk).removesuffix('change/')}do/resolve/").status_code == 403
    alert.refresh_from_db()
    assert alert.state == AlertState.OPEN


def test_a_button_needs_a_post(staff: Client, at: datetime) -> None:
    alert = an_alert(at)
    assert staff.get(f"{address(alert, 'change', alert.pk).removesuffix('change/')}do/resolve/").status_code == 403


@pytest.mark.parametrize("term", ["699 00 00 01", "+237 699", "699000001", "request:4", "SMabcdef", "offer"])
def test_a_message_is_found_as_people_write(at: datetime, term: str) -> None:
    message = a_message(at, Status.SENT, provider_sid="SMabcdef0123")
    a_message(at, phone_number="+237655555555", reference="job:1", purpose="reply")
    assert list(Notification.objects.filter(matching(term))) == [message]
    assert list(Notification.objects.filter(matching(f"#{message.pk}"))) == [message]


def test_a_whole_reference_means_itself_and_its_parts(at: datetime) -> None:
    messages = {name: a_message(at, reference=name) for name in ("job:4", "job:4:customer", "job:42")}
    found = set(Notification.objects.filter(matching("job:4")))
    assert found == {messages["job:4"], messages["job:4:customer"]}
    assert set(Notification.objects.filter(matching("job:"))) == set(messages.values())


def test_a_message_is_found_by_the_sid_of_an_older_attempt(at: datetime) -> None:
    message = a_message(at, Status.SENT, provider_sid="SM1111111111")
    Attempt.objects.create(
        notification=message,
        channel="sms",
        started_at=at,
        finished_at=at,
        outcome="failed",
        provider_sid="SM2222222222",
    )
    assert list(Notification.objects.filter(matching("SM2222222222"))) == [message]


def test_a_message_tells_cause_and_remedy(staff: Client, at: datetime) -> None:
    message = a_message(at, Status.DEAD)
    page = staff.get(address(message, "change", message.pk)).content.decode()
    assert "63024" in page
    assert "dj-runbook" in page


def test_an_alert_is_taken_over_and_resolved(staff: Client, chief: User, at: datetime) -> None:
    alert = an_alert(at)
    do(staff, alert, "acknowledge")
    alert.refresh_from_db()
    assert (alert.state, alert.owner) == (AlertState.ACKNOWLEDGED, chief)
    do(staff, alert, "resolve")
    alert.refresh_from_db()
    assert (alert.state, alert.resolved_by) == (AlertState.RESOLVED, "chief")


def test_alerts_are_resolved_together(staff: Client, at: datetime) -> None:
    alerts = [an_alert(at, fingerprint="a"), an_alert(at, fingerprint="b")]
    form = {"action": "resolve", "_selected_action": [alert.pk for alert in alerts]}
    staff.post(address(EscalationAlert, "changelist"), form)
    assert not EscalationAlert.objects.exclude(state=AlertState.RESOLVED).exists()


def test_the_list_of_alerts_begins_with_the_unresolved(staff: Client, at: datetime) -> None:
    an_alert(at)
    an_alert(at, AlertState.RESOLVED)
    page = staff.get(address(EscalationAlert, "changelist")).content.decode()
    assert "Something broke (open)" in page
    assert "Something broke (resolved)" not in page
    page = staff.get(address(EscalationAlert, "changelist"), {"state": "all"}).content.decode()
    assert "Something broke (resolved)" in page


def test_only_the_notes_of_an_alert_are_written_by_hand(staff: Client, at: datetime) -> None:
    alert = an_alert(at)
    staff.post(address(alert, "change", alert.pk), {"notes": "Called Twilio", "title": "Forged", "state": "resolved"})
    alert.refresh_from_db()
    assert (alert.notes, alert.state) == ("Called Twilio", AlertState.OPEN)
    assert alert.title != "Forged"


def test_a_channel_is_paused_and_sends_again(staff: Client, at: datetime) -> None:
    channel = a_channel()
    page = reverse("admin:notifications_channel_act", args=[channel.pk, "pause"])
    assert 'name="why"' in staff.get(page).content.decode()
    staff.post(page, {"why": ""})
    channel.refresh_from_db()
    assert not channel.is_paused(at)
    staff.post(page, {"why": "Meta is down"})
    channel.refresh_from_db()
    assert channel.is_paused(at)
    shown = staff.get(address(channel, "change", channel.pk)).content.decode()
    assert "chief" in shown
    assert "Meta is down" in shown
    staff.post(page.replace("pause", "resume"), {"why": "Meta is back"})
    channel.refresh_from_db()
    assert not channel.is_paused(at)


def test_only_the_limits_of_a_channel_are_set_by_hand(staff: Client) -> None:
    channel = a_channel()
    staff.post(
        address(channel, "change", channel.pk),
        {"per_second": "5", "failure_share": "0.4", "sender": "whatsapp:+1", "name": "x"},
    )
    channel.refresh_from_db()
    assert (channel.per_second, channel.name, channel.sender) == (5, "whatsapp", "whatsapp:+14155238886")


def test_a_channel_says_what_is_wrong_with_its_setting(staff: Client, settings: Any) -> None:
    settings.TWILIO_WHATSAPP_FROM = "+14155238886"
    channel = a_channel()
    assert "TWILIO_WHATSAPP_FROM" in staff.get(address(channel, "change", channel.pk)).content.decode()
    assert "TWILIO_WHATSAPP_FROM" in do(staff, channel, "probe")


def test_the_limit_of_an_account_may_be_corrected(staff: Client) -> None:
    account = Account.objects.create(sid="AC" + "1" * 32)
    staff.post(address(account, "change", account.pk), {"daily_limit": "250", "urgent_share": "0.3"})
    account.refresh_from_db()
    assert (account.daily_limit, account.urgent_share) == (250, 0.3)


def test_a_request_that_found_nobody_is_searched_again(staff: Client, at: datetime) -> None:
    request = a_request(at, RequestStatus.WAITING)
    do(staff, request, "search")
    assert request.events.filter(name="searching_again").exists()


def test_an_operator_answers_only_after_taking_over(staff: Client, chief: User, at: datetime) -> None:
    talk = a_conversation(at)
    Contact.objects.update(last_inbound_at=at)
    reply = reverse("admin:marketplace_conversation_reply", args=[talk.pk])
    staff.post(reply, {"text": "Bonjour"})
    assert not Notification.objects.exists()
    do(staff, talk, "take-over")
    assert Conversation.objects.get().operator == chief
    assert 'name="text"' in staff.get(address(talk, "change", talk.pk)).content.decode()
    staff.post(reply, {"text": "Bonjour"})
    assert Notification.objects.get().body == "Bonjour"
    do(staff, talk, "hand-back")
    assert Conversation.objects.get().operator is None


@pytest.mark.parametrize("text", ["", "   ", "x" * 2000])
def test_a_reply_that_cannot_be_sent_is_refused_kindly(staff: Client, at: datetime, text: str) -> None:
    talk = a_conversation(at)
    do(staff, talk, "take-over")
    reply = reverse("admin:marketplace_conversation_reply", args=[talk.pk])
    assert staff.post(reply, {"text": text}, follow=True).status_code == 200
    assert not Notification.objects.exists()


def test_a_conversation_shows_both_sides_and_the_window(staff: Client, at: datetime) -> None:
    a_full_house(at)
    Contact.objects.update(last_inbound_at=at)
    talk = a_conversation(at)
    a_message(at, Status.READ, body="Un plombier arrive")
    page = staff.get(address(talk, "change", talk.pk)).content.decode()
    assert "fuite (processed)" in page
    assert "Un plombier arrive" in page
    assert "dj-is-read" in page
    assert "23" in page.split("dj-left", 1)[1][:120]
    assert InboundMessage.objects.count() == page.count("dj-understood")


def test_the_sidebar_is_in_the_order_of_work_and_every_link_opens(staff: Client) -> None:
    page = staff.get(reverse("admin:index")).content.decode()
    links = [item.model for _title, _folds, items in admin_site.GROUPS for item in items]
    assert links[:4] == [
        "",
        "notifications.escalationalert",
        "notifications.notification",
        "notifications.notification",
    ]
    for item in (item for _title, _folds, items in admin_site.GROUPS for item in items):
        if item.model:
            app, model = item.model.split(".")
            link = reverse(f"admin:{item.page or f'{app}_{model}_changelist'}") + item.query
            assert link in page
            assert staff.get(link).status_code == 200


def test_the_sidebar_hides_what_a_person_may_not_see(client: Client, rf: Any) -> None:
    request = rf.get("/admin/")
    request.user = User.objects.create_user("guest", "", "made-up", is_staff=True)
    groups = admin_site.navigation(request)
    assert [len(group["items"]) for group in groups] == [1]


def test_dead_letters_and_queue_are_not_both_marked(rf: Any, chief: User) -> None:
    request = rf.get(reverse("admin:notifications_notification_changelist"), {"status__exact": "dead"})
    request.user = chief
    marked = [item["icon"] for group in admin_site.navigation(request) for item in group["items"] if item.get("active")]
    assert marked == ["unsubscribe"]


def test_the_list_never_counts_the_queue(staff: Client, at: datetime) -> None:
    a_message(at)
    with CaptureQueriesContext(connection) as queries:
        staff.get(address(Notification, "changelist"))
    assert not [query["sql"] for query in queries if "COUNT(" in query["sql"] and "LIMIT" not in query["sql"]]


def test_every_channel_that_is_shown_may_be_absent(staff: Client, at: datetime) -> None:
    assert not Channel.objects.filter(name="fax").exists()
    message = a_message(at, channel="fax")
    assert staff.get(address(message, "change", message.pk)).status_code == 200


def test_a_limit_that_staff_lower_judges_only_what_leaves_after_it(staff: Client) -> None:
    account = Account.objects.create(sid="AC" + "0" * 32, daily_limit=50)
    page = address(account, "change", account.pk)
    staff.post(page, {"daily_limit": 50, "urgent_share": 0.3, "why": "more for the urgent"})
    account.refresh_from_db()
    assert (account.urgent_share, account.limit_since) == (0.3, None)
    staff.post(page, {"daily_limit": 10, "urgent_share": 0.3, "why": "Twilio says so"})
    account.refresh_from_db()
    assert account.daily_limit == 10
    assert account.limit_since is not None
