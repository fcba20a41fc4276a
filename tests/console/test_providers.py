"""The list of providers, their approval, and lists that come in and go out."""

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from djobea import histories
from providers import approval, standing
from providers.models import Provider, ProviderStatus
from tests.providers.factories import a_provider, a_service, a_zone

pytestmark = pytest.mark.django_db
LIST, IMPORT = "admin:providers_provider_changelist", "admin:providers_provider_import"
GOOD = "name,phone_number,services,zones\nPaul,677112233,plomberie,bonamoussadi\n"
MIXED = GOOD + "Jean,12,plomberie,bonamoussadi\n"


@pytest.fixture(autouse=True)
def _town(db: None) -> None:
    a_service("plomberie")
    a_zone("bonamoussadi")


def upload(staff: Client, text: str = MIXED, **wishes: str) -> Any:
    return staff.post(reverse(IMPORT), {"file": SimpleUploadedFile("liste.csv", text.encode()), **wishes})


def test_the_list_tells_who_works_now_and_how_well(staff: Client, at: datetime) -> None:
    free = a_provider(name="Awa", phone_doubtful=True)
    away = a_provider(name="Bih", unavailable_until=at + timedelta(days=1))
    standing.note_rating(free.pk, 5)
    standing.note_offered([free.pk], at)
    standing.note_accepted(free.pk)
    page = staff.get(reverse(LIST)).content.decode()
    assert "100%" in page
    assert "(1/1)" in page
    assert "dj-wait" in page.split("Awa", 1)[1].split("Bih", 1)[0]
    listed = staff.get(reverse(LIST)).context["cl"].result_list
    assert {row.pk: row.is_free for row in listed} == {free.pk: True, away.pk: False}


def test_the_list_takes_the_same_queries_however_many_there_are(staff: Client) -> None:
    a_provider()
    with CaptureQueriesContext(connection) as few:
        staff.get(reverse(LIST))
    for _ in range(20):
        a_provider()
    with CaptureQueriesContext(connection) as many:
        staff.get(reverse(LIST))
    assert len(many) == len(few)


def test_those_who_wait_are_approved_together(staff: Client, chief: User) -> None:
    waiting = [a_provider(status=ProviderStatus.PENDING, is_verified=False) for _ in range(2)]
    suspended = a_provider(status=ProviderStatus.SUSPENDED, is_verified=False)
    chosen = [row.pk for row in (*waiting, suspended)]
    staff.post(reverse(LIST), {"action": "approve", "_selected_action": chosen, "why": "Met them"})
    assert Provider.objects.filter(status="active", is_verified=True).count() == 2
    suspended.refresh_from_db()
    assert suspended.status == ProviderStatus.SUSPENDED
    newest: Any = histories.of(waiting[0]).latest("history_id")
    assert (newest.history_user, newest.history_change_reason) == (chief, "Met them")
    assert approval.approve(chosen) == 0


def test_a_file_is_looked_at_before_anything_is_stored(staff: Client) -> None:
    answer = upload(staff)
    assert answer.status_code == 302
    assert not Provider.objects.exists()
    page = staff.get(answer["Location"]).content.decode()
    assert "Paul" in page
    assert "Jean" in page
    staff.post(answer["Location"])
    assert [row.name for row in Provider.objects.all()] == ["Paul"]
    assert LogEntry.objects.filter(object_repr="import: liste.csv").count() == 1
    staff.post(answer["Location"])
    assert LogEntry.objects.filter(object_repr="import: liste.csv").count() == 1


def test_one_bad_row_may_stop_all(staff: Client) -> None:
    answer = upload(staff, strict="on")
    page = staff.get(answer["Location"]).content.decode()
    assert '<form method="post"><input' not in page
    staff.post(answer["Location"])
    assert not Provider.objects.exists()


def test_new_ones_wait_unless_somebody_says_otherwise(staff: Client) -> None:
    staff.post(upload(staff, GOOD)["Location"])
    assert Provider.objects.get().status == ProviderStatus.PENDING
    Provider.objects.all().delete()
    staff.post(upload(staff, GOOD, activate="on")["Location"])
    assert Provider.objects.get().status == ProviderStatus.ACTIVE


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_refused_rows_come_back_as_a_file(staff: Client, kind: str) -> None:
    staff.post(answer := upload(staff)["Location"])
    file = staff.get(f"{answer}rejected.{kind}")
    assert file.status_code == 200
    if kind == "csv":
        rows = list(csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig"))))
        assert [row[1] for row in rows] == ["name", "Jean"]
        assert rows[1][0]


@pytest.mark.parametrize("text", ["", "\x00\x01", "a,b\n1,2\n", "name,phone_number\n"])
def test_what_is_no_list_comes_back_with_a_word(staff: Client, text: str) -> None:
    answer = upload(staff, text)
    assert answer.status_code == 200
    assert answer.context["form"].errors["file"]


def test_the_file_of_another_person_is_nobodys_business(staff: Client, client: Client) -> None:
    address = upload(staff)["Location"]
    other = Client()
    other.force_login(User.objects.create_superuser("other"), backend="django.contrib.auth.backends.ModelBackend")
    assert other.get(address).status_code == 404
    assert other.post(address).status_code == 404
    assert not Provider.objects.exists()


def test_the_export_follows_the_filter_and_runs_no_formula(staff: Client) -> None:
    a_provider(name="=Awa")
    a_provider(name="Bih", status=ProviderStatus.SUSPENDED)
    address = reverse("admin:providers_provider_export", args=["csv"]) + "?status__exact=active"
    rows = list(csv.reader(io.StringIO(staff.get(address).getvalue().decode("utf-8-sig"))))
    assert [row[0] for row in rows] == ["name", "'=Awa"]
    assert rows[1][1].startswith("'+237")
    assert staff.get(reverse("admin:providers_provider_export", args=["xlsx"])).content.startswith(b"PK")
    assert staff.get(reverse("admin:providers_provider_export", args=["exe"])).status_code == 404


def test_the_button_of_the_list_takes_its_filter_along(staff: Client) -> None:
    led = staff.get(
        reverse("admin:providers_provider_export_csv"),
        headers={"referer": f"http://x{reverse(LIST)}?status__exact=active"},
    )
    assert led["Location"].endswith("export.csv?status__exact=active")


def test_lists_are_for_those_who_may_see_people(client: Client) -> None:
    guest = User.objects.create_user("guest", is_staff=True)
    guest.user_permissions.add(Permission.objects.get(codename="view_provider"))
    client.force_login(guest, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("admin:providers_provider_export", args=["csv"])).status_code == 403
    assert client.get(reverse(IMPORT)).status_code == 403
    form = {"action": "export_chosen", "_selected_action": [a_provider().pk]}
    assert "attachment" not in client.post(reverse(LIST), form).headers.get("Content-Disposition", "")
