"""A file that a person sent, as an answer to a browser in which nothing of it can run."""

from typing import Final

from django.http import HttpResponse

from marketplace.media import File

CACHED_SECONDS: Final = 86400  # in the browser of whoever may see it


def file_answer(file: File) -> HttpResponse:
    """Shown by the browser and cached for a day."""
    answer = HttpResponse(file.content, content_type=file.content_type)
    answer["Content-Disposition"] = "attachment" if file.content_type == "application/pdf" else "inline"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = f"private, max-age={CACHED_SECONDS}"
    return answer
