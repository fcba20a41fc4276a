"""The pages behind the links as a phone without WhatsApp opens them."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from marketplace import action_links, dispatch, service_requests
from marketplace.models import ActionLink, Job, JobStatus, Offer, OfferStatus, Rating, RequestStatus, ServiceRequest
from notifications import clock
from tests.factories import a_job, a_silent_request, offers_to
from tests.providers.factories import a_provider

pytestmark = pytest.mark.django_db
LIGHT = 20_000  # bytes


@pytest.fixture(autouse=True)
def _fresh_counts() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def at() -> datetime:
    return clock.now()


@pytest.fixture
def offer(at: datetime) -> Offer:
    return offers_to(a_silent_request(expires_at=at + timedelta(hours=1)), [a_provider(), a_provider()], at=at)[0]


def a_link(purpose: str, object_id: int, at: datetime, **facts: Any) -> str:
    """The path of a new link."""
    defaults: dict[str, Any] = {"language": "fr", "expires_at": at + timedelta(hours=1)}
    address = action_links.make(purpose, object_id, at=at, **(defaults | facts))
    return address[address.index("/go/") :]


def acts_in(page: str) -> set[str]:
    """What the buttons of a page do."""
    return set(re.findall(r'name="act" value="([^"]+)"', page))


def test_a_token_is_16_base62_characters_of_which_only_the_hash_is_kept(offer: Offer, at: datetime) -> None:
    path = a_link("offer", offer.pk, at)
    token = path.split("/")[2]
    assert len(token) == 16
    assert token.isalnum()
    assert token not in str(ActionLink.objects.values().get())


def test_opening_a_link_shows_the_offer_without_login_and_changes_nothing(
    client: Client, offer: Offer, at: datetime
) -> None:
    path = a_link("offer", offer.pk, at)
    for method in (client.get, client.head, client.get):
        assert method(path).status_code == 200
    page = client.get(path)
    text = page.content.decode()
    assert "Accepter" in text
    assert "Refuser" in text
    assert offer.request.zone.name in text
    assert len(page.content) < LIGHT
    assert "<script" not in text
    assert "+237" not in text, "the customer's number is for the winner"
    offer.refresh_from_db()
    assert offer.status == OfferStatus.OPEN


def test_pages_are_kept_from_caches_referrers_and_search_engines(client: Client, offer: Offer, at: datetime) -> None:
    for path in (a_link("offer", offer.pk, at), "/go/" + "x" * 16 + "/"):
        page = client.get(path)
        assert page["Referrer-Policy"] == "no-referrer"
        assert "no-store" in page["Cache-Control"]
        assert "noindex" in page["X-Robots-Tag"]


def test_accepting_by_link_wins_the_job_and_shows_whom_to_call(client: Client, offer: Offer, at: datetime) -> None:
    path = a_link("offer", offer.pk, at)
    text = client.post(path, {"act": "accept"}).content.decode()
    number = offer.request.customer.contact.phone_number or ""
    assert f"tel:{number}" in text
    assert f"https://wa.me/{number[1:]}" in text
    assert Job.objects.get().offer == offer
    assert number in client.post(path, {"act": "accept"}).content.decode(), "a second tap shows the same"
    assert Job.objects.count() == 1


def test_declining_by_link_is_noted(client: Client, offer: Offer, at: datetime) -> None:
    client.post(a_link("offer", offer.pk, at), {"act": "decline"})
    offer.refresh_from_db()
    assert offer.status == OfferStatus.DECLINED


def test_who_comes_second_is_told_so(client: Client, offer: Offer, at: datetime) -> None:
    other = Offer.objects.exclude(pk=offer.pk).get()
    dispatch.accept(other, at=at)
    page = client.post(a_link("offer", offer.pk, at), {"act": "accept"})
    text = page.content.decode()
    assert page.status_code == 200
    assert "plus rapide" in text
    assert "+237" not in text
    assert "<form" not in text


def test_an_unknown_act_changes_nothing(client: Client, offer: Offer, at: datetime) -> None:
    assert client.post(a_link("offer", offer.pk, at), {"act": "delete"}).status_code == 200
    assert client.post(a_link("offer", offer.pk, at)).status_code == 200
    offer.refresh_from_db()
    assert offer.status == OfferStatus.OPEN


@pytest.mark.parametrize("token", ["x" * 16, "x" * 15, "x" * 17, "'; --", "é" * 16, "%00" * 3])
def test_a_forged_link_gets_a_kind_page(client: Client, token: str) -> None:
    page = client.post(f"/go/{token}/", {"act": "accept"})
    assert page.status_code == 404
    assert "Djobea" in page.content.decode()


def test_an_expired_link_gets_a_kind_page_and_changes_nothing(client: Client, offer: Offer, at: datetime) -> None:
    page = client.post(a_link("offer", offer.pk, at, expires_at=at), {"act": "accept"})
    assert page.status_code == 410
    assert "expiré" in page.content.decode()
    assert not Job.objects.exists()


def test_a_newer_link_supersedes_the_older_one(client: Client, offer: Offer, at: datetime) -> None:
    older, newer = a_link("offer", offer.pk, at), a_link("offer", offer.pk, at)
    assert client.post(older, {"act": "accept"}).status_code == 410
    assert not Job.objects.exists()
    assert client.get(newer).status_code == 200


def test_a_link_to_something_purged_gets_a_kind_page(client: Client, at: datetime) -> None:
    for purpose in ("offer", "job", "request", "unknown"):
        assert client.get(a_link(purpose, 0, at)).status_code == 410


def test_guessing_is_slowed_down_per_address(client: Client, offer: Offer, at: datetime) -> None:
    good = a_link("offer", offer.pk, at)
    for _ in range(30):
        assert client.get("/go/" + "y" * 16 + "/").status_code == 404
    assert client.get(good).status_code == 429
    assert client.get(good, REMOTE_ADDR="10.9.8.7").status_code == 200


def test_the_provider_without_whatsapp_walks_through_the_job_by_link(client: Client, at: datetime) -> None:
    job = a_job(at=at)
    path = a_link("job", job.pk, at)
    for act, status in (("set_out", "on_the_way"), ("begin", "started"), ("finish", "done")):
        assert client.post(path, {"act": act}).status_code == 200
        assert Job.objects.get(pk=job.pk).status == status
    text = client.post(path, {"act": "finish"}).content.decode()
    assert 'value="finish"' not in text
    assert 'value="rate:4"' in text, "now the provider rates the customer"
    assert "<form" not in client.post(path, {"act": "rate:4"}).content.decode()
    assert Rating.objects.get().by_customer is False


def test_the_provider_without_whatsapp_confirms_is_late_and_finds_nobody_by_link(client: Client, at: datetime) -> None:
    job = a_job(at=at)
    path = a_link("job", job.pk, at)
    for act in ("confirm", "late", "absent"):
        assert f'value="{act}"' in client.get(path).content.decode()
        client.post(path, {"act": act})
    names = set(job.request.events.values_list("name", flat=True))
    assert {"confirmed", "delay_announced", "absent_reported"} <= names


def test_the_customer_without_whatsapp_reports_late_nobody_and_done_by_link(client: Client, at: datetime) -> None:
    job = a_job(at=at, others=1)
    path = a_link("request", job.request_id, at)
    assert {"done", "late", "no_show"} <= acts_in(client.get(path).content.decode())
    client.post(path, {"act": "late"})
    assert job.request.events.filter(name="late_reported", actor="customer").exists()
    client.post(path, {"act": "done"})
    assert Job.objects.get(pk=job.pk).status == JobStatus.DONE
    assert acts_in(client.get(path).content.decode()) == {f"rate:{stars}" for stars in range(1, 6)}
    other = a_job(at=at)
    client.post(a_link("request", other.request_id, at), {"act": "no_show"})
    assert Job.objects.get(pk=other.pk).status == JobStatus.NO_SHOW


def test_a_provider_can_give_the_job_up_by_link(client: Client, at: datetime) -> None:
    job = a_job(at=at)
    path = a_link("job", job.pk, at)
    number = job.request.customer.contact.phone_number or ""
    assert number in client.get(path).content.decode()
    text = client.post(path, {"act": "give_up"}).content.decode()
    assert Job.objects.get(pk=job.pk).status == JobStatus.CANCELLED
    assert number not in text, "whoever has given the job up has no business with the customer"
    assert number not in client.get(path).content.decode()


def test_the_customer_sees_who_comes_and_can_cancel_by_link(client: Client, at: datetime) -> None:
    job = a_job(at=at)
    path = a_link("request", job.request_id, at)
    text = client.get(path).content.decode()
    assert job.provider.name in text
    assert f"tel:{job.provider.phone_number}" in text
    assert "Annuler" in text
    client.post(path, {"act": "cancel"})
    assert ServiceRequest.objects.get(pk=job.request_id).status == RequestStatus.CANCELLED
    assert "<form" not in client.get(path).content.decode()


def test_a_link_of_a_cancelled_request_offers_nothing_more(client: Client, offer: Offer, at: datetime) -> None:
    path = a_link("offer", offer.pk, at)
    service_requests.cancel(offer.request, reason="", by="customer", at=at)
    assert "<form" not in client.get(path).content.decode()
    client.post(path, {"act": "accept"})
    assert not Job.objects.exists()


def test_the_page_speaks_the_language_of_its_link(client: Client, offer: Offer, at: datetime) -> None:
    text = client.get(a_link("offer", offer.pk, at, language="en")).content.decode()
    assert "Decline" in text
    assert '<html lang="en">' in text


def test_what_a_customer_wrote_is_only_text(client: Client, offer: Offer, at: datetime) -> None:
    ServiceRequest.objects.update(description="<script>alert(1)</script>")
    assert "<script" not in client.get(a_link("offer", offer.pk, at)).content.decode()


def test_other_methods_are_refused(client: Client, offer: Offer, at: datetime) -> None:
    assert client.delete(a_link("offer", offer.pk, at)).status_code == 405
