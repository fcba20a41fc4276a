from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from twilio.request_validator import RequestValidator

from marketplace import inbox
from marketplace.models import InboundMessage, InboundStatus
from notifications import clock
from notifications.models import Contact, Notification
from tests.factories import in_threads, inbound_fields
from tests.signed import post

pytestmark = pytest.mark.django_db
COMMITTED = pytest.mark.django_db(transaction=True)
PATH = "/webhooks/twilio/inbound/"


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def bring(client: Client, fields: dict[str, str], account: str, **extra: Any) -> Any:
    return post(client, PATH, {"AccountSid": account} | fields, **extra)


def test_a_message_is_stored_and_answered_with_empty_twiml(client: Client, twilio: str) -> None:
    fields = inbound_fields("Bonjour, une fuite à Bonamoussadi")
    answer = bring(client, fields, twilio)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/xml")
    assert answer.content.endswith(b"<Response/>")
    message = InboundMessage.objects.get()
    assert (message.message_sid, message.body, message.status) == (fields["MessageSid"], fields["Body"], "received")
    assert message.contact.phone_number == "+237699000001"
    assert message.payload["ProfileName"] == "Awa"


def test_a_forged_or_missing_signature_leaves_no_row(client: Client, twilio: str) -> None:
    fields = inbound_fields() | {"AccountSid": twilio}
    assert client.post(PATH, fields).status_code == 403
    assert client.post(PATH, fields, headers={"X-Twilio-Signature": "bm90IHRoaXM="}).status_code == 403
    assert post(client, PATH, fields, token="another token").status_code == 403
    assert post(client, PATH, fields | {"AccountSid": "AC" + "9" * 32}).status_code == 403
    assert not InboundMessage.objects.exists()
    assert not Contact.objects.exists()


def test_each_token_of_a_rotation_is_good(client: Client, twilio: str, settings: Any) -> None:
    settings.TWILIO_AUTH_TOKEN = "old-token, new-token"
    for token in ("old-token", "new-token"):
        assert bring(client, inbound_fields(), twilio, token=token).status_code == 200


@pytest.mark.parametrize("field", ["MessageSid", "From", "To"])
def test_a_missing_field_is_named_in_plain_text(client: Client, twilio: str, field: str) -> None:
    fields = inbound_fields()
    del fields[field]
    answer = bring(client, fields, twilio)
    assert (answer.status_code, answer["Content-Type"]) == (400, "text/plain")
    assert field in answer.content.decode()
    assert not InboundMessage.objects.exists()


def test_only_post_is_a_message(client: Client, twilio: str) -> None:
    assert client.get(PATH).status_code == 405
    assert client.put(PATH).status_code == 405


@pytest.mark.parametrize(
    "facts",
    [
        {"Body": "a\x00b"},
        {"Body": "x" * 50_000},
        {"Body": "😀 ça va ? مرحبا"},
        {"Body": ""},
        {"MessageType": "hologram-of-an-unknown-kind-" + "x" * 300},
        {"ProfileName": "\x00" * 500},
        {"From": "whatsapp:CM.1234567890"},
        {"From": "+237699000001", "To": "+14155238886"},
        {"From": "hello"},
        {"From": "whatsapp:+999999999999999999999"},
        {"ExternalUserId": "whatsapp:CM.42"},
        {"Latitude": "not a number", "Longitude": ""},
        {"NumMedia": "-7", "MediaUrl0": "javascript:alert(1)"},
        {"A\x00Field": "\x00"},
        {"Body": "'; DROP TABLE marketplace_inboundmessage; -- %s %(at)s {person}"},
    ],
)
def test_whatever_people_send_is_stored(client: Client, twilio: str, facts: dict[str, str]) -> None:
    answer = bring(client, {**inbound_fields(), **facts}, twilio)
    assert answer.status_code == 200
    message = InboundMessage.objects.get()
    assert len(message.body) <= 4096
    assert "\x00" not in message.body
    assert all(len(value) <= 4096 for value in message.payload.values())


@pytest.mark.parametrize(
    "facts", [{"From": "whatsapp:"}, {"From": "\x00"}, {"MessageSid": "S" * 65}, {"From": "w" * 161}, {"To": "  "}]
)
def test_an_impossible_message_is_refused_not_crashed_on(client: Client, twilio: str, facts: dict[str, str]) -> None:
    Contact.objects.create(email="somebody@djobea.example")
    assert bring(client, {**inbound_fields(), **facts}, twilio).status_code == 400
    assert not InboundMessage.objects.exists()


@pytest.mark.parametrize(
    ("megabytes", "status"),
    [(0.9, 200), (5, 413)],
)
def test_a_huge_body_is_cut_or_refused(client: Client, twilio: str, megabytes: float, status: int) -> None:
    fields = inbound_fields("x" * int(megabytes * 2**20)) | {"AccountSid": twilio}
    signature = RequestValidator("0123456789abcdef0123456789abcdef").compute_signature(
        "https://djobea.example" + PATH, fields
    )
    answer = client.post(
        PATH,
        urlencode(fields),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": signature},
    )
    assert answer.status_code == status
    assert [len(body) for body in InboundMessage.objects.values_list("body", flat=True)] == [4096] * (status == 200)


@pytest.mark.parametrize(
    "facts",
    [
        {"NumMedia": "1", "MediaUrl0": "https://api.twilio.com/x/Media/ME1", "MediaContentType0": "image/jpeg"},
        {"NumMedia": "1", "MediaUrl0": "https://api.twilio.com/x/Media/ME2", "MediaContentType0": "audio/ogg"},
        {"NumMedia": "1", "MediaUrl0": "http://169.254.169.254/", "MediaContentType0": "a\x00b", "Body": ""},
        {"NumMedia": "11", "MediaUrl0": "", "Body": ""},
        {"NumMedia": "many"},
        {"MessageType": "location", "Latitude": "4.0911", "Longitude": "9.7423", "Body": ""},
        {"MessageType": "location", "Latitude": "1e999", "Longitude": "nan", "Body": ""},
        {"MessageType": "contacts", "Body": ""},
        {"MessageType": "button", "ButtonPayload": "offer:99999999999999999999:accept", "ButtonText": "Accepter"},
        {"MessageType": "interactive", "ListId": "\x00", "ListTitle": "x" * 5000},
        {"MessageType": "order", "Body": "\x00\x00"},
        {"MessageType": "sticker", "Body": ""},
        {"Body": "\u202e\u200b\ufeff"},
        {"Body": "9" * 4096},
    ],
)
def test_whatever_was_stored_gets_a_kind_answer(client: Client, twilio: str, facts: dict[str, str]) -> None:
    fields = {**inbound_fields(), **facts}
    assert bring(client, fields, twilio).status_code == 200
    assert inbox.process_next(worker="test", at=clock.now())
    message = InboundMessage.objects.get()
    assert (message.status, message.error) == (InboundStatus.PROCESSED, "")
    assert Notification.objects.get(purpose="reply").body


def test_bodies_that_cannot_be_read_are_refused(client: Client, twilio: str, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 15_000
    urlencoded = "application/x-www-form-urlencoded"
    raw = partial(client.generic, "POST", PATH, headers={"X-Twilio-Signature": "x"})
    assert raw("Body=" + "x" * 20_000, content_type=urlencoded).status_code == 413
    assert raw("&".join(f"f{n}=1" for n in range(1500)), content_type=urlencoded).status_code == 400
    assert raw("a=b", content_type=f"{urlencoded}; charset=klingon").status_code in (400, 403)
    assert raw("--x", content_type="multipart/form-data; boundary=").status_code in (400, 403)
    assert raw('{"MessageSid": "SM1"}', content_type="application/json").status_code == 403
    assert raw("%ff%fe=%00&Body=%", content_type=urlencoded).status_code == 403


def test_a_repeated_message_sid_changes_nothing(client: Client, twilio: str) -> None:
    fields = inbound_fields("first")
    assert bring(client, fields, twilio).status_code == 200
    InboundMessage.objects.update(status=InboundStatus.PROCESSED)
    assert bring(client, fields | {"Body": "second"}, twilio).status_code == 200
    message = InboundMessage.objects.get()
    assert (message.body, message.status) == ("first", "processed")


@COMMITTED
def test_twenty_redeliveries_at_once_over_http_are_one_row_and_one_reply(
    twilio: str, settings: Any, live_server: Any
) -> None:
    settings.PUBLIC_BASE_URL = live_server.url
    fields = inbound_fields(ExternalUserId="whatsapp:CM.77") | {"AccountSid": twilio}
    address = live_server.url + PATH
    signature = RequestValidator(settings.TWILIO_AUTH_TOKEN).compute_signature(address, fields)
    headers = {"X-Twilio-Signature": signature}
    answers = in_threads([lambda: requests.post(address, fields, headers=headers, timeout=20) for _ in range(20)])
    assert [answer.status_code for answer in answers] == [200] * 20
    assert InboundMessage.objects.count() == 1
    assert Contact.objects.count() == 1
    while inbox.process_next(worker="test", at=clock.now()):
        pass
    assert Notification.objects.filter(purpose="reply").count() == 1


@COMMITTED
def test_first_messages_of_a_stranger_at_once_make_one_person(twilio: str) -> None:
    forms = [inbound_fields(str(number), ExternalUserId="whatsapp:CM.77") for number in range(10)]
    answers = in_threads([partial(lambda form: bring(Client(), form, twilio).status_code, form) for form in forms])
    assert answers == [200] * 10
    assert InboundMessage.objects.count() == 10
    assert Contact.objects.count() == 1


def test_a_known_person_costs_one_statement_and_a_ring(client: Client, twilio: str) -> None:
    bring(client, inbound_fields(), twilio)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert bring(client, inbound_fields(), twilio).status_code == 200
    statements = [query["sql"].strip() for query in queries.captured_queries]
    assert statements[0].startswith("INSERT INTO marketplace_inboundmessage")
    assert len(statements) <= 2
    assert all(statement.startswith("NOTIFY") for statement in statements[1:])


@pytest.fixture
def lost_database() -> Iterator[None]:
    """The table cannot be written: as when PostgreSQL is read-only for a while."""
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    yield
    connection.close()


@COMMITTED
@pytest.mark.usefixtures("lost_database")
def test_what_cannot_be_stored_answers_503_so_that_the_catch_up_finds_it(client: Client, twilio: str) -> None:
    assert bring(client, inbound_fields(), twilio).status_code == 503
