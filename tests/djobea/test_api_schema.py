"""The API keeps its own schema, whatever is thrown at it (Schemathesis)."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from rest_framework.authtoken.models import Token
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance

from djobea.wsgi import application
from notifications import clock, escalation
from tests.engine import a_message, someone
from tests.factories import a_request
from tests.providers.factories import a_provider

pytestmark = pytest.mark.django_db


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
