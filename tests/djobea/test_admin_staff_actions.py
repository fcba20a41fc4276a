"""Actions on messages in the console: a dry run first, one reason, an answer in counts, and the filter stays."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from notifications import clock
from notifications.admin.acting import PARAMETERS, selection_of
from notifications.models import ActionStatus, Contact, Notification, StaffAction, StaffActionLine, Status
from notifications.staff_actions import CRITERIA, execution
from tests.djobea.admin_rows import a_channel, a_message

pytestmark = pytest.mark.django_db
LIST = "admin:notifications_notification_changelist"
WHY = {"why": "The line is mended"}


@pytest.fixture
def at() -> datetime:
    return clock.now() - timedelta(minutes=1)


@pytest.fixture(autouse=True)
def way_out(at: datetime) -> None:
    """A channel that sends, and a person whose window is open."""
    a_channel()
    a_message(at, Status.READ)
    Contact.objects.update(last_inbound_at=at)


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("chief", "chief@example.com", "made-up"))
    return client


def act(deed: str, **query: Any) -> str:
    return reverse("admin:notifications_notification_act", args=[deed], query=query)


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_dead_letter_is_sent_again_after_one_question(staff: Client, at: datetime) -> None:
    message = a_message(at, Status.DEAD)
    page = text_of(staff.get(reverse("admin:notifications_notification_change", args=[message.pk])))
    address = act("retry", ids=message.pk, row=message.pk)
    assert address.replace("&", "&amp;") in page
    assert "dj-note dj-good" in text_of(staff.get(address))
    message.refresh_from_db()
    assert message.status == Status.DEAD
    answer = staff.post(address, WHY | {"expected": 1}, follow=True)
    message.refresh_from_db()
    assert message.status == Status.QUEUED
    assert "1 " in text_of(answer)
    assert WHY["why"] in text_of(answer)  # on the message's own page
    action = StaffAction.objects.get()
    assert (action.by, action.why, action.expected, action.done_count) == ("chief", WHY["why"], 1, 1)


def test_no_reason_no_deed(staff: Client, at: datetime) -> None:
    message = a_message(at, Status.DEAD)
    assert staff.post(act("retry", ids=message.pk), {"why": " "}).status_code == 200
    message.refresh_from_db()
    assert message.status == Status.DEAD


def test_the_chosen_rows_are_asked_about_and_the_filter_stays(staff: Client, at: datetime) -> None:
    rows = [a_message(at, Status.DEAD), a_message(at, Status.DEAD)]
    a_message(at, Status.DEAD)
    form = {"action": "retry_now", "_selected_action": [row.pk for row in rows], "select_across": "0"}
    asked = staff.post(reverse(LIST, query={"status__exact": "dead"}), form)
    query = parse_qs(urlsplit(asked["Location"]).query)
    assert sorted(query["ids"][0].split(",")) == sorted(str(row.pk) for row in rows)
    answer = staff.post(asked["Location"], WHY)
    assert answer["Location"] == reverse(LIST, query={"status__exact": "dead"})
    assert Notification.objects.filter(status=Status.QUEUED).count() == 2


def test_everything_that_matches_needs_no_ids(staff: Client, at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "BATCH", 10)
    monkeypatch.setattr(execution, "PATIENCE", 0)
    for _ in range(40):
        a_message(at, Status.DEAD)
    other = a_message(at, Status.DEAD, last_error_code="63007")
    form = {"action": "retry_now", "_selected_action": [other.pk], "select_across": "1"}
    listed = reverse(LIST, query={"last_error_code": "63024", "o": "1"})
    asked = staff.post(listed, form)["Location"]
    assert "ids" not in asked
    assert "<b>40</b>" in text_of(staff.get(asked))
    answer = staff.post(asked, WHY, follow=True)
    action = StaffAction.objects.get()
    assert (action.done_count, action.status) == (10, ActionStatus.RUNNING)
    assert answer.redirect_chain[0][0] == listed
    running = text_of(staff.get(reverse("admin:notifications_staffaction_change", args=[action.pk])))
    assert "hx-trigger" in running
    while execution.advance_due(at):
        pass
    action.refresh_from_db()
    assert (action.done_count, action.status) == (40, ActionStatus.DONE)
    other.refresh_from_db()
    assert other.status == Status.DEAD


def test_all_dead_letters_of_one_cause_have_their_link(staff: Client, at: datetime) -> None:
    a_message(at, Status.DEAD)
    page = text_of(staff.get(reverse("admin:notifications_notification_causes")))
    assert "act/retry/?scope=all&amp;status__exact=dead&amp;last_error_code=63024" in page


@pytest.mark.parametrize("query", [{}, {"ids": ""}, {"status__exact": "dead"}])
def test_an_address_without_messages_acts_on_none(staff: Client, at: datetime, query: dict[str, str]) -> None:
    message = a_message(at, Status.DEAD)
    assert staff.post(act("retry", **query), WHY).status_code == 404
    message.refresh_from_db()
    assert message.status == Status.DEAD


@pytest.mark.parametrize(
    "query", [{"body__contains": "x"}, {"status__exact": "gone"}, {"status__exact": ["dead", "sent"]}]
)
def test_a_filter_that_is_not_understood_is_refused(staff: Client, at: datetime, query: dict[str, Any]) -> None:
    message = a_message(at, Status.DEAD)
    staff.post(act("retry", scope="all", **query), WHY)
    message.refresh_from_db()
    assert message.status == Status.DEAD
    assert not StaffAction.objects.exists()


def test_a_selection_is_what_the_list_shows(staff: Client, at: datetime, rf: Any) -> None:
    for status in Status.values:
        a_message(at, status, channel="sms", purpose="reply")
        a_message(at, status, priority=2, waiting_for="retry", possible_duplicate=True, last_error_code="63007")
    assert set(PARAMETERS.values()) == set(CRITERIA)
    queries: list[dict[str, str]] = [
        *({"status__exact": status} for status in Status.values),
        {"channel": "sms"},
        {"purpose": "reply"},
        {"last_error_code": "63007"},
        {"priority__exact": "2"},
        {"waiting_for__exact": "retry"},
        {"possible_duplicate__exact": "1"},
        {"possible_duplicate__exact": "0", "channel": "sms", "q": "699 00"},
        {"q": "request:42"},
        {},
    ]
    for query in queries:
        shown = staff.get(reverse(LIST, query=query)).context["cl"].get_queryset(rf.get("/"))
        asked = selection_of(rf.get(act("retry", scope="all", **query)).GET).rows()
        assert set(asked.values_list("pk", flat=True)) == set(shown.values_list("pk", flat=True)), query


def test_messages_move_to_the_channel_that_is_chosen(staff: Client, at: datetime) -> None:
    message = a_message(at, Status.DEAD)
    a_channel("sms", sender="+237600000000")
    assert "to=email" in text_of(staff.get(act("move", ids=message.pk)))
    staff.post(act("move", ids=message.pk, to="sms"), WHY)
    message.refresh_from_db()
    assert (message.status, message.channel) == (Status.QUEUED, "sms")
    assert staff.get(act("move", ids=message.pk, to="fax")).status_code == 404


def test_waiting_messages_are_called_back(staff: Client, at: datetime) -> None:
    message = a_message(at, Status.QUEUED)
    staff.post(act("cancel", ids=message.pk), WHY)
    message.refresh_from_db()
    assert message.status == Status.CANCELLED


def test_a_message_is_corrected_and_sent(staff: Client, at: datetime) -> None:
    message = a_message(at, Status.DEAD)
    page = reverse("admin:notifications_notification_edit", args=[message.pk])
    form = {"body": "Bonsoir", "sms_body": "", "subject": "", "email": "", "phone_number": "655 00 00 09"} | WHY
    assert "Bonjour &lt;script&gt;" in text_of(staff.get(page))
    assert staff.post(page, form | {"phone_number": "12"}).status_code == 200
    assert not StaffAction.objects.exists()
    Contact.objects.create(phone_number="+237655000009", last_inbound_at=at)
    shown = text_of(staff.post(page, form, follow=True))
    message.refresh_from_db()
    assert (message.status, message.body, message.phone_number) == (Status.QUEUED, "Bonsoir", "+237655000009")
    assert "Bonjour &lt;script&gt;" in shown  # the old text, in the story
    assert StaffActionLine.objects.get().old_values["phone_number"] == "+237699000001"


def test_a_correction_that_would_not_leave_says_why(staff: Client, at: datetime) -> None:
    message = a_message(at, Status.DEAD)
    Contact.objects.create(phone_number="+237655000009", opted_out_at=at)
    page = reverse("admin:notifications_notification_edit", args=[message.pk])
    answer = staff.post(page, {"body": "Bonjour", "phone_number": "655000009"} | WHY)
    assert "dj-note dj-bad" in text_of(answer)
    message.refresh_from_db()
    assert (message.status, message.phone_number) == (Status.DEAD, "+237699000001")


def test_only_who_may_change_messages_acts_on_them(client: Client, at: datetime) -> None:
    guest = User.objects.create_user("guest", "", "made-up", is_staff=True)
    guest.user_permissions.add(Permission.objects.get(codename="view_notification"))
    client.force_login(guest)
    message = a_message(at, Status.DEAD)
    for address in (
        act("retry", ids=message.pk),
        reverse("admin:notifications_notification_edit", args=[message.pk]),
        reverse("admin:notifications_channel_act", args=[a_channel().pk, "pause"]),
    ):
        assert client.get(address).status_code == 403
        assert client.post(address, WHY).status_code == 403
    assert client.get(reverse("admin:notifications_staffaction_changelist")).status_code == 200
    message.refresh_from_db()
    assert message.status == Status.DEAD


def test_a_long_action_is_stopped_by_its_button(staff: Client, at: datetime) -> None:
    action = StaffAction.objects.create(deed="retry", by="chief", why="x", begun_at=at, last_id=1)
    staff.post(reverse("admin:notifications_staffaction_do", args=[action.pk, "stop"]))
    action.refresh_from_db()
    assert action.status == ActionStatus.STOPPED


def copy_of(message: Notification) -> Notification:
    facts = {field.attname: getattr(message, field.attname) for field in Notification._meta.concrete_fields}  # noqa: SLF001
    return Notification(**facts | {"id": None})


def test_the_dry_run_of_thousands_asks_few_questions(staff: Client, at: datetime) -> None:
    message = a_message(at, Status.DEAD)
    Notification.objects.bulk_create(copy_of(message) for _ in range(2000))
    with CaptureQueriesContext(connection) as queries:
        page = text_of(staff.get(act("retry", scope="all", status__exact="dead")))
    assert "<b>2001</b>" in page
    assert len(queries) < 22
