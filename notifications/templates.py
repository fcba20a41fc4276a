"""Content resources at Twilio: buttons for open sessions, and templates for outside the 24-hour window."""

import json
import logging
from datetime import datetime
from typing import Any, Final

from django.db.models import Q

from . import twilio_client
from .models import Channel, ChannelName, MessageTemplate
from .models.template import Approval
from .rendering import BUTTONS, LIST, NOTICE

logger = logging.getLogger(__name__)
# The general template: any short text. WhatsApp demands words before and after a variable.
NOTICES: Final = {
    "fr": "Djobea : {{1}} Répondez ici si vous avez besoin d'aide.",
    "en": "Djobea: {{1}} Answer here if you need help.",
}
BUTTON_SETS: Final = {
    "fr": (
        ("Accepter", "Refuser"),
        ("En route", "Terminé", "Je ne peux pas"),
        ("Oui, cherchez", "Modifier", "Annuler"),
    ),
    "en": (("Accept", "Decline"), ("On my way", "Done", "I cannot come")),
}


def seed() -> int:
    """Make the rows of the templates that every installation needs; returns how many are new."""
    made = 0
    for language, text in NOTICES.items():
        sets = BUTTON_SETS[language]
        rows: list[tuple[str, str, tuple[str, ...]]] = [(NOTICE, text, ())]
        rows += [(f"{NOTICE}:buttons:{'|'.join(titles)}", text, titles) for titles in sets]
        for name, body, buttons in rows:
            _, is_new = MessageTemplate.objects.get_or_create(
                name=name, language=language, defaults={"body": body, "buttons": list(buttons)}
            )
            made += is_new
    return made


def create_missing(at: datetime) -> int:  # noqa: ARG001  the shape of every duty
    """Create at Twilio what has no ContentSid yet, submit templates, and read how far their approval is."""
    channel = Channel.objects.filter(name=ChannelName.WHATSAPP, is_configured=True).first()
    if channel is None:
        return 0
    changed = 0
    ended = [Approval.APPROVED, Approval.REJECTED, Approval.DISABLED]
    waiting = MessageTemplate.objects.filter(channel=ChannelName.WHATSAPP).exclude(approval__in=ended)
    in_session = Q(name__startswith=BUTTONS) | Q(name__startswith=LIST)
    for template in waiting.exclude(in_session, content_sid__gt=""):
        try:
            changed += _advance(template)
        except twilio_client.NO_ANSWER as error:
            logger.info("template %s could not be created: %s", template.pk, type(error).__name__)
            break  # Twilio cannot be reached or refuses the account; the next run tries again
    return changed


def _advance(template: MessageTemplate) -> int:
    if not template.content_sid:
        sid = str(_create(template)["sid"])
        return MessageTemplate.objects.filter(pk=template.pk, content_sid="").update(content_sid=sid)
    if template.approval == Approval.UNSUBMITTED:
        _post(f"/v1/Content/{template.content_sid}/ApprovalRequests/whatsapp", _approval(template))
        return MessageTemplate.objects.filter(pk=template.pk).update(approval=Approval.RECEIVED)
    answer = _get(f"/v1/Content/{template.content_sid}/ApprovalRequests")
    verdict = answer.get("whatsapp") or {}
    status = str(verdict.get("status", template.approval))
    if status == template.approval or status not in Approval.values:
        return 0
    why = str(verdict.get("rejection_reason") or "")[:300]
    return MessageTemplate.objects.filter(pk=template.pk).update(approval=status, rejection=why)


def note_edit(template: MessageTemplate) -> None:
    """Staff changed the words: Twilio gets a new resource, and Meta must approve it anew."""
    rows = MessageTemplate.objects.filter(pk=template.pk)
    rows.update(content_sid="", approval=Approval.UNSUBMITTED, rejection="")


def _create(template: MessageTemplate) -> dict[str, Any]:
    lines = template.body.count("{{")
    if template.name.startswith(LIST):
        return _create_list(template, lines)
    actions = [
        {"title": title, "id": f"{{{{{number}}}}}", "type": "QUICK_REPLY"}
        for number, title in enumerate(template.buttons, lines + 1)
    ]
    content = {"body": template.body, "actions": actions} if actions else {"body": template.body}
    return _post(
        "/v1/Content",
        {
            "friendly_name": f"djobea_{template.pk}_{template.language}",
            "language": template.language if template.language in NOTICES else "en",  # Twilio knows no Pidgin
            "variables": {str(number): "…" for number in range(1, lines + len(actions) + 1)},
            "types": {"twilio/quick-reply" if actions else "twilio/text": content},
        },
    )


def _create_list(template: MessageTemplate, lines: int) -> dict[str, Any]:
    """A list whose titles and ids are variables, after those of the text."""
    many = int(template.name.removeprefix(LIST).partition("#")[0])
    items = [
        {"item": f"{{{{{lines + number}}}}}", "id": f"{{{{{lines + many + number}}}}}"} for number in range(1, many + 1)
    ]
    label = CHOOSE.get(template.language, CHOOSE["en"])
    return _post(
        "/v1/Content",
        {
            "friendly_name": f"djobea_{template.pk}_{template.language}",
            "language": template.language if template.language in NOTICES else "en",
            "variables": {str(number): "…" for number in range(1, lines + 2 * many + 1)},
            "types": {"twilio/list-picker": {"body": template.body, "button": label, "items": items}},
        },
    )


def _approval(template: MessageTemplate) -> dict[str, str]:
    return {"name": f"djobea_{template.pk}_{template.language}", "category": "UTILITY"}


def _post(path: str, facts: dict[str, Any]) -> dict[str, Any]:
    response = twilio_client.ask(
        "main", lambda api: api.content.request("POST", path.lstrip("/"), data=facts, headers=JSON)
    )
    return _read(response)


def _get(path: str) -> dict[str, Any]:
    return _read(twilio_client.ask("main", lambda api: api.content.request("GET", path.lstrip("/"))))


def _read(response: Any) -> dict[str, Any]:
    if not 200 <= int(response.status_code) < 300:  # noqa: PLR2004  HTTP's successes
        raise ValueError(f"Twilio's Content API answered {response.status_code}.")
    answer: dict[str, Any] = json.loads(response.text)
    return answer


CHOOSE: Final = {"fr": "Choisir", "en": "Choose"}  # the label that opens a list
JSON: Final = {"Content-Type": "application/json"}
