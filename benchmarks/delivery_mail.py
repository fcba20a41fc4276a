"""The mail backend of `delivery_django.py`: the number of the message stands before the @."""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from benchmarks import delivery_channel as channel


class Backend(BaseEmailBackend):
    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            channel.send(int(message.to[0].partition("@")[0]))
        return len(email_messages)
