"""Lists draw their rows by themselves: what they say must be what the theme would say."""

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.translation import gettext
from unfold.templatetags.unfold_list import items_for_result

from notifications import clock
from notifications.models import EscalationAlert
from tests.djobea.admin_rows import a_full_house, an_alert

pytestmark = pytest.mark.django_db
MODELS = [
    *("notifications.Notification", "notifications.Attempt", "notifications.EscalationAlert", "notifications.Contact"),
    *(
        "notifications.StaffAction",
        "marketplace.ServiceRequest",
        "marketplace.Offer",
        "providers.Provider",
        "auth.User",
    ),
]


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("chief", "chief@example.com", "made-up"))
    return client


def address(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")  # noqa: SLF001  public


def cells(row: str) -> list[tuple[str, str, list[str], bool]]:
    """(title in small letters, words, links, is a head) of the cells of a drawn row."""
    found = re.findall(r'<(t[dh])\b[^>]*?data-label="([^"]*)"[^>]*>(.*?)</t[dh]>', row, re.DOTALL)
    return [
        (title.lower(), " ".join(strip_tags(said).split()), re.findall(r'href="([^"]*)"', said), tag == "th")
        for tag, title, said in found
    ]


@pytest.mark.parametrize("name", MODELS)
def test_a_row_says_what_the_theme_would_say(staff: Client, name: str) -> None:
    a_full_house(clock.now())
    answer = staff.get(address(apps.get_model(name)))
    cl = answer.context["cl"]
    drawn = re.findall(r'<tr class="data-row">(.*?)</tr>', answer.content.decode(), re.DOTALL)
    assert len(drawn) == len(cl.result_list) > 0
    for row, ours in zip(cl.result_list, drawn, strict=True):
        assert cells(ours) == cells("".join(items_for_result(cl, row, None)))


def test_what_a_cell_shows_is_escaped_and_its_link_keeps_the_filter(staff: Client) -> None:
    an_alert(clock.now(), title="<script>alert(1)</script>")
    page = staff.get(address(EscalationAlert), {"state__exact": "open"}).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "_changelist_filters=state__exact%3Dopen" in page


def test_an_empty_list_says_so(staff: Client) -> None:
    page = staff.get(address(EscalationAlert)).content.decode()
    assert 'id="result_list"' not in page
    assert "inbox" in page


def test_the_list_of_applications_follows_the_rights_of_the_reader(client: Client) -> None:
    users = [User.objects.create_user(name, is_staff=True) for name in ("one", "two")]
    users[0].user_permissions.add(Permission.objects.get(codename="view_escalationalert"))
    shown = []
    for user in (*users, users[0]):
        client.force_login(user)
        shown.append([str(app["app_label"]) for app in client.get(reverse("admin:index")).context["available_apps"]])
    assert shown == [["notifications"], [], ["notifications"]]
    users[1].user_permissions.add(Permission.objects.get(codename="view_city"))
    client.force_login(users[1])
    assert [app["app_label"] for app in client.get(reverse("admin:index")).context["available_apps"]] == ["providers"]


def test_the_first_page_bears_the_products_own_title(staff: Client) -> None:
    page = staff.get(reverse("admin:index")).content.decode()
    title = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert title
    assert title[1].split() == [*gettext("Dashboard").split(), "|", "Djobea"]


def test_who_changes_the_list_of_applications_changes_his_copy_only(staff: Client, rf: Any) -> None:
    request = rf.get("/")
    request.user = User.objects.get()
    admin.site.get_app_list(request)[0]["models"].clear()
    assert admin.site.get_app_list(request)[0]["models"]


def test_a_list_asks_what_time_it_is_no_oftener_for_more_rows(staff: Client) -> None:
    at = clock.now()
    asked = []
    for number in range(3):
        an_alert(at, fingerprint=f"test:{number}")
        with CaptureQueriesContext(connection) as queries:
            staff.get(address(EscalationAlert))
        asked.append(sum("clock_timestamp" in query["sql"] for query in queries))
    assert asked == [asked[0]] * 3


def test_the_lists_name_what_they_point_to_in_the_readers_language() -> None:
    """Columns that Django names after the field say so in one language only."""
    named_after_the_field = [
        f"{model.__name__}.{field.name}"
        for model, console in admin.site._registry.items()  # noqa: SLF001  Django offers no other way
        if model._meta.app_label in ("notifications", "providers") and model.__name__ != "Clock"  # noqa: SLF001  public
        for field in model._meta.fields  # noqa: SLF001  public
        if field.name in console.list_display and isinstance(field.verbose_name, str)
    ]
    assert not named_after_the_field
