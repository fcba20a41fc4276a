"""What makes a template impossible: said when staff save it.

Source: Meta's rules for templates as Twilio's pages give them: a text may not begin or end with a variable, nor have
two side by side; 1024 characters.
"""

import re
from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext as _

from . import routing
from .models import ChannelName, MessageTemplate
from .rendering import BUTTONS, LIST, NOTICE, PLACEHOLDER, TEXT, fill

LONGEST: Final = 1024
SIDE_BY_SIDE: Final = re.compile(r"\}\}\s*\{\{")
STRAY: Final = re.compile(r"\{\{(?![0-9]+\}\})")


def known_variables(name: str) -> tuple[str, ...]:
    """What messages of this purpose bring for a template."""
    return (TEXT, *routing.route_for(name).variables)


def preview(template: MessageTemplate) -> str:
    """The text with the names of its variables in their places, `[service]`; empty where it cannot be filled."""
    names = template.variables or [TEXT]
    return fill(template.body, [f"[{name}]" for name in names]) if template.body and not faults(template) else ""


def faults(template: MessageTemplate) -> list[str]:
    """One sentence a fault; none for a template that can be filled and sent."""
    if template.name.startswith((BUTTONS, LIST)):
        return []  # made by the code from the lines of a message
    found = [*_of_variables(template)]
    if template.channel == ChannelName.WHATSAPP:
        found += _of_whatsapp(template.body)
    return found


def _of_variables(template: MessageTemplate) -> Iterator[str]:
    names = template.variables or [TEXT]
    numbers = sorted({int(number) for number in PLACEHOLDER.findall(template.body)})
    if numbers != list(range(1, len(names) + 1)):
        yield _("The text needs exactly the placeholders %(wanted)s, for the variables %(names)s.") % {
            "wanted": ", ".join(f"{{{{{number}}}}}" for number in range(1, len(names) + 1)),
            "names": ", ".join(names),
        }
    if STRAY.search(template.body):
        yield _("A placeholder is a number in double braces, such as {{1}}.")
    purpose = template.name.split(":")[0]
    known = (TEXT,) if purpose == NOTICE else known_variables(purpose)
    for name in names:
        if name not in known:
            yield _("Messages of “%(purpose)s” bring no “%(name)s”; they bring: %(known)s.") % {
                "purpose": template.name,
                "name": name,
                "known": ", ".join(known),
            }


def _of_whatsapp(body: str) -> Iterator[str]:
    text = body.strip()
    if text.startswith("{{") or text.endswith("}}"):
        yield _("WhatsApp refuses a text that begins or ends with a placeholder: put words around it.")
    if SIDE_BY_SIDE.search(text):
        yield _("WhatsApp refuses two placeholders side by side: put words between them.")
    if len(text) > LONGEST:
        yield _("WhatsApp takes at most %d characters.") % LONGEST
