"""Answers of staff outside the 24-hour window: the approved templates that fit, and what they say when they are filled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.models import Conversation, ServiceRequest
from notifications import personal_data, rendering
from notifications.models import ChannelName, MessageTemplate
from notifications.models.template import Approval
from notifications.rendering import CHOSEN, NOTICE, PLACEHOLDER, TEXT, VARIABLE_LIMIT
from notifications.template_rules import LONGEST

# What a person can write; a template that needs anything else (a link of ours) is sent by the product alone.
LABELS: Final[Mapping[str, Promise]] = {
    TEXT: gettext_lazy("Your words"),
    "service": gettext_lazy("Service"),
    "place": gettext_lazy("Place"),
    "name": gettext_lazy("Name"),
    "number": gettext_lazy("Phone number"),
    "time": gettext_lazy("Hour of the visit"),
    "when": gettext_lazy("When"),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """Words of a template, and the variable that follows them; empty at the end."""

    words: str
    variable: str
    label: str


@dataclass(frozen=True, slots=True)
class Offered:
    """A template to choose: `values` is what is known already of its variables, in their order."""

    pk: int
    name: str
    language: str
    body: str
    values: Mapping[str, str]

    @property
    def fields(self) -> list[tuple[str, str, str, bool]]:
        """(name in the form, label, value, whether it is long) of each variable."""
        return [(self.input_name(name), str(LABELS[name]), value, name == TEXT) for name, value in self.values.items()]

    @property
    def pieces(self) -> list[Piece]:
        """The text for a preview that shows each variable in its place."""
        names = list(self.values)
        parts = PLACEHOLDER.split(self.body)
        variables = [names[int(number) - 1] for number in parts[1::2]]
        pieces = [
            Piece(words, self.input_name(name), str(LABELS[name]))
            for words, name in zip(parts[::2], variables, strict=False)
        ]
        return [*pieces, Piece(parts[-1], "", "")]

    def input_name(self, variable: str) -> str:
        """The name of a variable's field in the form."""
        return f"{variable}-{self.pk}"


@dataclass(frozen=True, slots=True)
class Written:
    """What is sent: the whole text, and of a template its language (empty: the talk's) and what it is filled with."""

    text: str
    language: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)


def offered(conversation: Conversation) -> tuple[Offered, ...]:
    """Approved WhatsApp templates that a person can fill, in the talk's language, else in French; the general one first."""
    rows = MessageTemplate.objects.filter(
        channel=ChannelName.WHATSAPP,
        approval=Approval.APPROVED,
        language__in=[conversation.language, "fr"],
        buttons=[],
    ).exclude(content_sid="")
    fitting: dict[str, MessageTemplate] = {}
    for row in sorted(rows, key=lambda row: (row.language != conversation.language, row.name != NOTICE, row.name)):
        if set(row.variables) <= set(LABELS):
            fitting.setdefault(row.name, row)
    known = _known(conversation) if len(fitting) > 1 else {}
    chosen = sorted(fitting.values(), key=lambda row: (row.name != NOTICE, row.name))
    return tuple(
        Offered(
            row.pk, row.name, row.language, row.body, {name: known.get(name, "") for name in row.variables or [TEXT]}
        )
        for row in chosen
    )


def write(templates: Sequence[Offered], posted: Mapping[str, str]) -> Written:
    """What the form asks to send: its `template`, filled. Raises `ValueError` with a sentence for the person."""
    template = next((each for each in templates if str(each.pk) == posted.get("template")), None)
    if template is None:
        raise ValueError(_("This template is not approved any more. Choose another one."))
    values = {
        name: " ".join(posted.get(template.input_name(name), "").replace("\x00", "\ufffd").split())
        for name in template.values
    }
    if missing := [str(LABELS[name]) for name, value in values.items() if not value]:
        raise ValueError(_("Fill in what is missing: %s.") % ", ".join(missing))
    text = rendering.fill(template.body, list(values.values()))
    if len(text) > LONGEST or any(len(value) > VARIABLE_LIMIT for value in values.values()):
        raise ValueError(_("WhatsApp takes at most %d characters.") % LONGEST)
    return Written(text, template.language, {CHOSEN: template.name, **values})


def _known(conversation: Conversation) -> dict[str, str]:
    """What the person's newest request says of the variables, so that it need not be typed."""
    requests = ServiceRequest.objects.filter(customer__contact=conversation.contact).select_related("service", "zone")
    request = requests.order_by("-pk").first()
    if request is None:
        return {}
    job = request.jobs.select_related("provider").order_by("-pk").first()
    known = {"service": request.service.name_in(conversation.language), "place": request.zone.name}
    if job is None or personal_data.is_hidden():  # dots in a form would be sent
        return known
    return known | {"name": job.provider.name, "number": job.provider.phone_number}
