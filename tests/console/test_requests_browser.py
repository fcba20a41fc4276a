"""The board in a real browser."""

from datetime import datetime
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from marketplace.models import RequestStatus, ServiceRequest
from tests.djobea.admin_rows import a_full_house, a_request

from .conftest import Looks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
BOARD = "admin:marketplace_servicerequest_board"


def test_the_board_renews_itself(screen: Page, live_server: Any, at: datetime) -> None:
    request = a_request(at)
    screen.clock.install()
    screen.goto(live_server.url + reverse(BOARD))
    expect(screen.locator(".dj-lane-searching .dj-ticket")).to_have_count(1)
    ServiceRequest.objects.filter(pk=request.pk).update(status=RequestStatus.WAITING)
    screen.clock.run_for(11_000)
    expect(screen.locator(".dj-lane-waiting .dj-ticket")).to_have_count(1)
    expect(screen.locator(".dj-lane-searching .dj-ticket")).to_have_count(0)


def test_a_ticket_leads_to_the_request_which_is_cancelled_with_a_reason(
    screen: Page, live_server: Any, at: datetime
) -> None:
    request = a_request(at)
    screen.goto(live_server.url + reverse(BOARD))
    screen.locator(".dj-ticket a").click()
    screen.locator(f"a[href$='/{request.pk}/act/cancel/']").click()
    screen.locator("input[name=why]").fill("Déjà réparé")
    screen.locator(".dj-ask button[type=submit]").click()
    expect(screen.locator(".dj-timeline")).to_contain_text("Déjà réparé")
    request.refresh_from_db()
    assert request.cancel_reason == "Déjà réparé"


def test_kinds_of_the_timeline_can_be_put_aside(screen: Page, live_server: Any, at: datetime) -> None:
    a_full_house(at)
    request = ServiceRequest.objects.latest("pk")
    screen.goto(live_server.url + reverse("admin:marketplace_servicerequest_change", args=[request.pk]))
    expect(screen.locator(".dj-is-event").first).to_be_visible()
    screen.locator("#show-event").uncheck()
    expect(screen.locator(".dj-is-event").first).to_be_hidden()


def test_everybody_can_read_board_and_question(screen: Page, at: datetime, everybody_can_read: Looks) -> None:
    a_full_house(at)
    request = ServiceRequest.objects.filter(status=RequestStatus.SEARCHING).latest("pk")
    everybody_can_read(
        reverse(BOARD),
        reverse("admin:marketplace_servicerequest_act", args=[request.pk, "cancel"]),
        reverse("admin:marketplace_servicerequest_assign", args=[request.pk]),
        reverse("admin:marketplace_servicerequest_change", args=[request.pk]),
    )


def test_everybody_can_read_what_is_understood_and_tried(screen: Page, at: datetime, everybody_can_read: Looks) -> None:
    a_full_house(at)
    request = ServiceRequest.objects.latest("pk")
    everybody_can_read(
        reverse("admin:marketplace_vocabularyentry_read") + "?text=fuite+d%27eau+%C3%A0+Bonamoussadi%2C+vite",
        reverse("admin:marketplace_conversation_replies"),
        reverse("admin:marketplace_servicerequest_lab", args=[request.pk]),
    )
