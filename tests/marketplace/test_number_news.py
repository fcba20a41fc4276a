"""A provider's number that no longer works is noticed, kept on a list, and cleared when it works after all."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from marketplace import number_news
from notifications import twilio_client
from notifications.models import Channel, Notification, Status
from notifications.signals import notification_settled
from providers import erasure, number_checks
from providers.models import Doubt, NumberCheck, NumberToCheck, Provider, ProviderStatus
from tests.providers.factories import NOON, a_provider
from tests.simulator_process import running_simulator

pytestmark = pytest.mark.django_db
LIST = "admin:providers_numbertocheck_changelist"


def settled(provider: Provider, status: str, code: str = "") -> None:
    row = Notification(phone_number=provider.phone_number, status=status, last_error_code=code, purpose="offer")
    notification_settled.send(sender=Notification, notification=row, at=NOON)


def is_doubtful(provider: Provider) -> bool:
    provider.refresh_from_db()
    return provider.phone_doubtful


class TestDeliveries:
    @pytest.mark.parametrize("code", sorted(number_news.FOR_GOOD))
    def test_a_message_that_died_of_its_number_makes_it_doubtful(self, code: str) -> None:
        provider, other = a_provider(), a_provider()
        for _ in range(2):  # news come at least once
            settled(provider, Status.DEAD, code)
        check = NumberCheck.objects.get()
        assert (is_doubtful(provider), is_doubtful(other)) == (True, False)
        assert (check.provider, check.doubt, check.code, check.noted_at) == (provider, Doubt.UNDELIVERED, code, NOON)

    @pytest.mark.parametrize(("status", "code"), [(Status.DEAD, "30003"), (Status.EXPIRED, ""), (Status.DEAD, "63016")])
    def test_a_failure_of_the_moment_says_nothing_of_the_number(self, status: str, code: str) -> None:
        provider = a_provider()
        settled(provider, status, code)
        assert not is_doubtful(provider)

    def test_a_delivery_clears_the_doubt_that_deliveries_raised_and_no_other(self) -> None:
        failed, odd = a_provider(), a_provider(phone_doubtful=True)
        settled(failed, Status.DEAD, "30005")
        for provider in (failed, odd):
            settled(provider, Status.DELIVERED)
        assert (is_doubtful(failed), is_doubtful(odd)) == (False, True)

    def test_a_new_number_begins_without_the_old_ones_history(self) -> None:
        provider = a_provider()
        settled(provider, Status.DEAD, "30005")
        Provider.objects.filter(pk=provider.pk).update(phone_number="+237677998811", phone_doubtful=False)
        provider.refresh_from_db()
        settled(provider, Status.DEAD, "30006")
        assert is_doubtful(provider)
        assert NumberCheck.objects.get().phone_number == "+237677998811"

    def test_an_erased_person_leaves_no_number_behind(self) -> None:
        provider = a_provider()
        settled(provider, Status.DEAD, "30005")
        erasure.erase(provider)
        assert not NumberCheck.objects.exists()


class TestLookup:
    @pytest.fixture
    def asked(self, monkeypatch: pytest.MonkeyPatch, settings: Any) -> dict[str, bool | None]:
        """Twilio's answers by number; the keys that were asked for stay."""
        settings.TWILIO_LOOKUP = True
        Channel.objects.get_or_create(name="whatsapp", defaults={"is_configured": True})
        Channel.objects.update(is_configured=True)
        answers: dict[str, bool | None] = {}
        monkeypatch.setattr(twilio_client, "is_valid_number", answers.get)
        return answers

    def test_only_doubtful_numbers_are_asked_about_and_not_again_for_30_days(
        self, asked: dict[str, bool | None]
    ) -> None:
        sure, doubtful = a_provider(), a_provider(phone_doubtful=True)
        a_provider(phone_doubtful=True, status=ProviderStatus.SUSPENDED)
        asked.update({sure.phone_number: True, doubtful.phone_number: True})
        assert number_news.look_up_doubtful(NOON) == 1
        assert number_news.look_up_doubtful(NOON + timedelta(days=29)) == 0
        assert number_news.look_up_doubtful(NOON + timedelta(days=31)) == 1
        assert is_doubtful(doubtful), "a number may exist and be somebody else's"

    def test_a_number_that_twilio_does_not_know_says_so(self, asked: dict[str, bool | None]) -> None:
        provider = a_provider(phone_doubtful=True)
        asked[provider.phone_number] = False
        number_news.look_up_doubtful(NOON)
        assert NumberCheck.objects.get().doubt == Doubt.LOOKUP

    def test_no_answer_is_asked_for_again(self, asked: dict[str, bool | None]) -> None:
        a_provider(phone_doubtful=True)
        assert number_news.look_up_doubtful(NOON) == 0
        assert not NumberCheck.objects.exists()

    def test_it_is_off_unless_switched_on(self, asked: dict[str, bool | None], settings: Any) -> None:
        provider = a_provider(phone_doubtful=True)
        asked[provider.phone_number] = False
        settings.TWILIO_LOOKUP = False
        assert number_news.look_up_doubtful(NOON) == 0

    def test_an_answer_about_a_number_that_was_changed_meanwhile_is_dropped(self) -> None:
        provider = a_provider()
        assert not number_checks.note_lookup(provider.pk, "+237677998811", is_valid=False, at=NOON)
        assert not is_doubtful(provider)


class TestList:
    def client(self, *rights: str) -> Client:
        user = User.objects.create_user("staff", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=rights))
        client = Client()
        client.force_login(user)
        return client

    def test_staff_see_why_and_say_that_a_number_is_right(self) -> None:
        failed, fine = a_provider(name="Failed"), a_provider(name="Fine")
        settled(failed, Status.DEAD, "30005")
        client = self.client("view_numbertocheck", "change_provider", "see_personal_data")
        shown = client.get(reverse(LIST)).content.decode()
        assert "Failed" in shown
        assert "30005" in shown
        assert "Fine" not in shown
        client.post(reverse(LIST), {"action": "number_is_right", "_selected_action": [failed.pk]})
        assert not is_doubtful(failed)
        assert not is_doubtful(fine)
        assert not NumberToCheck.objects.exists()

    def test_whoever_may_only_look_changes_nothing(self) -> None:
        provider = a_provider(phone_doubtful=True)
        client = self.client("view_numbertocheck")
        client.post(reverse(LIST), {"action": "number_is_right", "_selected_action": [provider.pk]})
        assert is_doubtful(provider)

    def test_a_fixed_number_of_queries(self, django_assert_max_num_queries: Any) -> None:
        for _ in range(8):
            settled(a_provider(), Status.DEAD, "30005")
        client = self.client("view_numbertocheck")
        with django_assert_max_num_queries(16):
            client.get(reverse(LIST))


@pytest.mark.parametrize(
    ("number", "is_valid"),
    [("+237677123456", True), ("+237123", False), ("+999123456789", False)],
)
def test_the_real_client_asks_the_simulated_lookup(number: str, is_valid: bool, settings: Any) -> None:
    with running_simulator() as simulator:
        settings.TWILIO_API_BASE_URL = simulator.base_url
        settings.TWILIO_ACCOUNT_SID = simulator.account_sid
        settings.TWILIO_AUTH_TOKEN = simulator.auth_token
        twilio_client.forget_clients()
        try:
            assert twilio_client.is_valid_number(number) is is_valid
        finally:
            twilio_client.forget_clients()
