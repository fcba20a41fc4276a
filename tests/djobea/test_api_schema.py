"""The API keeps its own schema, whatever is thrown at it (Schemathesis)."""

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from rest_framework.authtoken.models import Token
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance

from djobea.api_examples import EXAMPLES
from djobea.wsgi import application
from notifications import clock, escalation
from tests.engine import a_message, someone
from tests.factories import a_request
from tests.providers.factories import a_provider

pytestmark = pytest.mark.django_db
FORMATS = jsonschema.FormatChecker()


@pytest.fixture
def one_connection() -> Iterator[None]:
    """As Django's own test client: the connection with the test's transaction must outlive each call."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def token() -> str:
    """A superuser's, with one row of each kind to find."""
    chief, is_new = User.objects.get_or_create(username="chief", is_superuser=True)
    if is_new:  # all operations share the test's transaction
        a_provider()
        a_request()
        a_message(someone("+237699000099"))
        escalation.raise_alert(fingerprint="x", title="x", at=clock.now())
    return str(Token.objects.get_or_create(user=chief)[0].key)


def test_every_call_is_answered_as_the_schema_says(one_connection: None, token: str) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/schema/", application)
    operations = [result.ok() for result in schema.get_all_operations()]  # type: ignore[union-attr]  # raises
    assert len(operations) >= 15
    findings = []
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(max_examples=10, suppress_health_check=list(HealthCheck))
        def answers(case: Any) -> None:
            # A slug that names nothing, or a number that another provider has, fits the schema and is refused.
            case.call_and_validate(
                headers={"Authorization": f"Token {token}", "Accept-Encoding": "identity"},
                excluded_checks=[positive_data_acceptance],
            )

        try:
            answers()
        except FailureGroup as group:
            findings += [f"{operation.label}: {failure}" for failure in group.exceptions]
    assert not findings, "\n\n".join(findings)


def test_every_component_has_an_example_that_fits_it_and_names_all_of_it(client: Any) -> None:
    schema = client.get("/api/schema/?format=json").json()
    components = schema["components"]["schemas"]
    things = {
        name: component
        for name, component in components.items()
        if component.get("type") == "object" and not name.startswith("Paginated")
    }
    assert set(EXAMPLES) == set(things) - {"Problem"}, "an example for each thing, and for nothing else"
    for name, thing in things.items():
        jsonschema.validate(
            thing["example"], _nullable(thing) | {"components": _nullable(schema["components"])}, format_checker=FORMATS
        )
        if not name.startswith("Patched") and name != "Problem":
            assert set(thing["example"]) == set(thing["properties"]), name


def _nullable(node: Any) -> Any:
    """OpenAPI 3.0 says `nullable` where JSON Schema says `null`."""
    if isinstance(node, list):
        return [_nullable(each) for each in node]
    if not isinstance(node, dict):
        return node
    node = {key: value if key == "example" else _nullable(value) for key, value in node.items()}
    return {"anyOf": [{"type": "null"}, node]} if node.pop("nullable", False) is True else node


def test_unsafe_calls_name_the_header_that_makes_them_safe_to_repeat(client: Any) -> None:
    paths = client.get("/api/schema/?format=json").json()["paths"]
    for operations in paths.values():
        for method, operation in operations.items():
            names = {parameter["name"] for parameter in operation.get("parameters", [])}
            assert ("Idempotency-Key" in names) == (method != "get")
