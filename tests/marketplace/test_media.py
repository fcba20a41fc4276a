"""Files that people sent: who is asked for them, with what, and what is never followed."""

import base64
import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import reverse

from marketplace import action_links, conversations, jobs, media
from marketplace.models import InboundMessage, Job
from notifications import clock, twilio_client
from tests.engine import point_at
from tests.factories import a_contact, a_job, a_request, an_inbound, messages_to
from tests.simulator_process import SimulatorProcess, start_simulator

AWA: Final = "+237699000001"
JPEG: Final = b"\xff\xd8\xff\xe0 a leaking tap"
ACCOUNT: Final = "AC" + "0" * 31 + "1"
PATH: Final = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/MM{'0' * 32}/Media/ME{'0' * 32}"
Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture(scope="module")
def simulator_process() -> Iterator[SimulatorProcess]:
    with start_simulator(seed=7) as process:
        yield process


@pytest.fixture
def simulator(db: None, simulator_process: SimulatorProcess, settings: Any) -> SimulatorProcess:
    simulator_process.reset()
    simulator_process.control("settings", {"media_auth": True, "media_redirect": False})
    point_at(simulator_process, settings)
    simulator_process.phone(AWA, name="Awa")
    return simulator_process


def sent_photo(simulator: SimulatorProcess, content: bytes = JPEG, content_type: str = "image/jpeg") -> str:
    """A photo that a phone sent; its address, as the webhook would name it."""
    wish = {"content_type": content_type, "data_base64": base64.b64encode(content).decode()}
    message = simulator.write(AWA, media=wish)
    sids = message["sid"], message["media"][0]["sid"]
    return f"{simulator.base_url}/2010-04-01/Accounts/{simulator.account_sid}/Messages/{sids[0]}/Media/{sids[1]}"


class Twilio:
    """A stand-in of one answer after the other, that remembers who asked, and with which login."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.answers: list[Answer | Callable[[BaseHTTPRequestHandler], None]] = []
        twilio = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                twilio.calls.append((self.path, self.headers.get("Authorization", "")))
                answer = twilio.answers.pop(0)
                if callable(answer):
                    answer(self)
                    return
                status, headers, content = answer
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(content))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_arguments: Any) -> None:
                """Be quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self.server.server_port}"

    def answers_with(self, *answers: Answer | Callable[[BaseHTTPRequestHandler], None]) -> None:
        self.answers = list(answers)


@pytest.fixture
def twilio(settings: Any) -> Iterator[Twilio]:
    found = Twilio()
    settings.TWILIO_API_BASE_URL = found.base_url
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, "the-new-token,the-old-token"
    thread = Thread(target=found.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()
    thread.join(5)


def a_file(content: bytes = JPEG, content_type: str = "image/jpeg") -> Answer:
    return 200, {"Content-Type": content_type}, content


def moved(location: str, status: int = 307) -> Answer:
    return status, {"Location": location}, b""


def refused(address: str) -> str:
    with pytest.raises(media.MediaRefusedError) as reason:
        media.fetch(address)
    return str(reason.value)


def test_a_photo_is_fetched_with_our_credentials(simulator: SimulatorProcess) -> None:
    assert media.fetch(sent_photo(simulator)) == media.File(JPEG, "image/jpeg")


def test_the_link_that_twilio_answers_with_is_followed(simulator: SimulatorProcess) -> None:
    simulator.control("settings", {"media_redirect": True})
    assert media.fetch(sent_photo(simulator)).content == JPEG


def test_a_wrong_token_is_told_apart_from_a_lost_file(simulator: SimulatorProcess, settings: Any) -> None:
    address = sent_photo(simulator)
    settings.TWILIO_AUTH_TOKEN = "wrong"
    assert "401" in refused(address)


def test_the_login_goes_to_the_first_place_only(twilio: Twilio) -> None:
    twilio.answers_with(moved(f"{twilio.base_url}/media/key"), a_file())
    assert media.fetch(twilio.base_url + PATH).content == JPEG
    login = base64.b64encode(f"{ACCOUNT}:the-new-token".encode()).decode()
    assert twilio.calls == [(PATH, f"Basic {login}"), ("/media/key", "")]


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example" + PATH,
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "//evil.example" + PATH,
        "https://api.twilio.com@evil.example" + PATH,
        "{base}/2010-04-01/Accounts/" + ACCOUNT + "/Messages.json",
        "{base}" + PATH + "/../../../../Balance.json",
        "{base}" + PATH + "?to=elsewhere",
        "{base}" + PATH.replace("/Media/", "\\Media\\"),
        "http://[::1",
        "",
    ],
)
def test_an_address_that_names_no_file_of_ours_is_never_called(twilio: Twilio, address: str) -> None:
    assert refused(address.replace("{base}", twilio.base_url))
    assert twilio.calls == []


def test_a_file_of_a_strange_account_is_not_asked_for(twilio: Twilio) -> None:
    assert "Twilio" in refused(twilio.base_url + PATH.replace(ACCOUNT, "AC" + "9" * 32))
    assert twilio.calls == []


def test_the_sms_account_has_its_own_login(twilio: Twilio, settings: Any) -> None:
    settings.TWILIO_SMS_ACCOUNT_SID, settings.TWILIO_SMS_AUTH_TOKEN = "AC" + "5" * 32, "sms-token"
    assert twilio_client.credentials_for("AC" + "5" * 32) == ("AC" + "5" * 32, "sms-token")
    assert twilio_client.credentials_for("") is None


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/file",
        "http://mms.twiliocdn.com/file",
        "https://mms.twiliocdn.com.evil.example/file",
        "https://user@mms.twiliocdn.com/file",
        "https://mms.twiliocdn.com:8443/file",
        "https://s3-external-1.amazonaws.com/another-bucket/file",
        "https://s3-external-1.amazonaws.com/media.twiliocdn.com/../another-bucket/file",
        "https://127.0.0.1/file",
        "http://[::1",
        "",
    ],
)
def test_only_the_places_where_twilio_keeps_files_are_followed(twilio: Twilio, location: str) -> None:
    twilio.answers_with(moved(location), moved(location), moved(location))
    assert refused(twilio.base_url + PATH)


def test_a_name_that_leads_into_our_own_network_is_left(twilio: Twilio, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as inside:
        port = inside.getsockname()[1]
        real = socket.getaddrinfo

        def poisoned(host: str, *rest: Any, **more: Any) -> Any:
            is_it = host == "mms.twiliocdn.com"
            return real("127.0.0.1", port, *rest[1:], **more) if is_it else real(host, *rest, **more)

        monkeypatch.setattr(socket, "getaddrinfo", poisoned)
        twilio.answers_with(moved("https://mms.twiliocdn.com/file"))
        assert "priv" in refused(twilio.base_url + PATH)
        connection, _address = inside.accept()
        with connection:
            connection.settimeout(2)
            assert connection.recv(100) == b""  # closed without a word


def test_the_third_redirect_is_one_too_many(twilio: Twilio) -> None:
    again = moved(f"{twilio.base_url}/media/key")
    twilio.answers_with(again, again, again, a_file())
    assert refused(twilio.base_url + PATH)
    assert len(twilio.calls) == 3


@pytest.mark.parametrize("content_type", ["text/html", "image/svg+xml", "application/x-msdownload", ""])
def test_a_file_that_could_run_is_refused(twilio: Twilio, content_type: str) -> None:
    twilio.answers_with(a_file(b"<script>", content_type))
    assert refused(twilio.base_url + PATH)


def test_a_voice_note_with_its_codec_is_taken(twilio: Twilio) -> None:
    twilio.answers_with(a_file(b"OggS", "audio/ogg; codecs=opus"))
    assert media.fetch(twilio.base_url + PATH).content_type == "audio/ogg"


def test_what_is_too_large_is_cut_off(twilio: Twilio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "BYTES", 1000)
    twilio.answers_with(a_file(b"x" * 1000))
    assert len(media.fetch(twilio.base_url + PATH).content) == 1000
    twilio.answers_with(a_file(b"x" * 1001))
    assert "16" in refused(twilio.base_url + PATH)


def test_a_line_that_drips_is_cut_at_the_deadline(twilio: Twilio, monkeypatch: pytest.MonkeyPatch) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "image/jpeg")
        handler.end_headers()
        for _drop in range(100):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.1)

    monkeypatch.setattr(media, "SECONDS", 0.5)
    twilio.answers_with(drip)
    began = time.monotonic()
    refused(twilio.base_url + PATH)
    assert time.monotonic() - began < 3


def test_a_silent_line_is_given_up(twilio: Twilio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "SILENCE_SECONDS", 0.2)
    twilio.answers_with(lambda _handler: time.sleep(1))
    assert "Timeout" in refused(twilio.base_url + PATH)


@pytest.mark.django_db(transaction=True)
def test_no_file_is_fetched_while_rows_are_locked() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        media.fetch("https://api.twilio.com" + PATH)


@pytest.fixture
def job(simulator: SimulatorProcess) -> Job:
    """A job whose customer has sent a photo."""
    message = a_message_with(sent_photo(simulator))
    kept = {"url": message.payload["MediaUrl0"], "content_type": "image/jpeg", "message_sid": message.message_sid}
    return a_job(media=[kept], at=clock.now())


def link_for(job: Job) -> str:
    told = messages_to(job.provider.phone_number, "offer_won")[0].body
    return "/go/" + told.rsplit("/go/", 1)[1].strip()


def test_the_provider_who_has_the_job_sees_the_photo(job: Job, client: Client) -> None:
    link = link_for(job)
    assert f'src="{link}media/0/"' in client.get(link).content.decode()
    answer = client.get(f"{link}media/0/")
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, JPEG, "image/jpeg")
    assert answer["Referrer-Policy"] == "no-referrer"
    assert client.get(f"{link}media/1/").status_code == 404


def test_the_photo_is_shown_no_longer_than_the_job_lasts(job: Job, client: Client) -> None:
    link = link_for(job)
    assert jobs.finish(job, at=job.assigned_at)
    assert client.get(f"{link}media/0/").status_code == 404
    assert "<img" not in client.get(link).content.decode()


def test_no_other_link_leads_to_a_photo(job: Job, client: Client) -> None:
    assert client.get(f"/go/{'x' * 16}/media/0/").status_code == 404
    at = clock.now()
    link = action_links.make("offer", job.offer_id, language="fr", expires_at=at + timedelta(hours=1), at=at)
    assert client.get(f"/go/{link.rsplit('/go/', 1)[1]}media/0/").status_code == 404
    gone = action_links.make("job", job.pk, language="fr", expires_at=at - timedelta(hours=1), at=at)
    assert client.get(f"/go/{gone.rsplit('/go/', 1)[1]}media/0/").status_code == 404


@pytest.fixture
def staff(db: None, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("chief", "chief@example.com", "made-up"))
    return client


def a_message_with(url: str, content_type: str = "image/jpeg") -> InboundMessage:
    payload = {"NumMedia": "1", "MediaUrl0": url, "MediaContentType0": content_type}
    return an_inbound(a_contact(), "", payload=payload)


def test_staff_see_the_photo_of_a_request(simulator: SimulatorProcess, staff: Client) -> None:
    message = a_message_with(sent_photo(simulator))
    kept = {"url": message.payload["MediaUrl0"], "content_type": "image/jpeg", "message_sid": message.message_sid}
    request = a_request(media=[kept])
    link = reverse("admin:marketplace_inboundmessage_media", args=[message.pk, 0])
    page = staff.get(reverse("admin:marketplace_servicerequest_change", args=[request.pk])).content.decode()
    assert f'src="{link}"' in page
    answer = staff.get(link)
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, JPEG, "image/jpeg")
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_the_chat_plays_a_voice_note(simulator: SimulatorProcess, staff: Client) -> None:
    message = a_message_with(sent_photo(simulator, b"OggS", "audio/ogg"), "audio/ogg")
    message.conversation = conversations.open_for(message.contact, at=message.received_at)[0]
    message.save()
    page = staff.get(reverse("admin:marketplace_conversation_change", args=[message.conversation.pk])).content.decode()
    assert "<audio" in page


def test_a_file_that_is_gone_is_told_in_a_sentence(simulator: SimulatorProcess, staff: Client) -> None:
    message = a_message_with(sent_photo(simulator)[:-4] + "0000")
    answer = staff.get(reverse("admin:marketplace_inboundmessage_media", args=[message.pk, 0]))
    assert answer.status_code == 502
    assert "404" in answer.content.decode()


def test_a_file_that_we_no_longer_know_is_not_found(staff: Client) -> None:
    message = an_inbound(a_contact())
    assert staff.get(reverse("admin:marketplace_inboundmessage_media", args=[message.pk, 0])).status_code == 404


def test_nobody_sees_files_without_the_right_to_read_messages(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("guest", "", "made-up", is_staff=True))
    message = a_message_with("https://api.twilio.com" + PATH)
    assert client.get(reverse("admin:marketplace_inboundmessage_media", args=[message.pk, 0])).status_code == 403
