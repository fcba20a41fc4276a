"""Email over a real line to a mail server that answers as it is told."""

import socketserver
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from notifications.channels import Accepted, Answer, Envelope, Refused, Unknown, email


class MailServer(socketserver.ThreadingTCPServer):
    """Speaks just enough SMTP; `answers` replaces an answer by command, None cuts the line."""

    daemon_threads = True
    allow_reuse_address = True
    answers: ClassVar[dict[str, str | None]] = {}
    mails: ClassVar[list[str]] = []


class Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline().decode():
            command = line.split()[0].upper()
            usual = {"EHLO": "250-here\r\n250 AUTH PLAIN", "DATA": "354 go on", "AUTH": "235 welcome"}
            answer = MailServer.answers.get(command, usual.get(command, "250 fine"))
            if answer is None:
                return
            self._say(answer)
            if command == "DATA" and answer.startswith("354"):
                if not self._take_mail():
                    return
            elif command == "QUIT":
                return

    def _take_mail(self) -> bool:
        lines = []
        while (line := self.rfile.readline().decode()) not in (".\r\n", ""):
            lines.append(line)
        MailServer.mails.append("".join(lines))
        answer = MailServer.answers.get(".", "250 taken")
        if answer is not None:
            self._say(answer)
        return answer is not None

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def mail_server(settings: Any) -> Iterator[type[MailServer]]:
    with MailServer(("127.0.0.1", 0), Talk) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address[:2]
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD, settings.EMAIL_TIMEOUT = "us", "secret", 3
        MailServer.answers.clear()
        MailServer.mails.clear()
        yield MailServer
        server.shutdown()


def send() -> Answer:
    return email.send(
        Envelope(
            notification_id=1,
            attempt_id=1,
            channel="email",
            sender="us@djobea.example",
            receiver="awa@example.cm",
            subject="Votre plombier",
            body="Bonjour <Awa>,\n\nil arrive.",
        )
    )


def test_a_mail_has_a_subject_a_text_and_the_same_as_html(mail_server: type[MailServer]) -> None:
    assert send() == Accepted(sid=None)
    [mail] = mail_server.mails
    assert "Subject: Votre plombier" in mail
    assert "text/plain" in mail
    assert "text/html" in mail
    assert "Bonjour &lt;Awa&gt;," in mail


@pytest.mark.parametrize(
    ("command", "answer", "code"),
    [
        ("AUTH", "535 no", "email_login"),
        ("RCPT", "550 nobody here", "email_address"),
        ("RCPT", "451 later", "email"),
        ("DATA", "554 no", "email"),
        (".", "452 full", "email"),
    ],
)
def test_a_refusal_says_whose_fault_it_is(mail_server: type[MailServer], command: str, answer: str, code: str) -> None:
    mail_server.answers[command] = answer
    refused = send()
    assert isinstance(refused, Refused)
    assert refused.code == code


def test_a_line_that_breaks_after_the_text_leaves_the_outcome_unknown(mail_server: type[MailServer]) -> None:
    mail_server.answers["."] = None
    assert isinstance(send(), Unknown)


def test_a_server_that_is_not_there_took_nothing(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    refused = send()
    assert isinstance(refused, Refused)
    assert refused.code == "network"
