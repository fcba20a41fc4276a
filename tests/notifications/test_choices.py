"""Choices as WhatsApp shows them: three buttons, a list of up to ten lines, and numbers where neither is possible."""

from typing import Any

import pytest

from notifications import clock, rendering, templates
from notifications.models import Contact, MessageTemplate, Notification
from tests.engine import a_message, drain, someone
from tests.simulator_process import SimulatorProcess

AWA = "+237699000001"


def choices(*titles: str) -> list[dict[str, str]]:
    return [{"id": f"service:{number}", "title": title} for number, title in enumerate(titles, 1)]


def a_row(*titles: str, body: str = "De quoi avez-vous besoin ?") -> Notification:
    return Notification(body=body, language="fr", choices=choices(*titles))


def shown(simulator: SimulatorProcess) -> dict[str, Any]:
    """The newest message on the phone."""
    found: dict[str, Any] = simulator.messages(phone=AWA, direction="outbound-api")[0]
    return found


def ask(**facts: Any) -> None:
    """Ask once so that the set is registered and made, and once more as it is shown from then on."""
    person = Contact.objects.filter(phone_number=AWA).first() or someone(AWA)
    for _time in range(2):
        a_message(person, language="fr", **facts)
        drain(most=2)
        templates.create_missing(clock.now())


@pytest.mark.parametrize(
    ("titles", "name"),
    [
        (("Oui", "Non"), "buttons:Oui|Non#1"),
        (("Plomberie", "Ménage", "Peinture", "Froid"), "list:4#1"),
        (("Ce titre est assez long", "Celui-ci ne l'est pas", "Le dernier du trio"), "list:3#1"),
        (tuple(str(number) for number in range(11)), ""),
        (("Un titre bien trop long pour une ligne A", "Un titre bien trop long pour une ligne B"), ""),
        ((), ""),
    ],
)
def test_what_fits_is_known_by_its_shape(titles: tuple[str, ...], name: str) -> None:
    assert rendering.session_set(a_row(*titles)) == name


def test_a_text_that_is_too_long_for_a_list_has_numbers(db: None) -> None:
    row = a_row("Plomberie", "Ménage", "Peinture", "Froid", body="x" * 1025)
    assert rendering.session_set(row) == ""
    assert "4. Froid" in rendering.for_session(row, {}).body


def test_a_list_arrives_as_a_list_and_its_lines_can_be_tapped(simulator: SimulatorProcess) -> None:
    ask(body="De quoi avez-vous besoin ?\n\nChoisissez.", choices=choices("Plomberie", "Ménage", "Peinture", "Froid"))
    message = shown(simulator)
    assert message["content_sid"].startswith("HX")
    assert "De quoi avez-vous besoin ?\n\nChoisissez." in message["body"]
    assert message["rich"]["items"][1] == {"item": "Ménage", "id": "service:2"}
    assert message["rich"]["button"] == "Choisir"
    simulator.wait_for_status(message["sid"], "delivered", "read")  # nobody taps what is not on the phone yet
    assert simulator.write(AWA, item="Ménage")["body"] == "Ménage"


def test_one_resource_serves_all_lists_of_a_shape(simulator: SimulatorProcess) -> None:
    ask(body="Quel quartier ?", choices=choices("Akwa", "Bali", "Makepe", "Deido"))
    ask(body="Quel service ?", choices=choices("Plomberie", "Ménage", "Peinture", "Froid"))
    assert MessageTemplate.objects.filter(name__startswith="list:").count() == 1
    assert shown(simulator)["rich"]["items"][0]["item"] == "Plomberie"


def test_until_twilio_knows_the_list_its_lines_are_numbered(simulator: SimulatorProcess) -> None:
    a_message(someone(AWA), language="fr", body="Quel quartier ?", choices=choices("Akwa", "Bali", "Makepe", "Deido"))
    drain(most=2)
    assert "2. Bali" in shown(simulator)["body"]
