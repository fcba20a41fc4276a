"""Who plays in the demo: its programs, their addresses, and the made-up Twilio account."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .children import Child

HOST: Final = "127.0.0.1"
ACCOUNT_SID: Final = "AC0000000000000000000000000000d3b0"
AUTH_TOKEN: Final = "d3b0d3b0d3b0d3b0d3b0d3b0d3b0d3b0"  # noqa: S105  stands for a secret and is none
WHATSAPP_SENDER: Final = "whatsapp:+14155238886"
SMS_SENDER: Final = "DJOBEA"
# The one place that names the web server; benchmarks/intake.py measures it against gunicorn.
WEB_SERVER: Final = (
    *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", HOST),
    *("--workers", "2", "--blocking-threads", "4", "--no-ws", "--log-level", "warning"),
)


@dataclass(frozen=True)
class Stage:
    """The addresses of a demo on these ports."""

    port: int

    @property
    def web(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def simulator(self) -> str:
        return f"http://{HOST}:{self.port + 1}"

    @property
    def ports(self) -> tuple[int, int]:
        return self.port, self.port + 1


def environment(stage: Stage, secrets: Mapping[str, str]) -> dict[str, str]:
    """What the demo's programs find in their environment: nothing in it leads off this machine."""
    own = {
        "DEBUG": "1",
        "SIMULATOR": "1",
        "PORT": str(stage.port),
        "PUBLIC_BASE_URL": stage.web,
        "ALLOWED_HOSTS": f"{HOST},localhost",
        "CSRF_TRUSTED_ORIGINS": "",
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_API_KEY_SID": "",
        "TWILIO_API_KEY_SECRET": "",
        "TWILIO_WHATSAPP_FROM": WHATSAPP_SENDER,
        "TWILIO_SMS_FROM": os.environ.get("TWILIO_SMS_FROM", SMS_SENDER),
        "TWILIO_SMS_ACCOUNT_SID": "",
        "TWILIO_SMS_AUTH_TOKEN": "",
        "TWILIO_API_BASE_URL": stage.simulator,
        "EMAIL_URL": "",
        "CELERY_BROKER_URL": "",
        "NO_PROXY": ",".join(filter(None, (os.environ.get("NO_PROXY", ""), HOST, "localhost"))),
        "PYTHONUNBUFFERED": "1",
    }
    return {**os.environ, **secrets, **own}


def simulator(stage: Stage, surroundings: Mapping[str, str], phones: list[str]) -> Child:
    """Twilio's stand-in, with the phones of the page ("+237...:Name:role")."""
    own = (sys.executable, "-m", "djobea.simulator", "--host", HOST, "--port", str(stage.port + 1))
    account = ("--account-sid", ACCOUNT_SID, "--auth-token", AUTH_TOKEN, "--whatsapp-from", WHATSAPP_SENDER)
    sms = surroundings["TWILIO_SMS_FROM"]
    senders = ("--sms-from", sms) if sms else ()
    named = [part for phone in phones for part in ("--phone", phone)]
    command = (*own, *account, *senders, "--webhook-url", stage.web, "--phones-wrote", *named)
    return Child("simulator", command, surroundings, address=f"{stage.simulator}/")


def web(stage: Stage, surroundings: Mapping[str, str]) -> Child:
    """The web server."""
    command = (*WEB_SERVER, "--port", str(stage.port), "djobea.wsgi:application")
    return Child("web", command, surroundings, address=f"{stage.web}/health/live/")


def worker(surroundings: Mapping[str, str]) -> Child:
    """The worker: reads, answers, sends."""
    return Child("worker", (sys.executable, "manage.py", "worker"), surroundings, ready_words="is ready")


def preparation(surroundings: Mapping[str, str]) -> Child:
    """Tables, first data, the admin user."""
    return Child("prepare", (sys.executable, "manage.py", "demo", "--prepare"), surroundings)
