"""Customers and providers talk at random, for as long as one likes, through the webhook and the inbox.

No answer but 200, no message without an end, no person who cannot get to a search. `ENDLESS_TALK=200` runs that many
talks of 40 steps each instead of the few of every day.
"""

import itertools
import os
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth import get_user_model
from django.test import Client
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from marketplace import inbox, schedule, service_requests
from marketplace.dialogue import takeover
from marketplace.dialogue.turn import Step
from marketplace.models import Conversation, InboundMessage, InboundStatus, Offer, OfferStatus
from notifications import clock
from notifications.models import Clock, Contact, Notification
from providers.models import Provider
from tests.factories import inbound_fields
from tests.signed import post

from .conftest import MORNING, a_provider
from .test_any_talk import SAID, TAPPED

PATH: Final = "/webhooks/twilio/inbound/"
TALKS: Final = int(os.environ.get("ENDLESS_TALK", "3"))
STEPS: Final = 40
WHO: Final = st.integers(0, 3)  # two customers, one of them hidden; two providers
PHOTO: Final = "https://api.twilio.com/2010-04-01/Accounts/AC0/Messages/MM0/Media/ME0"
# What somebody who wants to be helped answers to the question that was asked.
WILLING: Final[dict[str, str]] = {
    Step.SERVICE: "plombier",
    Step.ORDER: "1",
    Step.ZONE: "Bonamoussadi",
    Step.PHONE: "sans numéro",
    Step.CONFIRM: "oui",
}
_numbers = itertools.count(1)


class EndlessTalk(RuleBasedStateMachine):
    """Four people, one operator, one worker and a clock."""

    account: str  # Twilio's, set by the test
    at: datetime

    @initialize()
    def people_arrive(self) -> None:
        number = next(_numbers)
        self.client, self.at = Client(raise_request_exception=False), MORNING
        self.operator = get_user_model().objects.get_or_create(username="operator")[0]
        plumbers = [f"+2376770{number:04d}{end}" for end in (1, 2)]
        for plumber in plumbers:
            a_provider(plumber)
        self.people = [
            f"whatsapp:+2376990{number:04d}1",
            f"whatsapp:CM.{number:06d}",
            *(f"whatsapp:{p}" for p in plumbers),
        ]
        self.sent: list[dict[str, str]] = []
        self.unread: list[str] = []

    def teardown(self) -> None:
        if not hasattr(self, "people"):
            return
        for who in range(len(self.people)):
            self._gets_to_a_search(who)
        Provider.objects.update(status="suspended")  # the next talk has a town of its own

    @rule(who=WHO, text=SAID, seconds=st.integers(3, 40))
    def writes(self, who: int, text: str, seconds: int) -> None:
        self._passes(seconds=seconds)
        self._bring(who, Body=text)
        self._work()

    @rule(who=WHO, first=SAID, second=SAID)
    def writes_twice_in_a_second(self, who: int, first: str, second: str) -> None:
        self._passes(seconds=5)
        self._bring(who, Body=first)
        self._bring(who, Body=second)
        self._work()

    @rule(who=WHO, choice=TAPPED)
    def taps(self, who: int, choice: str) -> None:
        self._passes(seconds=5)
        self._bring(who, Body="...", ButtonPayload=choice, ButtonText="...")
        self._work()

    @rule(who=WHO, which=st.integers(0, 9))
    def taps_what_was_shown(self, who: int, which: int) -> None:
        newest = Notification.objects.filter(contact=self._contact(who)).order_by("-pk")[:3]
        shown = [choice["id"] for row in newest for choice in row.choices]
        self.taps(who, shown[which % len(shown)] if shown else "confirm:yes")

    @rule(who=WHO, place=st.sampled_from([("4.05", "9.699"), ("48.8", "2.3"), ("x", "")]))
    def shares_a_place(self, who: int, place: tuple[str, str]) -> None:
        self._passes(seconds=5)
        self._bring(who, Body="", Latitude=place[0], Longitude=place[1], MessageType="location")
        self._work()

    @rule(who=WHO, kind=st.sampled_from(["image/jpeg", "audio/ogg", "application/x-msdownload"]))
    def sends_a_file(self, who: int, kind: str) -> None:
        self._passes(seconds=5)
        self._bring(who, Body="", NumMedia="1", MediaUrl0=PHOTO, MediaContentType0=kind)
        self._work()

    @rule(which=st.integers(0, 99))
    def twilio_repeats_itself(self, which: int) -> None:
        if self.sent:
            before = (InboundMessage.objects.count(), Notification.objects.count())
            self._post(self.sent[which % len(self.sent)])
            self._work()
            assert (InboundMessage.objects.count(), Notification.objects.count()) == before

    @rule(hours=st.sampled_from([0, 1, 3, 26]))
    def nobody_writes_for_a_while(self, hours: int) -> None:
        self._passes(hours=hours, minutes=7)
        for duty in schedule.duties():
            if not duty.slow:
                duty.run(self.at)

    @rule(who=WHO)
    def an_operator_takes_over(self, who: int) -> None:
        if talk := self._talk(who):
            takeover.take_over(talk, operator=self.operator, at=self.at)

    @rule(who=WHO)
    def the_operator_hands_back(self, who: int) -> None:
        if talk := self._talk(who):
            takeover.hand_back(talk, at=self.at, by="operator")

    @invariant()
    def nothing_is_left_undone_and_nobody_gets_a_job_twice(self) -> None:
        assert not InboundMessage.objects.exclude(status=InboundStatus.PROCESSED).exists()
        assert InboundMessage.objects.count() >= len(getattr(self, "sent", ()))
        accepted = Offer.objects.filter(status=OfferStatus.ACCEPTED)
        assert accepted.count() == accepted.values("request").distinct().count()

    def _passes(self, **duration: int) -> None:
        self.at += timedelta(**duration)
        Clock.objects.filter(pk=1).update(offset_seconds=0)
        Clock.objects.filter(pk=1).update(offset_seconds=(self.at - clock.now()).total_seconds())

    def _bring(self, who: int, **fields: str) -> None:
        form = {"AccountSid": self.account} | inbound_fields(sender=self.people[who], **fields)
        if form["From"].startswith("whatsapp:CM."):
            form["ExternalUserId"] = form["From"]
        self.sent.append(form)
        self.unread.append(form["MessageSid"])
        self._post(form)

    def _post(self, form: dict[str, str]) -> None:
        assert post(self.client, PATH, form).status_code == 200

    def _work(self) -> None:
        """The worker answers what came; every message has its answer, unless a person has the talk or it is a flood."""
        self.at += timedelta(seconds=2)
        while inbox.process_next(worker="test", at=self.at):
            pass
        for sid in self.unread:
            message = InboundMessage.objects.get(message_sid=sid)
            assert message.status == InboundStatus.PROCESSED, message.error
            told = Notification.objects.filter(contact=message.contact, created_at__gte=self.at)
            assert told.exists() or {"taken_over", "flood"} & message.understood.keys(), message.body
        self.unread.clear()

    def _contact(self, who: int) -> Contact | None:
        address = self.people[who].removeprefix("whatsapp:")
        return Contact.objects.filter(**{"phone_number" if address[0] == "+" else "whatsapp_id": address}).first()

    def _talk(self, who: int) -> Conversation | None:
        return Conversation.objects.filter(contact=self._contact(who), is_open=True).first()

    def _gets_to_a_search(self, who: int) -> None:
        """Wherever the talk stands: who starts anew and answers what is asked, is searched for."""
        if talk := self._talk(who):
            takeover.hand_back(talk, at=self.at, by="operator")
        self._passes(hours=25)  # whatever was written too much is forgiven
        for text in ("start", "recommencer", "fuite d'eau à Bonamoussadi, urgent"):
            self.writes(who, text, 20)
        for _ in range(6):
            contact = self._contact(who)
            assert contact is not None
            talk = Conversation.objects.get(contact=contact, is_open=True)
            if service_requests.current_for(contact) is not None:
                return
            self.writes(who, WILLING.get(talk.step, "fuite d'eau à Bonamoussadi, urgent"), 20)
        talk = Conversation.objects.get(contact=self._contact(who), is_open=True)
        raise AssertionError(f"no way to a search from {talk.step!r}: {talk.slots}")


def test_people_may_talk_as_they_like(twilio: str) -> None:
    EndlessTalk.account = twilio
    run_state_machine_as_test(
        EndlessTalk,
        settings=settings(
            max_examples=TALKS,
            stateful_step_count=STEPS,
            deadline=None,
            phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink) if TALKS < 20 else (Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
