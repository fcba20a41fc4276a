"""The page that shows what a sentence means to the machine, and teaches it the words that it lacks."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from marketplace import vocabulary
from marketplace.models import VocabularyEntry
from marketplace.understanding import Context, understand
from marketplace.understanding.explaining import explain
from marketplace.understanding.shipped import shipped_vocabulary
from tests.factories import a_contact, an_inbound
from tests.providers.factories import a_service, a_zone

PAGE = "admin:marketplace_vocabularyentry_read"
RIDDLE = "mon zimbolo est gâté à Akwa"


@pytest.fixture(autouse=True)
def _fresh_vocabulary() -> Iterator[None]:
    vocabulary.forget()
    yield
    vocabulary.forget()


@pytest.fixture
def staff(client: Client, admin_user: User) -> Client:
    client.force_login(admin_user)
    return client


@pytest.fixture
def trades(db: None) -> None:
    plumbing = a_service("plomberie")
    a_service("electromenager")
    a_zone("akwa")
    VocabularyEntry.objects.create(kind="service_name", text="plombier", service=plumbing, origin="seeded")


@pytest.mark.parametrize(
    "text",
    ["", "   ", "Bonjour,\n le robinet   coule — à Akwa!! 👍", "l'eau", "2", "<b>clim</b>", "…", "éé'ß\u0000"],
)
def test_the_pieces_make_the_text_again(text: str) -> None:
    words = shipped_vocabulary()
    pieces = explain(text, understand(text, Context(words)), words)
    assert "".join(piece.text for piece in pieces) == text


def test_each_word_shows_what_it_led_to() -> None:
    words = shipped_vocabulary()
    text = "Le robinet coule à Makepe, passez demain svp"
    fields = {piece.text: piece.fields for piece in explain(text, understand(text, Context(words)), words)}
    assert fields["robinet"][0] == "service"
    assert fields["Makepe"] == ("zone",)
    assert "time" in fields["demain"]
    assert fields[" "] == ()


@pytest.mark.usefixtures("trades")
def test_a_sentence_is_shown_with_its_reading_and_reasons(staff: Client) -> None:
    answer = staff.get(reverse(PAGE), {"text": "je cherche un plombier à Akwa &amp; vite"})
    assert answer.status_code == 200
    findings = {finding.field: finding for finding in answer.context["findings"]}
    assert (findings["service"].value, findings["zone"].value) == ("Plomberie", "Akwa")
    assert findings["service"].words == ("plombier",)
    assert findings["service"].percent > 60
    assert b"<i>svp" not in answer.content
    assert [entry.text for entry in answer.context["entries"]] == ["plombier"]


@pytest.mark.usefixtures("trades")
def test_a_taught_word_counts_in_this_process_at_once_and_in_others_soon(staff: Client) -> None:
    words_of_another_process = vocabulary.current_vocabulary()
    assert understand(RIDDLE, Context(words_of_another_process)).service != "electromenager"
    answer = staff.post(
        reverse("admin:marketplace_vocabularyentry_teach"),
        {"text": RIDDLE, "state": "", "word": ["zimbolo"], "means": "service:electromenager"},
        follow=True,
    )
    assert {f.field: f.value for f in answer.context["findings"]}["service"] == "Electromenager"
    entry = VocabularyEntry.objects.get(text="zimbolo")
    assert (entry.origin, entry.weight) == ("operator", vocabulary.TAUGHT_WEIGHT)


@pytest.mark.usefixtures("trades")
@pytest.mark.parametrize(
    ("words", "means", "extra", "kind"),
    [
        (["mon", "zimbolo"], "service:plomberie", {}, "symptom"),
        (["zimbolo"], "zone", {"zone": "akwa"}, "zone_alias"),
        (["zimbolo"], "urgency:emergency", {}, "urgency"),
        (["mon", "zimbolo", "est", "gâté"], "intent", {"intent": "human"}, "intent"),
    ],
)
def test_words_can_mean_a_trade_a_quarter_an_urgency_or_an_intent(
    staff: Client, words: list[str], means: str, extra: dict[str, str], kind: str
) -> None:
    staff.post(
        reverse("admin:marketplace_vocabularyentry_teach"), {"text": RIDDLE, "word": words, "means": means} | extra
    )
    entry = VocabularyEntry.objects.get(origin="operator")
    assert (entry.kind, entry.text) == (kind, " ".join(words))


@pytest.mark.usefixtures("trades")
@pytest.mark.parametrize(
    "form",
    [
        {"means": "service:plomberie"},
        {"word": ["zimbolo"], "means": "service:nothing"},
        {"word": ["zimbolo"], "means": "zone"},
        {"word": ["zimbolo"], "means": "intent:request"},
        {"word": ["zimbolo"], "means": "weather:rain"},
        {"word": ["zimbolo"]},
        {"word": ["!!!"], "means": "service:plomberie"},
    ],
)
def test_what_cannot_be_taught_is_refused_with_a_word(staff: Client, form: dict[str, Any]) -> None:
    answer = staff.post(reverse("admin:marketplace_vocabularyentry_teach"), {"text": RIDDLE} | form, follow=True)
    assert answer.status_code == 200
    assert [message.level_tag for message in answer.context["messages"]] == ["warning"]
    assert not VocabularyEntry.objects.filter(origin="operator").exists()


@pytest.mark.usefixtures("trades")
def test_messages_that_led_nowhere_are_offered_and_open_with_their_text(staff: Client) -> None:
    contact = a_contact()
    lost = an_inbound(contact, RIDDLE, understood={"intent": "other"})
    an_inbound(contact, "plombier", understood={"intent": "request", "services": ["plomberie"]})
    answer = staff.get(reverse(PAGE))
    assert [row.pk for row in answer.context["misread"]] == [lost.pk]
    assert staff.get(reverse(PAGE), {"message": str(lost.pk)}).context["text"] == RIDDLE


@pytest.mark.usefixtures("trades")
@pytest.mark.parametrize("number", ["0", "99999999999999999999", "abc", "-1"])
def test_a_message_that_is_not_there_is_no_error(staff: Client, number: str) -> None:
    assert staff.get(reverse(PAGE), {"message": number}).status_code == 200


@pytest.mark.usefixtures("trades")
def test_who_may_only_look_cannot_teach_nor_read_other_peoples_messages(client: Client) -> None:
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_vocabularyentry"))
    client.force_login(looker)
    message = an_inbound(a_contact(), RIDDLE, understood={"intent": "other"})
    answer = client.get(reverse(PAGE), {"message": str(message.pk)})
    assert (answer.status_code, answer.context["text"], answer.context["misread"]) == (200, "", [])
    assert b'name="means"' not in client.get(reverse(PAGE), {"text": RIDDLE}).content
    form = {"text": RIDDLE, "word": ["zimbolo"], "means": "service:plomberie"}
    assert client.post(reverse("admin:marketplace_vocabularyentry_teach"), form).status_code == 403
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    assert client.get(reverse(PAGE)).status_code == 403


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("trades")
def test_two_clicks_teach_a_word_of_a_real_message(browser: Browser, live_server: Any, admin_user: User) -> None:
    message = an_inbound(a_contact(), RIDDLE, understood={"intent": "other"})
    client = Client()
    client.force_login(admin_user)
    with browser.new_context(locale="fr-FR", viewport={"width": 1400, "height": 1000}) as context:
        cookie = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page: Page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(f"{live_server.url}{reverse(PAGE)}?message={message.pk}")
        page.locator("label.dj-word", has_text="zimbolo").click()
        page.get_by_role("button", name="Electromenager").click()
        page.wait_for_url("**/read/?text=*")
        expect(page.locator(".dj-table")).to_contain_text("Electromenager")
        assert complaints == []
    assert VocabularyEntry.objects.get(text="zimbolo").service is not None
