"""Save a conversation as a fixture file: anonymised, for `manage.py replay` and for tests."""

from django.http import HttpResponse

from marketplace import replay
from marketplace.models import Conversation


def download(conversation: Conversation) -> HttpResponse:
    """The file, to be saved."""
    answer = HttpResponse(replay.write(replay.save(conversation)), content_type="application/jsonl; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="conversation-{conversation.pk}.jsonl"'
    answer["Cache-Control"] = "no-store"
    return answer
