"""The language model seam against a model's server that answers well, wrongly, slowly, by drops, with 500, or never."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import pytest
from django.db import transaction

from marketplace import inbox, language_model, staff_alerts
from marketplace.models import Conversation, InboundStatus
from marketplace.understanding import Context, understand
from marketplace.understanding.schema import with_answer
from marketplace.understanding.shipped import shipped_vocabulary
from marketplace.vocabulary import current_vocabulary
from notifications.failures import in_transaction
from notifications.models import EscalationAlert
from notifications.models.alert import AlertState
from tests.factories import a_contact, an_inbound
from tests.providers.factories import NOON

pytestmark = pytest.mark.django_db
TIMEOUT: Final = 0.4  # seconds
GOOD: Final = {
    "intent": "request",
    "services": ["soudure"],
    "zones": ["deido"],
    "urgency": "today",
    "language": "fr",
}
RIDDLE: Final = "le machin devant chez moi fait des siennes"


def wrapped(answer: Any) -> bytes:
    """An answer in the form of "chat completions"."""
    content = answer if isinstance(answer, str) else json.dumps(answer)
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": content}}]}).encode()


class ModelServer:
    """A model's server on this machine; `mood` says how it behaves, `asked` what it was sent."""

    def __init__(self) -> None:
        self.mood = "good"
        self.answer: Any = GOOD
        self.asked: list[dict[str, Any]] = []
        self.let_go = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                outer.asked.append({"path": self.path, "body": json.loads(self.rfile.read(size))})
                outer.play(self)

            def log_message(self, *_args: Any) -> None:
                """Stay quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def play(self, call: BaseHTTPRequestHandler) -> None:
        if self.mood == "hangs":
            self.let_go.wait(5)
            return
        body = wrapped(self.answer)
        call.send_response(500 if self.mood == "broken" else 200)
        call.send_header("Content-Length", str(len(body)))
        call.end_headers()
        if self.mood == "drips":
            for i in range(len(body)):
                if self.let_go.wait(0.1):
                    return
                call.wfile.write(body[i : i + 1])
                call.wfile.flush()
            return
        call.wfile.write(body)

    def stop(self) -> None:
        self.let_go.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def model(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """A running server that the settings name, and a closed circuit."""
    server = ModelServer()
    settings.UNDERSTANDING_BACKEND = "marketplace.chat_completions.read"
    settings.UNDERSTANDING_URL = server.url
    settings.UNDERSTANDING_MODEL = "any"
    settings.UNDERSTANDING_API_KEY = ""
    settings.UNDERSTANDING_TIMEOUT_SECONDS = TIMEOUT
    monkeypatch.setattr(language_model, "circuit", language_model.Circuit())
    current_vocabulary()  # what it costs once is not the server's time
    yield server
    server.stop()


def test_a_good_answer_is_taken(model: ModelServer) -> None:
    assert language_model.ask(RIDDLE) == GOOD
    assert model.asked[0]["path"] == "/v1/chat/completions"
    schema = model.asked[0]["body"]["response_format"]["json_schema"]["schema"]
    assert "soudure" in schema["properties"]["services"]["items"]["enum"]
    assert schema["additionalProperties"] is False


def test_nothing_is_asked_unless_it_is_set_up(model: ModelServer, settings: Any) -> None:
    settings.UNDERSTANDING_BACKEND = ""
    assert language_model.ask(RIDDLE) is None
    assert model.asked == []


@pytest.mark.parametrize("text", ["", "plombier", "👍", "  2 "])
def test_one_word_is_not_worth_asking_about(model: ModelServer, text: str) -> None:
    assert language_model.ask(text) is None
    assert model.asked == []


def test_numbers_addresses_and_links_stay_here(model: ModelServer) -> None:
    language_model.ask(
        "fuite au 3e, appelez le 6 77.12-34 56 ou +237 699000001, awa@example.cm, https://wa.me/237699000001"
    )
    said = model.asked[0]["body"]["messages"][-1]["content"]
    assert said == "fuite au 3e, appelez le [number] ou [number], [email], [link]"
    everything = json.dumps(model.asked)
    assert not any(secret in everything for secret in ("699000001", "77.12", "awa@"))


@pytest.mark.parametrize(
    "answer",
    [
        "pas du JSON",
        "null",
        [],
        {},
        GOOD | {"intent": "order_pizza"},
        GOOD | {"services": ["plumbing"]},
        GOOD | {"services": "soudure"},
        GOOD | {"zones": ["soudure"]},
        GOOD | {"phone": "+237699000001"},
        {name: value for name, value in GOOD.items() if name != "zones"},
        GOOD | {"zones": ["deido", "deido"]},
    ],
)
def test_an_answer_that_breaks_the_schema_is_not_taken(model: ModelServer, answer: Any) -> None:
    model.answer = answer
    assert language_model.ask(RIDDLE) is None
    assert len(model.asked) == 1


@pytest.mark.parametrize("mood", ["broken", "hangs", "drips"])
def test_a_bad_server_costs_no_more_than_the_timeout(model: ModelServer, mood: str) -> None:
    model.mood = mood
    begin = time.monotonic()
    assert language_model.ask(RIDDLE) is None
    assert time.monotonic() - begin < 4 * TIMEOUT  # a server that hangs would take 5 s, the drops a minute


def test_an_answer_without_end_is_cut(model: ModelServer) -> None:
    model.answer = "x" * 200_000
    assert language_model.ask(RIDDLE) is None


def test_no_server_at_all(model: ModelServer) -> None:
    model.stop()
    assert language_model.ask(RIDDLE) is None


def a_minute_passes() -> None:
    language_model.circuit.opened_at -= language_model.OPEN_SECONDS


def test_staff_are_told_when_it_is_left_alone_and_when_it_answers_again(model: ModelServer) -> None:
    model.mood = "broken"
    for _ in range(2):
        language_model.ask(RIDDLE)
    assert not EscalationAlert.objects.exists(), "one bad answer is no news"
    for _ in range(4):
        language_model.ask(RIDDLE)
    alert = EscalationAlert.objects.get()
    assert (alert.fingerprint, alert.state, alert.occurrences) == (staff_alerts.LANGUAGE_MODEL, AlertState.OPEN, 1)
    assert "HTTP 500" in alert.cause
    a_minute_passes()
    model.mood = "good"
    assert language_model.ask(RIDDLE) == GOOD
    alert.refresh_from_db()
    assert alert.state == AlertState.RESOLVED


def test_a_new_process_ends_the_alert_of_the_one_before(model: ModelServer) -> None:
    staff_alerts.language_model_silent("HTTP 500", at=NOON)
    assert language_model.ask(RIDDLE) == GOOD
    assert EscalationAlert.objects.get().state == AlertState.RESOLVED


def test_after_three_failures_it_is_left_alone_and_probed_after_a_minute(model: ModelServer) -> None:
    model.mood = "broken"
    for _ in range(5):
        assert language_model.ask(RIDDLE) is None
    assert len(model.asked) == 3, "the circuit stayed closed"
    a_minute_passes()
    assert language_model.ask(RIDDLE) is None
    assert language_model.ask(RIDDLE) is None
    assert len(model.asked) == 4, "one probe, then quiet again"
    model.mood = "good"
    a_minute_passes()
    assert language_model.ask(RIDDLE) == GOOD
    assert language_model.ask(RIDDLE) == GOOD


def test_one_success_forgives_the_failures_before_it(model: ModelServer) -> None:
    for mood in ("broken", "broken", "good", "broken", "broken", "good"):
        model.mood = mood
        language_model.ask(RIDDLE)
    assert len(model.asked) == 6


def test_it_refuses_to_hold_locks(model: ModelServer) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside a transaction"):
        language_model.ask(RIDDLE)
    assert model.asked == []


def test_a_message_is_answered_with_what_the_model_read(model: ModelServer) -> None:
    message = an_inbound(a_contact(), RIDDLE)
    assert inbox.process_next(worker="test", at=NOON)
    message.refresh_from_db()
    assert (message.understood["services"], message.understood["zones"]) == (["soudure"], ["deido"])


def test_a_message_is_answered_without_the_model_too(model: ModelServer) -> None:
    model.mood = "broken"
    message = an_inbound(a_contact(), "le robinet coule")
    assert inbox.process_next(worker="test", at=NOON)
    message.refresh_from_db()
    assert (message.status, message.understood["services"]) == (InboundStatus.PROCESSED, ["plomberie"])


def test_what_an_operator_answers_is_not_sent_away(model: ModelServer, admin_user: Any) -> None:
    contact = a_contact()
    Conversation.objects.create(contact=contact, operator=admin_user, opened_at=NOON, last_message_at=NOON)
    an_inbound(contact, RIDDLE)
    assert inbox.process_next(worker="test", at=NOON)
    assert model.asked == []


seen: list[bool] = []


def curious_backend(_text: str, _schema: Mapping[str, Any], _timeout: float) -> Any:
    """Notes whether a transaction was open while it was asked."""
    seen.append(in_transaction())
    return GOOD


def crashing_backend(_text: str, _schema: Mapping[str, Any], _timeout: float) -> Any:
    """Somebody's own backend with a fault of its own."""
    raise ZeroDivisionError


def test_no_transaction_is_open_while_the_model_thinks(model: ModelServer, settings: Any) -> None:
    settings.UNDERSTANDING_BACKEND = f"{__name__}.curious_backend"
    seen.clear()
    an_inbound(a_contact(), RIDDLE)
    assert inbox.process_next(worker="test", at=NOON)
    assert seen == [False]


def test_a_fault_in_somebodys_backend_stops_no_message(model: ModelServer, settings: Any) -> None:
    settings.UNDERSTANDING_BACKEND = f"{__name__}.crashing_backend"
    message = an_inbound(a_contact(), "le robinet coule")
    assert inbox.process_next(worker="test", at=NOON)
    message.refresh_from_db()
    assert message.understood["services"] == ["plomberie"]


@pytest.mark.parametrize(
    ("text", "state", "intent"),
    [("2", "offer", "decline"), ("oui j'arrive", "offer", "accept"), ("STOP", "", "stop"), ("je veux parler à quelqu'un", "", "human")],
)  # fmt: skip
def test_what_the_machine_is_surest_of_stays(text: str, state: str, intent: str) -> None:
    known = understand(text, Context(shipped_vocabulary(), state))
    assert with_answer(known, GOOD, state=state).intent.value == intent


def test_the_model_cannot_accept_what_was_never_offered() -> None:
    known = understand(RIDDLE, Context(shipped_vocabulary()))
    assert with_answer(known, GOOD | {"intent": "accept"}, state="").intent.value == known.intent.value
