"""Whatever people write, in whatever order: no exception, no message without an answer, no question without a way on."""

from datetime import timedelta
from typing import Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.dialogue.turn import Step
from marketplace.models import Conversation, Offer
from notifications.models import Notification
from providers.models import Provider

from .conftest import CUSTOMER, OTHER_PLUMBER, PLUMBER, Phone, a_provider

SAID: Final = st.sampled_from(
    [
        "bonjour", "1", "2", "3", "5", "9", "oui", "non", "ok", "merci", "annuler", "aide", "modifier", "suivi", "stop",
        "start", "english", "pidgin", "français", "langue", "agent", "mes données", "suivant", "recommencer", "Akwa",
        "Bonamoussadi", "Bonamousadi", "xqzz", "demain à 8h", "urgent", "plombier", "électricien à Makepe",
        "fuite d'eau à Bonamoussadi, urgent", "plombier et électricien à Akwa", "non pas la plomberie, l'électricité",
        "en face de la pharmacie", "je suis en route", "je suis là", "terminé", "mes jobs", "disponible",
        "indisponible jusqu'à lundi", "je ne peux plus venir", "il n'est pas venu", "devenir prestataire", "Paul",
        "677 12 34 56", "sans numéro", "4 étoiles", "", "   ", "😡", "%(x)s {0} %s", "<b>1</b>", "a" * 3000,
    ]
)  # fmt: skip
TAPPED: Final = st.sampled_from(
    ["confirm:yes", "confirm:change", "confirm:cancel", "zone:akwa", "zone:nowhere", "service:plomberie", "service:x",
     "change:zone", "change:time", "time:today", "place:skip", "phone:skip", "cancel:keep", "cancel:solved", "rate:1:5",
     "rate:x:9", "noshow:1:yes", "request:1:cancel", "offer:1:accept", "offer:99999999:decline", "offer:x:y",
     "job:1:finish", "job::", "giveup:1:yes", "menu:another", "menu:services", "menu:status", "language:xx", ":", "::"]
)  # fmt: skip
WHO: Final = st.sampled_from([CUSTOMER, PLUMBER, OTHER_PLUMBER, "CM.777"])
ACTS: Final = st.one_of(
    st.tuples(st.just("writes"), SAID),
    st.tuples(st.just("writes"), st.text(max_size=60).filter(lambda text: "\x00" not in text and _is_storable(text))),
    st.tuples(st.just("taps"), TAPPED),
    st.tuples(st.just("taps the newest"), st.integers(0, 4)),
    st.tuples(st.just("shares"), st.sampled_from([(4.05, 9.699), (48.8, 2.3), (0.0, 0.0)])),
    st.tuples(st.just("sends"), st.just("")),
)


def _is_storable(text: str) -> bool:
    return not any(0xD800 <= ord(character) <= 0xDFFF for character in text)


def act(phone: Phone, name: str, what: object) -> None:
    if name == "taps the newest":
        shown = [choice["id"] for row in phone.received()[-3:] for choice in row.choices]
        phone.taps(shown[int(str(what)) % len(shown)] if shown else "confirm:yes")
    elif name == "shares" and isinstance(what, tuple):
        phone.shares(*what)
    elif name == "sends":
        phone.sends_photo()
    elif name == "taps":
        phone.taps(str(what))
    else:
        phone.writes(str(what))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(talk=st.lists(st.tuples(WHO, ACTS), min_size=4, max_size=14))
def test_any_talk_finds_an_answer_to_every_message(talk: list[tuple[str, tuple[str, object]]]) -> None:
    Notification.objects.all().delete()
    for number in (PLUMBER, OTHER_PLUMBER):
        if not Provider.objects.filter(phone_number=number).exists():
            a_provider(number)
    phones = {address: Phone(address) for address in (CUSTOMER, PLUMBER, OTHER_PLUMBER, "CM.777")}
    moment = max(phone.at for phone in phones.values())
    for address, (name, what) in talk:
        phone = phones[address]
        moment += timedelta(seconds=5)
        phone.at = moment
        act(phone, name, what)
        assert phone.news, f"{name} {what!r} got no answer"
        assert phone.conversation.step in Step.values
        assert all(len(choice["title"]) <= 40 for choice in phone.news[-1].choices)
    accepted = Offer.objects.filter(status="accepted")
    assert accepted.count() == accepted.values("request").distinct().count()
    assert Conversation.objects.filter(is_open=True).count() <= len(phones)
