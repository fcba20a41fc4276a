"""For readers who may not see people: `{{ text|personal }}` becomes dots, `{{ name|initials }}` initials."""

from django import template
from django.template.defaultfilters import stringfilter

from notifications import personal_data

register = template.Library()


@register.filter
@stringfilter
def personal(words: str) -> str:
    """See `notifications.personal_data`."""
    return personal_data.text(words)


@register.filter
@stringfilter
def initials(name: str) -> str:
    """A person's name, for who may see it; see `notifications.personal_data`."""
    return personal_data.name(name)
