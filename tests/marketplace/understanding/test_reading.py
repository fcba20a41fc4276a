from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.understanding import INTENTS, STATES, URGENCIES, Context, Understanding, understand
from marketplace.understanding.normalise import read
from marketplace.understanding.shipped import service_phrases, shipped_vocabulary

Read = Callable[..., Understanding]


def test_the_first_message_of_the_house_is_understood_whole(read: Read) -> None:
    known = read("Bonjour, j'ai une fuite d'eau à Bonamoussadi, c'est urgent")
    assert (known.intent.value, known.service, known.zone, known.urgency.value, known.language.value) == (
        "request", "plomberie", "bonamoussadi", "emergency", "fr",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("pas le frigo, c'est la clim qui a un problème", "climatisation"),
        ("non pas la plomberie, l'électricité", "electricite"),
        ("I asked for an electrician not a plumber", "electricite"),
        ("y a plus de courant", "electricite"),
        ("pas d'eau à la maison", "plomberie"),
        ("transporter un frigo et une machine à laver", "demenagement"),
        ("rat full house", "desinsectisation"),
        ("mon frigo a wanda", "electromenager"),
        ("jai besoin dun plombié", "plomberie"),
    ],
)
def test_a_service_is_found_by_what_is_meant(read: Read, text: str, service: str) -> None:
    assert read(text).service == service


def test_two_services_keep_their_order(read: Read) -> None:
    known = read("plombier et électricien à Deido svp")
    assert [service.value for service in known.services] == ["plomberie", "electricite"]


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("bonamousadi", "bonamoussadi"),
        ("je suis a koto", "kotto"),
        ("pk 14", "pk14"),
        ("je déménage de Bepanda à Yassa", "bepanda"),
        ("je travaille à Akwa mais c'est chez moi à Logpom, fuite d'eau", "logpom"),
        ("a metal gate at Village", "village"),
        ("la fenêtre de la cuisine est cassée", None),
        ("une rallonge en nylon pour mon mixeur gâté", None),
    ],
)
def test_a_zone_is_where_the_job_is(read: Read, text: str, zone: str | None) -> None:
    assert read(text).zone == zone


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        ("wc bouché depuis deux jours", "unspecified"),
        ("ce n'est pas urgent", "unspecified"),
        ("ça sent le gaz dans la cuisine", "emergency"),
        ("je suis enfermé dehors", "emergency"),
        ("un plombier ce soir", "today"),
        ("un plombier demain matin", "scheduled"),
        ("femme de ménage tous les mardis", "scheduled"),
        ("the bulbs burn out every week", "unspecified"),
    ],
)
def test_urgency_is_what_is_said_and_what_is_dangerous(read: Read, text: str, urgency: str) -> None:
    assert read(text).urgency.value == urgency


@pytest.mark.parametrize(
    ("text", "state", "intent"),
    [
        ("1", "offer", "accept"), ("1️⃣", "offer", "accept"), ("2", "offer", "decline"), ("👍", "offer", "accept"),
        ("pas dispo", "offer", "decline"), ("pas dispo", "", "unavailable"), ("4", "rating", "rating"),
        ("⭐⭐⭐", "rating", "rating"), ("c'est fini", "job", "complete"), ("STOP", "offer", "stop"), ("STOP", "", "stop"),
        ("où est mon plombier", "", "status"), ("annulez, le courant est revenu", "", "cancel"),
        ("je veux parler à quelqu'un", "", "human"), ("<script>alert(1)</script>", "", "other"), ("", "", "other"),
    ],
)  # fmt: skip
def test_the_state_of_the_dialogue_decides_short_answers(read: Read, text: str, state: str, intent: str) -> None:
    assert read(text, state).intent.value == intent


def test_numbers_stars_and_assent_are_read(read: Read) -> None:
    assert [read(text).choice for text in ("2", "2️⃣", "deux", "two", "12345")] == [2, 2, 2, 2, None]
    assert [read(text, "rating").rating for text in ("4", "4/5", "trois étoiles", "⭐⭐", "nul")] == [4, 4, 3, 2, None]
    assert [read(text).affirmation for text in ("oui", "non merci", "👎", "demain")] == [True, False, False, None]


def test_a_wish_for_a_language_names_it(read: Read) -> None:
    assert read("English please").wanted_language == "en"
    assert read("je ne comprends pas l'anglais, parlez français").wanted_language == "fr"
    assert read("talk pidgin").wanted_language == "pcm"


def test_a_tap_carries_its_intent(read: Read) -> None:
    assert read("intent:accept").intent.value == "accept"


def test_the_evidence_names_words_of_the_message(read: Read) -> None:
    known = read("mon lavabo est bouché à Akwa")
    assert any("lavabo" in words for words in known.services[0].evidence)
    assert known.zones[0].evidence == ("akwa",)


@given(st.text(max_size=300), st.sampled_from(STATES))
def test_no_text_is_too_strange(text: str, state: str) -> None:
    known = understand(text, Context(shipped_vocabulary(), state))
    assert known.intent.value in INTENTS
    assert known.urgency.value in URGENCIES
    assert 0 <= known.intent.confidence <= 1


@pytest.mark.parametrize(
    "tail", ["", ", appelez le 6 77 12 34 56", " 677123456", ", awa.ngo@example.cm", ", +237 677-12-34-56", " https://wa.me/237677123456"]
)  # fmt: skip
def test_how_to_reach_somebody_changes_nothing(tail: str) -> None:
    known = understand(f"le robinet coule à Akwa{tail}", Context(shipped_vocabulary()))
    assert (known.intent.value, known.service, known.zone) == ("request", "plomberie", "akwa")


@pytest.mark.parametrize("text", ["le train est en retard", "c'est la table"])
def test_only_a_vowel_takes_a_glued_article(text: str) -> None:
    assert read(text, shipped_vocabulary().known | {"rain", "able"}).texts == tuple(text.replace("'", " ").split())


NAMES = [row for row in service_phrases() if row["kind"] == "service_name" and row["language"] in {"fr", ""}]


def test_whoever_names_a_trade_gets_it() -> None:
    """The plainest wishes; names that two trades share are left out."""
    shared = {text for text, count in Counter(row["text"].casefold() for row in NAMES).items() if count > 1}
    plain = [row for row in NAMES if row["text"].casefold() not in shared]
    frames = ("je cherche un {} à Akwa", "besoin d'un {} svp", "bonjour il me faut {}", "{}")
    wrong = [
        (frame.format(row["text"]), read_as.service)
        for row in plain
        for frame in frames
        if (read_as := understand(frame.format(row["text"]), Context(shipped_vocabulary()))).service != row["service"]
    ]
    assert len(wrong) <= len(plain) * len(frames) // 50, wrong
    assert not [text for text, _service in wrong if "plombier" in text or "électricien" in text or "maçon" in text]
