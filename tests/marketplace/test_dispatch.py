from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import IntegrityError, connection

from marketplace import dispatch, jobs, service_requests
from marketplace.dispatch import Acceptance
from marketplace.models import Job, MatchRun, Offer, OfferStatus, RequestStatus, ServiceRequest, Urgency, Wave
from marketplace.wave_policy import SILENT_TOO_OFTEN
from notifications.models import Account, Channel, EscalationAlert, Notification, Status
from providers.models import Provider, ProviderStatus
from tests.factories import a_customer, a_request, a_silent_request, all_sent, in_threads, messages_to, offers_to
from tests.providers.factories import NOON, a_provider, a_service, a_zone

pytestmark = pytest.mark.django_db
COMMITTED = pytest.mark.django_db(transaction=True)


def after(**delta: float) -> datetime:
    return NOON + timedelta(**delta)


def statuses(request: ServiceRequest) -> dict[str, int]:
    found: dict[str, int] = {}
    for status in Offer.objects.filter(request=request).values_list("status", flat=True):
        found[status] = found.get(status, 0) + 1
    return found


def events(request: ServiceRequest) -> list[str]:
    return list(request.events.values_list("name", flat=True))


def reload(request: ServiceRequest) -> ServiceRequest:
    return ServiceRequest.objects.get(pk=request.pk)


@pytest.mark.parametrize(
    ("urgency", "size", "minutes"),
    [
        (Urgency.EMERGENCY, 8, 4),
        (Urgency.TODAY, 5, 5),
        (Urgency.SCHEDULED, 3, 15),
        (Urgency.UNSPECIFIED, 4, 5),
    ],
)
def test_the_first_wave_is_as_wide_and_as_long_as_the_urgency_asks(urgency: str, size: int, minutes: int) -> None:
    for _ in range(9):
        a_provider()
    request = a_request(urgency=urgency)
    wave = Wave.objects.get(request=request)
    assert wave.offers.count() == size
    assert wave.ends_at == after(minutes=minutes)
    assert set(wave.offers.values_list("expires_at", flat=True)) == {wave.ends_at}
    assert events(request) == ["opened", "wave_sent"]


def test_each_offer_tells_why_this_provider_was_chosen() -> None:
    a_provider()
    request = a_request()
    offer = Offer.objects.get(request=request)
    run = MatchRun.objects.get(request=request)
    assert offer.score_parts
    assert (offer.level, run.chosen[0]["provider_id"]) == ("exact", offer.provider_id)


def test_the_search_widens_until_somebody_is_found() -> None:
    near = a_provider(zones=[a_zone("makepe", at=(4.085, 9.752))])
    request = a_request()
    assert [offer.provider_id for offer in request.offers.all()] == [near.pk]
    assert list(MatchRun.objects.filter(request=request).order_by("pk").values_list("level", flat=True)) == [
        "exact",
        "broad",
    ]


def test_an_emergency_wakes_those_on_call_when_nobody_else_is_there() -> None:
    far = a_provider(zones=[a_zone("logbaba", at=(4.03, 9.77))], takes_emergencies=True, radius_km=1)
    request = a_request(urgency=Urgency.EMERGENCY)
    assert [offer.provider_id for offer in request.offers.all()] == [far.pk]
    assert a_request(urgency=Urgency.TODAY).status == RequestStatus.WAITING


def test_the_first_to_accept_gets_the_job_and_the_others_hear_it() -> None:
    providers = [a_provider() for _ in range(3)]
    request = a_silent_request()
    first, second, third = offers_to(request, providers)
    assert dispatch.accept(second, at=after(minutes=1)) == Acceptance.WON
    assert dispatch.accept(first, at=after(minutes=2)) == Acceptance.TAKEN
    assert dispatch.accept(second, at=after(minutes=3)) == Acceptance.WON, "a second tap changes nothing"
    assert reload(request).status == RequestStatus.MATCHED
    assert statuses(request) == {"accepted": 1, "taken": 2}
    assert Job.objects.get().provider == providers[1]
    assert Wave.objects.get(request=request).closed_at == after(minutes=1)
    for loser in (first, third):
        assert [row.purpose for row in messages_to(loser.provider.phone_number)] == ["offer_taken"]
    assert len(messages_to(providers[1].phone_number, "offer_won")) == 1
    assert len(messages_to(request.customer.contact.phone_number, "provider_found")) == 1


def test_an_offer_that_has_not_left_yet_is_called_back_instead_of_being_explained() -> None:
    for _ in range(2):
        a_provider()
    request = a_request()
    winner, loser = request.offers.order_by("pk")
    dispatch.accept(winner, at=NOON)
    assert [(row.purpose, row.status) for row in messages_to(loser.provider.phone_number)] == [("offer", "cancelled")]


@pytest.mark.parametrize("others", [0, 5])
def test_who_answers_late_gets_the_job_while_nobody_else_has_it(others: int) -> None:
    slow = a_provider()
    request = a_request(urgency=Urgency.EMERGENCY)
    all_sent()
    offer = request.offers.get()
    for _ in range(others):
        a_provider()
    dispatch.expire_offers(after(minutes=4))
    assert reload(request).status == (RequestStatus.SEARCHING if others else RequestStatus.WAITING)
    assert dispatch.accept(offer, at=after(minutes=8)) == Acceptance.WON
    assert reload(request).status == RequestStatus.MATCHED
    assert Job.objects.get().provider == slow
    assert statuses(request) == ({"accepted": 1, "taken": 5} if others else {"accepted": 1})
    assert not EscalationAlert.objects.unresolved().filter(fingerprint__endswith=":unmatched").exists()


def test_an_acceptance_an_hour_late_or_after_another_is_thanked() -> None:
    request = a_silent_request()
    first, second = offers_to(request, [a_provider(), a_provider()])
    assert dispatch.accept(first, at=after(minutes=70)) == Acceptance.EXPIRED
    assert not Job.objects.exists()
    assert dispatch.accept(second, at=after(minutes=69)) == Acceptance.WON
    assert dispatch.accept(first, at=after(minutes=69)) == Acceptance.TAKEN


def test_whoever_staff_have_suspended_meanwhile_does_not_get_the_job_late() -> None:
    request = a_silent_request()
    (offer,) = offers_to(request, [a_provider()])
    Provider.objects.update(status=ProviderStatus.SUSPENDED)
    assert dispatch.accept(offer, at=after(minutes=12)) == Acceptance.EXPIRED


@pytest.mark.parametrize("status", [RequestStatus.CANCELLED, RequestStatus.EXPIRED])
def test_an_offer_of_a_request_that_does_not_search_cannot_be_won(status: str) -> None:
    request = a_silent_request()
    (offer,) = offers_to(request, [a_provider()])
    ServiceRequest.objects.filter(pk=request.pk).update(status=status)
    assert dispatch.accept(offer, at=NOON) == Acceptance.EXPIRED


@COMMITTED
def test_of_fifty_who_accept_at_once_one_wins_and_forty_nine_are_told_kindly() -> None:
    request = a_silent_request()
    offers = offers_to(request, [a_provider() for _ in range(50)])
    results = in_threads([partial(dispatch.accept, offer, at=NOON) for offer in offers])
    assert results.count(Acceptance.WON) == 1
    assert results.count(Acceptance.TAKEN) == 49
    assert statuses(request) == {"accepted": 1, "taken": 49}
    job = Job.objects.get()
    assert job.offer == offers[results.index(Acceptance.WON)]
    told = Notification.objects.filter(purpose="offer_taken")
    assert told.count() == 49
    assert told.values("phone_number").distinct().count() == 49
    assert Notification.objects.filter(purpose__in=["offer_won", "provider_found"]).count() == 2
    job.provider.standing.refresh_from_db()
    assert job.provider.standing.open_jobs == 1


@COMMITTED
def test_acceptance_cancellation_and_expiry_at_once_leave_one_consistent_end() -> None:
    for _ in range(4):
        request = a_silent_request()
        offers = offers_to(request, [a_provider() for _ in range(4)])
        end = after(minutes=10)
        deeds: list[Callable[[], object]] = [partial(dispatch.accept, offer, at=NOON) for offer in offers]
        cancel = partial(service_requests.cancel, request, reason="changed my mind", by="customer", at=NOON)
        deeds += [cancel, partial(dispatch.expire_offers, end), partial(dispatch.expire_offers, end)]
        in_threads(deeds)
        request = reload(request)
        live = jobs.live_job_for(request)
        assert (live is not None) == (request.status == RequestStatus.MATCHED)
        assert "accepted" not in statuses(request) or request.status == RequestStatus.MATCHED


@COMMITTED
def test_waves_of_many_requests_that_end_at_once_over_the_same_people_do_not_deadlock() -> None:
    people = [a_provider() for _ in range(6)]
    requests = [a_silent_request() for _ in range(12)]
    for number, request in enumerate(requests):
        offers_to(request, people[:3] if number % 2 else people[3:])
    end = after(minutes=10)
    deeds: list[Callable[[], object]] = []
    for number, request in enumerate(requests):
        offers = list(Offer.objects.filter(request=request))
        if number < 6:
            deeds += [partial(dispatch.decline, offer, at=NOON) for offer in offers]
        else:
            deeds.append(partial(dispatch.expire_offers, end))
    in_threads(deeds)
    dispatch.expire_offers(end)
    assert all(request.offers.count() > 3 for request in requests), "each has its second wave"


def test_when_all_declined_the_next_wave_goes_out_at_once_and_to_others() -> None:
    for _ in range(7):
        a_provider()
    request = a_request()
    first_wave = list(request.offers.all())
    for offer in first_wave:
        assert request.waves.count() == 1
        assert dispatch.decline(offer, at=after(seconds=30))
    assert not dispatch.decline(first_wave[0], at=after(seconds=31)), "an ended offer cannot be declined again"
    assert request.waves.count() == 2
    second_wave = Offer.objects.filter(request=request, status=OfferStatus.OPEN)
    assert {offer.provider_id for offer in second_wave}.isdisjoint(offer.provider_id for offer in first_wave)
    assert second_wave.count() == 2


def test_a_wave_that_ran_out_is_followed_by_the_next_until_nobody_is_left() -> None:
    for _ in range(7):
        a_provider()
    request = a_request()
    all_sent()
    assert dispatch.expire_offers(after(minutes=4)) == 0
    assert dispatch.expire_offers(after(minutes=5)) == 1
    assert statuses(request) == {"expired": 5, "open": 2}
    all_sent()
    assert dispatch.expire_offers(after(minutes=10)) == 1
    assert reload(request).status == RequestStatus.WAITING
    assert statuses(request) == {"expired": 7}
    assert request.offers.values("provider").distinct().count() == 7, "nobody is asked twice"
    assert dispatch.expire_offers(after(minutes=60)) == 0


def test_when_nobody_is_found_the_customer_hears_the_truth_and_staff_own_an_alert() -> None:
    request = a_request()
    assert request.status == RequestStatus.WAITING
    assert len(messages_to(request.customer.contact.phone_number, "nobody_found")) == 1
    alert = EscalationAlert.objects.get(fingerprint=f"request:{request.pk}:unmatched")
    assert (alert.state, bool(alert.remedy), alert.reference) == ("open", True, f"request:{request.pk}")


def test_a_waiting_request_is_taken_up_when_somebody_comes_and_its_alert_ends_with_the_match() -> None:
    request = a_request()
    assert dispatch.retry_waiting(after(minutes=2)) == 0
    assert len(messages_to(request.customer.contact.phone_number)) == 1, "nobody is told twice that nobody is there"
    a_provider()
    assert dispatch.retry_waiting(after(minutes=4)) == 1
    assert reload(request).status == RequestStatus.SEARCHING
    dispatch.accept(request.offers.get(), at=after(minutes=5))
    assert EscalationAlert.objects.get(fingerprint=f"request:{request.pk}:unmatched").state == "resolved"


def test_a_provider_who_becomes_available_in_mid_search_is_asked_in_the_next_wave() -> None:
    a_provider()
    request = a_request()
    all_sent()
    late = a_provider()
    dispatch.expire_offers(after(minutes=6))
    assert Offer.objects.get(request=request, status=OfferStatus.OPEN).provider == late


def test_an_offer_that_could_not_be_delivered_is_followed_at_once() -> None:
    for _ in range(6):
        a_provider()
    request = a_request()
    first_wave = list(request.offers.all())
    all_sent(Status.DEAD)
    for offer in first_wave:
        assert dispatch.note_unreachable(offer, code="63024", at=after(seconds=20))
    assert not dispatch.note_unreachable(first_wave[0], code="63024", at=after(seconds=21))
    assert statuses(request) == {"unreachable": 5, "open": 1}


def test_a_nearly_spent_message_budget_narrows_the_wave_and_the_timeline_says_so() -> None:
    account = Account.objects.create(sid="AC1", daily_limit=5)
    Channel.objects.update_or_create(name="whatsapp", defaults={"account": account, "sender": "whatsapp:+1"})
    for _ in range(6):
        a_provider()
    request = a_request()
    facts = request.events.get(name="wave_sent").facts
    assert (facts["offers"], facts["usual"], facts["withheld"]) == (3, 5, 2)


def test_somebody_who_asks_for_help_is_not_offered_the_own_job() -> None:
    plumber = a_provider()
    request = a_request(customer=a_customer(phone_number=plumber.phone_number))
    assert not request.offers.exists()


def test_open_offers_of_a_provider_are_those_that_can_still_be_won() -> None:
    plumber = a_provider()
    oldest, newest = a_request(), a_request()
    assert [offer.request for offer in dispatch.open_offers_of(plumber, at=NOON)] == [oldest, newest]
    service_requests.cancel(oldest, reason="", by="customer", at=NOON)
    assert [offer.request for offer in dispatch.open_offers_of(plumber, at=NOON)] == [newest]
    assert dispatch.open_offers_of(plumber, at=after(minutes=6)) == []


def test_a_provider_who_never_answers_is_put_on_hold_and_staff_are_told() -> None:
    plumber = a_provider()
    for number in range(SILENT_TOO_OFTEN):
        at = after(minutes=20 * number)
        a_request(at=at)
        all_sent()
        dispatch.expire_offers(at + timedelta(minutes=6))
    plumber.refresh_from_db()
    assert plumber.status == ProviderStatus.ON_HOLD
    assert EscalationAlert.objects.filter(fingerprint=f"provider:{plumber.pk}:silent").exists()


def test_an_answer_of_any_kind_ends_the_silence() -> None:
    plumber = a_provider()
    for number in range(SILENT_TOO_OFTEN + 1):
        at = after(minutes=20 * number)
        request = a_request(at=at)
        all_sent()
        if number == 3:
            dispatch.decline(request.offers.get(), at=at)
        dispatch.expire_offers(at + timedelta(minutes=6))
    plumber.refresh_from_db()
    assert plumber.status == ProviderStatus.ACTIVE


@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_an_answer_that_comes_too_late_ends_the_silence_too(answer: str) -> None:
    slow, quick = a_provider(), a_provider()
    request = a_request(urgency=Urgency.EMERGENCY)
    all_sent()
    dispatch.expire_offers(after(minutes=4))
    assert slow.standing.unanswered_in_a_row == 1
    assert dispatch.accept(request.offers.get(provider=quick), at=after(minutes=4)) == Acceptance.WON
    late = request.offers.get(provider=slow)
    if answer == "accept":
        assert dispatch.accept(late, at=after(minutes=7)) == Acceptance.TAKEN
    else:
        assert not dispatch.decline(late, at=after(minutes=7))
    slow.standing.refresh_from_db()
    assert (slow.standing.unanswered_in_a_row, slow.standing.reply_seconds) == (0, 240 + (420 - 240) // 8)


def test_silence_counts_against_a_provider_only_when_the_offer_left_us() -> None:
    plumber = a_provider()
    for number in range(6):
        at = after(minutes=20 * number)
        request = a_request(at=at)
        dispatch.expire_offers(at + timedelta(minutes=6))
        service_requests.cancel(request, reason="", by="customer", at=at + timedelta(minutes=7))
    plumber.refresh_from_db()
    assert (plumber.status, plumber.standing.unanswered_in_a_row) == (ProviderStatus.ACTIVE, 0)


def test_an_offer_that_waited_in_vain_for_a_broken_sender_is_made_again_when_it_is_repaired() -> None:
    plumber = a_provider()
    request = a_request()
    Notification.objects.filter(purpose="offer").update(status=Status.EXPIRED)
    assert dispatch.expire_offers(after(minutes=6)) == 1
    offer = Offer.objects.get(request=request)
    assert (offer.status, offer.expires_at) == (OfferStatus.OPEN, after(minutes=11))
    assert [row.status for row in messages_to(plumber.phone_number, "offer")] == ["expired", "queued"]
    assert request.events.filter(name="wave_ended").get().facts == {"silent": 0, "unsent": 1}
    all_sent()
    assert dispatch.accept(offer, at=after(minutes=7)) == Acceptance.WON


def test_an_offer_that_left_is_never_made_again_whatever_became_of_it() -> None:
    statuses_that_left = (Status.SENT, Status.DELIVERED, Status.READ, Status.DEAD)
    for status in statuses_that_left:
        a_provider()
        request = a_request(urgency=Urgency.EMERGENCY)
        all_sent(status)
        dispatch.expire_offers(after(minutes=4))
        assert reload(request).status == RequestStatus.WAITING
        assert dispatch.retry_waiting(after(minutes=5)) == 0
        service_requests.cancel(request, reason="", by="customer", at=after(minutes=5))


@contextmanager
def a_broken_table(table: str, condition: str = "id < 0") -> Iterator[None]:
    """Rows that do not meet the condition cannot be written."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT breakdown CHECK ({condition}) NOT VALID")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT breakdown")


@pytest.mark.parametrize("table", ["marketplace_matchrun", "marketplace_offer", "notification_queue"])
def test_an_error_in_the_middle_of_matching_leaves_request_and_connection_usable(table: str) -> None:
    for _ in range(6):
        a_provider()
    request = a_request()
    all_sent()
    with a_broken_table(table):
        assert dispatch.expire_offers(after(minutes=6)) == 0
        assert dispatch.retry_waiting(after(minutes=6)) == 0
    assert reload(request).status == RequestStatus.SEARCHING
    assert statuses(request) == {"open": 5}, "the end of the wave was rolled back with what should follow it"
    alert = EscalationAlert.objects.get(fingerprint="sweep:expire_offers")
    assert (alert.state, alert.severity) == ("open", "critical")
    assert dispatch.expire_offers(after(minutes=7)) == 1
    assert statuses(request) == {"expired": 5, "open": 1}
    alert.refresh_from_db()
    assert alert.state == "resolved"


def test_an_error_while_opening_leaves_no_half_request() -> None:
    customer = a_customer()
    a_provider()
    with a_broken_table("marketplace_offer"), pytest.raises(IntegrityError, match="breakdown"):
        a_request(customer=customer)
    assert not ServiceRequest.objects.exists()
    assert not MatchRun.objects.exists()
    assert a_request(customer=customer).status == RequestStatus.SEARCHING


def test_one_request_that_fails_does_not_hold_up_the_waves_of_others() -> None:
    for _ in range(6):
        a_provider()
    poison, sound = a_request(), a_request()
    all_sent()
    with a_broken_table("marketplace_matchrun", f"request_id <> {poison.pk}"):
        assert dispatch.expire_offers(after(minutes=6)) == 1
    assert (poison.waves.count(), sound.waves.count()) == (1, 2)
    assert EscalationAlert.objects.get().reference == f"expire_offers:{poison.pk}"


def test_however_many_wait_in_vain_those_who_can_be_helped_have_their_turn() -> None:
    facts = {"status": RequestStatus.WAITING, "expires_at": after(days=1), "customer": a_customer()}
    helped = a_silent_request(**facts)
    for _ in range(101):
        a_silent_request(**facts, service=a_service("toiture"))
    a_provider()
    made = (dispatch.retry_waiting(NOON) for _ in range(5))
    assert next(filter(None, made)) == 1
    assert Offer.objects.get().request == helped
