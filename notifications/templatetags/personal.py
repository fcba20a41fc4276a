"""`{{ text|personal }}`: what a person wrote, or dots for a reader who may not see it."""

from django import template
from django.template.defaultfilters import stringfilter

from notifications import personal_data

register = template.Library()


@register.filter
@stringfilter
def personal(words: str) -> str:
    """See `notifications.personal_data`."""
    return personal_data.text(words)
