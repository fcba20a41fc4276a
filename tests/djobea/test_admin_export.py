"""What leaves the console as a file, and the story of a call: true, and harmless."""

import csv
import html
import re
from datetime import datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from djobea.models import SavedList
from notifications import clock, exporting
from notifications.exporting import safe
from notifications.models import Attempt, Contact, MessageTemplate, Outcome, Status
from tests.djobea.admin_rows import NUMBER, a_message, an_alert

pytestmark = pytest.mark.django_db
LIST = reverse("admin:notifications_notification_changelist")


@pytest.fixture
def at() -> datetime:
    return clock.now()


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("chief", "chief@example.com", "made-up"))
    return client


def export(client: Client, query: str = "", **facts: str) -> list[list[str]]:
    """Choose all that the filter shows, look at the dry run, give a reason, and read the file."""
    form = {"action": "export", "_selected_action": "0", "select_across": "1", "index": "0"} | facts
    asked = client.post(LIST + query, form)["Location"]
    assert client.get(asked).status_code == 200
    assert client.post(asked, {"why": " "}).status_code == 200
    assert not LogEntry.objects.exists()
    answer = client.post(asked, {"why": "Monthly report"})
    assert answer["Content-Type"].startswith("text/csv")
    return list(csv.reader(b"".join(answer).decode("utf-8-sig").splitlines(), delimiter=";"))


def test_the_filter_is_exported_and_the_log_says_by_whom(staff: Client, at: datetime) -> None:
    dead = a_message(at, Status.DEAD, body="=HYPERLINK(1)")
    a_message(at, Status.QUEUED)
    head, *rows = export(staff, "?status__exact=dead", _selected_action=str(dead.pk))
    assert [row[0] for row in rows] == [str(dead.pk)]
    assert (rows[0][2], rows[0][-1]) == (f"'{NUMBER}", "'=HYPERLINK(1)")
    assert len(head) == len(rows[0])
    log = LogEntry.objects.get()
    assert log.user.username == "chief"
    assert log.change_message.startswith("1 · ")
    assert log.change_message.endswith(" · Monthly report")


def test_the_whole_filter_is_exported_in_pieces(staff: Client, at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "AT_ONCE", 3)
    monkeypatch.setattr(exporting, "COUNTED", 5)
    messages = [a_message(at, Status.DEAD) for _number in range(8)]
    page = staff.get(reverse("admin:notifications_notification_export"), {"scope": "all"}).content.decode()
    assert "5+" in page
    _head, *rows = export(staff, "?status__exact=dead", _selected_action=str(messages[0].pk))
    assert [row[0] for row in rows] == [str(message.pk) for message in reversed(messages)]


def test_chosen_rows_are_exported_alone_and_one_comes_back_to_the_filter(staff: Client, at: datetime) -> None:
    chosen, _other = a_message(at, Status.DEAD), a_message(at, Status.DEAD)
    _head, *rows = export(staff, "?status__exact=dead", _selected_action=str(chosen.pk), select_across="0")
    assert [row[0] for row in rows] == [str(chosen.pk)]
    address = f"{reverse('admin:notifications_notification_export')}?status__exact=dead&ids={chosen.pk}"
    assert f'href="{LIST}?status__exact=dead"' in staff.get(address).content.decode()


def test_who_may_not_see_people_exports_no_numbers(client: Client, at: datetime) -> None:
    guest = User.objects.create_user("guest", "", "made-up", is_staff=True)
    guest.user_permissions.add(Permission.objects.get(codename="view_notification"))
    client.force_login(guest)
    message = a_message(at, Status.DEAD)
    Contact.objects.update(name="Paul Mbarga")
    page = "\n".join(";".join(row) for row in export(client, _selected_action=str(message.pk)))
    assert NUMBER not in page
    assert "Mbarga" not in page
    assert "Bonjour" not in page


@pytest.mark.parametrize("cell", ["=1+1", "+237", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_run(cell: str) -> None:
    assert safe(cell) == f"'{cell}"
    assert safe(f"a{cell}") == f"a{cell}"


def test_the_story_shows_each_call_with_its_answer_and_no_secret(staff: Client, at: datetime, settings: object) -> None:
    message = a_message(at, Status.DEAD)
    call = Attempt.objects.create(
        notification=message, channel="whatsapp", started_at=at, finished_at=at, outcome=Outcome.REFUSED,
        error_code="63024", error_message="Invalid message recipient", http_status=400, sender="whatsapp:+14155238886",
        receiver="whatsapp:+237699000001", request_id="RQ1",
    )  # fmt: skip
    page = staff.get(reverse("admin:notifications_notification_change", args=[message.pk])).content.decode()
    for said in ("whatsapp:+14155238886", "HTTP 400", "Invalid message recipient", "RQ1"):
        assert said in page
    assert str(call.public_id) not in page  # no account, so no callback was asked for


def test_an_alert_counts_its_messages_and_rests_until_the_morning(staff: Client, at: datetime) -> None:
    alert = an_alert(at)
    for _number in range(3):
        a_message(at, Status.DEAD, alert=alert)
    rows = staff.get(reverse("admin:notifications_escalationalert_changelist")).context["cl"].result_list
    assert [vars(row)["dead"] for row in rows] == [3]
    staff.post(reverse("admin:notifications_escalationalert_do", args=[alert.pk, "snooze_till_morning"]))
    alert.refresh_from_db()
    assert alert.snoozed_until is not None
    assert timezone.localtime(alert.snoozed_until).hour == 7
    assert timedelta(0) < alert.snoozed_until - at <= timedelta(days=1)


@pytest.mark.parametrize(
    ("body", "parts"), [("Bonjour {{1}}, à demain", "1"), ("Bonjour {{1}} " + "z" * 400 + ".", "3")]
)
def test_a_template_says_what_it_costs_as_sms(staff: Client, body: str, parts: str) -> None:
    template = MessageTemplate.objects.create(name="offer", language="fr", body=body)
    page = staff.get(reverse("admin:notifications_messagetemplate_changelist")).content.decode()
    assert f"{parts} SMS" in page
    shown = staff.get(reverse("admin:notifications_messagetemplate_change", args=[template.pk])).content.decode()
    assert "Bonjour [text]" in shown


def test_a_row_offers_what_fits_it(staff: Client, at: datetime) -> None:
    dead, sent = a_message(at, Status.DEAD), a_message(at, Status.DELIVERED)
    page = staff.get(LIST).content.decode()
    retry = reverse("admin:notifications_notification_act", args=["retry"])
    assert f"{retry}?ids={dead.pk}&amp;" in page
    assert f"{retry}?ids={sent.pk}&amp;" not in page


def test_from_a_row_one_comes_back_to_the_list_with_its_filter(staff: Client, at: datetime) -> None:
    dead = a_message(at, Status.DEAD)
    query = "status__exact=dead&o=-9"
    listed = staff.get(f"{LIST}?{query}").content.decode()
    links = [html.unescape(link) for link in re.findall(r'href="([^"]*/(?:act/|edit/)[^"]*)"', listed)]
    asking = [link for link in links if f"ids={dead.pk}&" in link or f"/{dead.pk}/edit/" in link]
    assert len(asking) == 3
    for link in asking:
        assert f'href="{LIST}?{query.replace("&", "&amp;")}"' in staff.get(link).content.decode(), link
    answer = staff.post(asking[0], {"why": "The cause is mended"})
    assert answer["Location"] == f"{LIST}?{query}"


def test_from_a_message_one_comes_back_to_the_message(staff: Client, at: datetime) -> None:
    page = reverse("admin:notifications_notification_change", args=[a_message(at, Status.DEAD).pk])
    links = re.findall(r'href="([^"]*/(?:act/|edit/)[^"]*)"', staff.get(page).content.decode())
    assert links
    for link in links:
        assert f'href="{page}"' in staff.get(html.unescape(link)).content.decode(), link


def test_a_filtered_list_gets_a_name_in_the_sidebar(staff: Client, at: datetime) -> None:
    address = f"{LIST}?status__exact=dead&channel=sms"
    add = reverse("admin:djobea_savedlist_add")
    assert f"{add}?address=" in staff.get(address).content.decode()
    assert f"{add}?address=" not in staff.get(LIST).content.decode()
    answer = staff.post(add, {"name": "SMS morts", "address": address}, follow=True)
    assert answer.redirect_chain[0][0] == address
    assert "SMS morts" in answer.content.decode()
    assert SavedList.objects.get().by == "chief"


def test_a_saved_list_leads_nowhere_else(staff: Client) -> None:
    answer = staff.post(reverse("admin:djobea_savedlist_add"), {"name": "x", "address": "https://evil.example/"})
    assert answer.status_code == 200
    assert not SavedList.objects.exists()
