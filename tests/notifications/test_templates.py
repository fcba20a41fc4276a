"""Templates: refused at save when they could not be filled, used where they fit, made anew when their words change."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from notifications import clock, rendering, template_rules, templates
from notifications.models import MessageTemplate, Notification
from notifications.models.template import Approval
from tests.engine import a_message, drain, someone
from tests.simulator_process import SimulatorProcess


def a_template(**facts: Any) -> MessageTemplate:
    defaults = {
        "name": "offer",
        "language": "fr",
        "body": "Nouveau travail : {{1}} à {{2}}. Répondez ici.",
        "variables": ["service", "place"],
    }
    return MessageTemplate(**(defaults | facts))


def test_a_sound_template_is_taken(db: None) -> None:
    a_template().full_clean()
    assert template_rules.faults(a_template()) == []


@pytest.mark.parametrize(
    "facts",
    [
        {"body": "Nouveau travail : {{1}}. Répondez ici."},  # a variable has no place
        {"body": "Nouveau travail : {{1}} à {{2}}, {{3}}. Répondez."},  # a placeholder without a variable
        {"variables": ["service", "price"]},  # an offer brings no price
        {"body": "{{1}} à {{2}}. Répondez ici."},
        {"body": "Nouveau travail : {{1}} à {{2}}"},
        {"body": "Nouveau : {{1}} {{2}} ici."},
        {"body": "Nouveau travail : {{1}} à {{2}} et {{service}} ici."},
        {"body": "x" * 1100 + " {{1}} à {{2}} ici."},
        {"name": "notice", "variables": ["service", "place"]},
    ],
)
def test_a_template_that_could_not_be_filled_or_sent_fails_at_save(db: None, facts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        a_template(**facts).full_clean()
    assert "body" in refused.value.message_dict


def test_an_sms_may_begin_with_a_variable(db: None) -> None:
    short = a_template(channel="sms", body="{{1}} à {{2}}")
    short.full_clean()
    assert template_rules.faults(short) == []


def test_the_purposes_template_carries_its_variables_outside_the_window(simulator: SimulatorProcess) -> None:
    a_template(content_sid="HX" + "1" * 32, approval=Approval.APPROVED).save()
    silent = someone(last_inbound_at=None)
    context = {"service": "plomberie", "place": "Bonamoussadi", "when": "urgent", "minutes": 3, "link": "https://x/"}
    row = a_message(silent, purpose="offer", context=context)
    made = rendering.for_closed_window(row, rendering.templates_for([row], "whatsapp"))
    assert made is not None
    assert made.content_variables == {"1": "plomberie", "2": "Bonamoussadi"}


def test_a_message_that_brings_too_little_does_not_use_the_template(db: None) -> None:
    a_template(content_sid="HX" + "1" * 32, approval=Approval.APPROVED).save()
    row = Notification(purpose="offer", language="fr", body="Bonjour", context={"service": "plomberie"})
    assert rendering.for_closed_window(row, rendering.templates_for([row], "whatsapp")) is None


def test_an_sms_takes_the_words_that_staff_wrote_for_sms(simulator: SimulatorProcess) -> None:
    a_template(channel="sms", body="Djobea : {{1}}, {{2}}").save()
    context = {"service": "plomberie", "place": "Bonamoussadi", "when": "urgent", "minutes": 3, "link": "https://x/"}
    row = a_message(someone(last_inbound_at=None), purpose="offer", context=context)
    drain()
    row.refresh_from_db()
    assert row.channel == "sms"
    [message] = simulator.messages(direction="outbound-api")
    assert message["body"] == "Djobea : plomberie, Bonamoussadi"


def test_new_words_are_made_anew_at_twilio_and_wait_for_approval(simulator: SimulatorProcess, client: Client) -> None:
    template = a_template()
    template.save()
    templates.create_missing(clock.now())
    templates.create_missing(clock.now())
    template.refresh_from_db()
    first = template.content_sid
    assert first.startswith("HX")
    client.force_login(User.objects.create_superuser("awa"))
    url = reverse("admin:notifications_messagetemplate_change", args=[template.pk])
    form = {"name": "offer", "language": "fr", "channel": "whatsapp", "variables": "service,place", "buttons": ""}
    form |= {"content_sid": first, "approval": template.approval}
    refused = client.post(url, form | {"body": "Travail : {{1}}."})
    assert refused.status_code == 200
    assert "{{2}}" in refused.content.decode()
    assert client.post(url, form | {"body": "Du travail : {{1}} à {{2}}. Répondez."}).status_code == 302
    template.refresh_from_db()
    assert (template.content_sid, template.approval) == ("", Approval.UNSUBMITTED)
    templates.create_missing(clock.now())
    template.refresh_from_db()
    assert template.content_sid not in ("", first)
