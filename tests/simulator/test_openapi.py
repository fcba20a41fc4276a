"""The simulator's answers against Twilio's own OpenAPI description."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from jsonschema import Draft202012Validator

from tests.simulator_process import SimulatorProcess

FOLDER: Final = Path(__file__).parent / "twilio_oai"
AWA: Final = "+237699000001"
DOCUMENTS: Final = {
    name: json.loads((FOLDER / f"twilio_{name}.trimmed.json").read_text(encoding="utf-8"))
    for name in ("api_v2010", "content_v1", "messaging_v2")
}
Call = Callable[..., Any]


def schema_of(document: str, path: str, method: str, status: int) -> dict[str, Any]:
    """The schema of an answer, with OpenAPI 3.0's `nullable` said in JSON Schema's words and no unknown keys allowed."""
    whole = DOCUMENTS[document]
    answer = whole["paths"][path][method]["responses"][str(status)]["content"]["application/json"]["schema"]
    return {**translated(answer), "components": translated(whole["components"])}


def translated(schema: Any) -> Any:
    if isinstance(schema, list):
        return [translated(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: translated(value) for key, value in schema.items() if key not in {"example", "examples"}}
    if "properties" in result and isinstance(result["properties"], dict) and result.get("type") == "object":
        result.setdefault("additionalProperties", False)
    if result.pop("nullable", False):
        return {"anyOf": [result, {"type": "null"}]}
    return result


@pytest.fixture
def call(simulator: SimulatorProcess) -> Call:
    """Calls the API as it is described: checks status, shape and headers."""

    def call(document: str, template: str, method: str, status: int, **request: Any) -> Any:
        path = template.format(AccountSid=simulator.account_sid, **request.pop("path", {}))
        auth = (simulator.account_sid, simulator.auth_token)
        answer = requests.request(method, simulator.base_url + path, auth=auth, timeout=5, **request)
        assert answer.status_code == status, answer.text
        assert answer.headers["Twilio-Request-Id"].startswith("RQ")
        assert status == 204 or answer.headers["Content-Type"].startswith("application/json")
        if status == 204:
            return None
        Draft202012Validator(schema_of(document, template, method, status)).validate(answer.json())
        return answer.json()

    return call


MESSAGES: Final = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
MESSAGE: Final = "/2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json"
MEDIA: Final = "/2010-04-01/Accounts/{AccountSid}/Messages/{MessageSid}/Media"


def test_messages_look_as_described(simulator: SimulatorProcess, call: Call) -> None:
    form = {"To": AWA, "From": simulator.sms_from, "Body": "x"}
    created = call("api_v2010", MESSAGES, "post", 201, data=form)
    example = json.loads((FOLDER.parent / "twilio_payloads.json").read_text(encoding="utf-8"))["api"]["create_201"]
    assert set(created) == set(example)
    simulator.wait_for_status(created["sid"], "delivered")
    path = {"Sid": created["sid"]}
    fetched = call("api_v2010", MESSAGE, "get", 200, path=path)
    assert (fetched["status"], fetched["price"], fetched["price_unit"]) == ("delivered", "-0.00500", "USD")
    call("api_v2010", MESSAGES, "post", 201, data=form)
    page = call("api_v2010", MESSAGES, "get", 200, params={"PageSize": 1, "To": AWA})
    assert page["next_page_uri"].startswith(MESSAGES.format(AccountSid=simulator.account_sid))
    call("api_v2010", MESSAGE, "post", 200, path=path, data={"Body": ""})
    call("api_v2010", MESSAGE, "delete", 204, path=path)


def test_media_look_as_described(simulator: SimulatorProcess, call: Call) -> None:
    media = {"content_type": "audio/ogg", "data_base64": ""}
    message = simulator.write(AWA, media=media)
    path = {"MessageSid": message["sid"], "Sid": message["media"][0]["sid"]}
    call("api_v2010", f"{MEDIA}.json", "get", 200, path=path)
    call("api_v2010", f"{MEDIA}/{{Sid}}.json", "get", 200, path=path)
    call("api_v2010", f"{MEDIA}/{{Sid}}.json", "delete", 204, path=path)


def test_balance_numbers_and_senders_look_as_described(call: Call) -> None:
    call("api_v2010", "/2010-04-01/Accounts/{AccountSid}/Balance.json", "get", 200)
    call("api_v2010", "/2010-04-01/Accounts/{AccountSid}/IncomingPhoneNumbers.json", "get", 200)
    found = call("messaging_v2", "/v2/Channels/Senders", "get", 200, params={"Channel": "whatsapp"})
    call("messaging_v2", "/v2/Channels/Senders/{Sid}", "get", 200, path={"Sid": found["senders"][0]["sid"]})


def test_content_looks_as_described(call: Call) -> None:
    wish = {"friendly_name": "x", "language": "fr", "types": {"twilio/text": {"body": "Bonjour"}}}
    sid = call("content_v1", "/v1/Content", "post", 201, json=wish)["sid"]
    path = {"Sid": sid, "ContentSid": sid}
    call("content_v1", "/v1/Content", "get", 200)
    call("content_v1", "/v1/Content/{Sid}", "get", 200, path=path)
    call("content_v1", "/v1/Content/{Sid}", "put", 200, path=path, json={"types": wish["types"]})
    ask = {"name": "essai", "category": "UTILITY"}
    call("content_v1", "/v1/Content/{ContentSid}/ApprovalRequests/whatsapp", "post", 201, path=path, json=ask)
    call("content_v1", "/v1/Content/{Sid}/ApprovalRequests", "get", 200, path=path)
    call("content_v1", "/v1/ContentAndApprovals", "get", 200)
    call("content_v1", "/v1/Content/{Sid}", "delete", 204, path=path)
