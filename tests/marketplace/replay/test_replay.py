"""A field report becomes a test in a minute: talks are saved without who it was, and played again in a world apart."""

import json
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation

from marketplace import dispatch, inbox, replay, vocabulary
from marketplace.models import Conversation, InboundMessage, Offer, ServiceRequest
from marketplace.replay.disguise import Disguise, moved
from marketplace.replay.world import world_apart
from notifications.models import Channel, Contact, Notification
from notifications.seeding import seed
from providers import coverage
from providers.models import Provider, Service, Zone
from providers.seeding import seed_places, seed_services
from tests.factories import a_contact, an_inbound, inbound_fields
from tests.providers.factories import NOON, a_provider

pytestmark = pytest.mark.django_db(transaction=True)
HERE = Path(__file__).parent
TALKS = sorted(HERE.glob("*.jsonl"))
HEAD = '{"kind": "talk", "format": 1, "started_at": "2026-01-05T09:00:00+01:00"}'
SECRETS = ("Ngo", "Mbarga", "699123456", "699 12 34 56", "677000100", "awa@", "/go/")


@pytest.fixture
def house(settings: Any) -> Iterator[None]:
    """Places, trades and channels, as `seed` makes them; the shipped vocabulary, since its table is empty."""
    settings.TWILIO_WHATSAPP_FROM = "whatsapp:+14155238886"
    seed_places()
    seed_services()
    seed()
    Channel.objects.filter(name="whatsapp").update(is_configured=True)
    vocabulary.forget()
    yield
    vocabulary.forget()


@pytest.fixture
def plumber(house: None) -> Provider:
    services, zones = [Service.objects.get(slug="plomberie")], [Zone.objects.get(slug="akwa")]
    provider = a_provider(services=services, zones=zones, phone_number="+237677000100", name="Jean Mbarga")
    coverage.refresh(provider)
    return provider


def says(text: str, at: datetime, sender: str = "whatsapp:+237699123456", name: str = "Awa Ngo") -> None:
    inbox.receive(inbound_fields(text, sender=sender, MessageSid=f"SM{uuid.uuid4().hex}", ProfileName=name), at=at)
    while inbox.process_next(worker="test", at=at):
        pass


def a_talk() -> Conversation:
    """A customer asks, a plumber accepts."""
    says("bonjour", NOON)
    says("le robinet coule à Akwa", NOON + timedelta(seconds=20))
    says("1", NOON + timedelta(seconds=40))
    says("derrière la pharmacie, demandez Awa Ngo, sinon 699 12 34 56 ou awa@example.cm", NOON + timedelta(seconds=60))
    dispatch.accept(Offer.objects.get(), at=NOON + timedelta(seconds=90))
    return Conversation.objects.get()


def changed(name: str, number: int, **facts: Any) -> replay.Fixture:
    """The committed talk with the line `number` of a kind changed."""
    lines = [json.loads(line) for line in (HERE / "leak_in_akwa.jsonl").read_text("utf-8").splitlines()]
    [line for line in lines if line["kind"] == name][number].update(facts)
    return replay.read(replay.write(lines))


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("talk", TALKS, ids=lambda path: path.stem)
def test_each_saved_talk_goes_as_it_went(talk: Path) -> None:
    out = StringIO()
    call_command("replay", str(talk), without_words=True, stdout=out)  # texts may be bettered, deeds may not
    assert "as it happened" in out.getvalue()


@pytest.mark.usefixtures("plumber")
def test_a_talk_can_be_saved_and_played_and_names_nobody() -> None:
    text = replay.write(replay.save(a_talk()))
    assert not [secret for secret in SECRETS if secret in text]
    assert '"accepted"' in text
    assert replay.play(replay.read(text)) == []


def test_a_providers_talk_can_be_saved_too(plumber: Provider) -> None:
    sender, name = "whatsapp:+237677000100", "Jean Mbarga"
    says("bonjour", NOON, sender, name)
    says("bonjour", NOON)
    says("le robinet coule à Akwa", NOON + timedelta(seconds=20))
    says("1", NOON + timedelta(seconds=40))
    says("oui", NOON + timedelta(seconds=100), sender, name)
    assert Offer.objects.get().status == "accepted"
    lines = replay.save(Conversation.objects.get(contact__phone_number=plumber.phone_number))
    text = replay.write(lines)
    assert not [secret for secret in SECRETS if secret in text]
    assert [line["kind"] for line in lines if line["kind"] in {"request", "deed"}] == ["request"]
    assert [d for d in replay.play(replay.read(text)) if d.what != "sent"] == []


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(
    ("fixture", "what"),
    [
        (lambda: changed("message", 1, understood={"intent": "request", "services": ["soudure"]}), "services"),
        (lambda: changed("sent", 1, text="Autre chose"), "sent"),
        (lambda: changed("outcome", 0, requests=[]), "request 1 status"),
        (lambda: changed("deed", 0, who="P2", at=5.0), "P2 accepted"),
        (lambda: changed("message", 1, text="la clim ne refroidit plus à Akwa"), "services"),
    ],
)
def test_what_goes_otherwise_is_told(fixture: Any, what: str) -> None:
    assert [difference for difference in replay.play(fixture()) if what in difference.what]


@pytest.mark.usefixtures("house")
def test_words_are_compared_unless_told_otherwise() -> None:
    fixture = changed("sent", 1, text="Autre chose")
    assert [difference.what for difference in replay.play(fixture)] == ["sent"]
    assert replay.play(fixture, words=False) == []


@pytest.mark.usefixtures("house")
def test_the_command_fails_when_something_differs(tmp_path: Path) -> None:
    text = (HERE / "leak_in_akwa.jsonl").read_text("utf-8").replace('["plomberie"]', '["soudure"]', 1)
    file = tmp_path / "talk.jsonl"
    file.write_text(text, "utf-8")
    out = StringIO()
    with pytest.raises(CommandError, match="differences"):
        call_command("replay", str(file), stdout=out)
    assert " s  " in out.getvalue()


@pytest.mark.usefixtures("plumber")
def test_nothing_outside_is_seen_or_touched() -> None:
    a_contact()
    before = counts()
    with world_apart() as name:
        assert counts() == [0, 0, 0, 0, 0, 0]
        assert Zone.objects.exists()
        an_inbound(a_contact())
        assert schemas() == {name}
    assert counts() == before
    assert schemas() == set()


@pytest.mark.usefixtures("house")
def test_a_world_ends_when_the_replay_breaks() -> None:
    before = counts()
    with pytest.raises(IntegrityError), world_apart():
        [a_contact(phone_number="+237699000009") for _twice in range(2)]
    assert (counts(), schemas()) == (before, set())


@pytest.mark.usefixtures("house")
def test_a_connection_that_is_made_anew_looks_into_the_same_world() -> None:
    with world_apart():
        a_contact()
        connection.close()
        assert Contact.objects.count() == 1
    assert Contact.objects.count() == 0


def test_no_replay_inside_a_transaction() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside a transaction"), world_apart():
        pass


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "first line"),
        ("{}", "Line 1"),
        ("no json", "Line 1"),
        ('{"kind": "talk", "format": 99, "started_at": "2026-01-05T09:00:00+01:00"}', "99"),
        ('{"kind": "talk", "format": 1, "started_at": "2026-01-05T09:00:00"}', "zone"),
        ('{"kind": "talk", "format": 1, "started_at": "gestern"}', "Line 1"),
        (f'{HEAD}\n{{"kind": "message"}}', "Line 2"),
        (f'{HEAD}\n{{"kind": "dance"}}', "Line 2"),
        (f'{HEAD}\n{{"kind": "message", "at": "soon", "text": ""}}', "Line 2"),
    ],
)
def test_a_file_that_is_no_talk_is_told_apart(text: str, said: str) -> None:
    with translation.override("en"), pytest.raises(replay.FixtureError, match=said):
        replay.read(text)


def test_names_numbers_and_links_are_replaced_and_sentences_stay() -> None:
    disguise = Disguise({"Awa Ngo": "Awa", "Jean Mbarga": "P1"})
    said = "JEAN MBARGA vient chez Mme Ngo (demande #42), tel +237 677-00-01-00, https://djobea.example/go/Ab12/ a@b.cm 2e étage"
    assert disguise.text(said) == "P1 vient chez Mme Awa (demande #0), tel +000 000-00-00-00, [link] [email] 2e étage"


@pytest.mark.parametrize("weeks", [-60, -1, 0, 1, 45])
def test_time_is_moved_by_whole_weeks(weeks: int) -> None:
    at = NOON + timedelta(weeks=weeks)
    assert moved(at) == moved(NOON)
    assert (moved(at) - NOON) % timedelta(weeks=1) == timedelta()


@pytest.mark.usefixtures("plumber")
def test_staff_save_a_talk_from_the_console(client: Client) -> None:
    conversation = a_talk()
    address = reverse("admin:marketplace_conversation_fixture", args=[conversation.pk])
    user = User.objects.create_user("looker", is_staff=True)
    client.force_login(user)
    assert client.get(address).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_conversation"))
    answer = client.get(address)
    assert (answer.status_code, "attachment" in answer["Content-Disposition"]) == (200, True)
    assert replay.read(answer.content.decode()).talk["format"] == 1
    assert client.get(reverse("admin:marketplace_conversation_fixture", args=[0])).status_code == 404
    page = client.get(reverse("admin:marketplace_conversation_change", args=[conversation.pk]))
    assert address in page.content.decode()


def counts() -> list[int]:
    models = (Contact, Conversation, InboundMessage, ServiceRequest, Notification, Provider)
    return [model.objects.count() for model in models]


def schemas() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'replay_%%'")
        return {row[0] for row in cursor.fetchall()}
