"""Reading the environment so that a wrong value is a finding, not a traceback.

Each reader returns the setting, or its default when the value makes no sense, and remembers what was wrong;
`djobea.checks` turns the findings into system checks, so that the start stops with one sentence each.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import environ
from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")

TRUTH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
POSTGRES_SCHEMES = ("postgres://", "postgresql://", "pgsql://", "psql://")


@dataclass(frozen=True)
class Finding:
    """What is wrong with a setting, and what to do."""

    problem: str
    remedy: str


class Environment:
    """The environment variables, with those of a `.env` file beneath them (the real environment wins)."""

    def __init__(self, file: Path) -> None:
        self.findings: list[Finding] = []
        self._env = environ.Env()
        self._env.read_env(file)

    def text(self, name: str, default: str = "") -> str:
        """A text, without blanks around it."""
        return str(self._env.str(name, default=default)).strip()

    def words(self, name: str, default: list[str]) -> list[str]:
        """A list of words, written with commas."""
        given = self.text(name)
        return [word.strip() for word in given.split(",") if word.strip()] if given else default

    def switch(self, name: str, *, default: bool) -> bool:
        """On or off."""
        return self._read(name, default, lambda text: TRUTH[text.lower()], "Use 1 or 0.")

    def whole(self, name: str, default: int) -> int:
        """A whole number."""
        return self._read(name, default, int, "Use a whole number.")

    def whole_or_none(self, name: str) -> int | None:
        """A whole number, or None where nothing is set."""
        return self._read(name, None, int, "Use a whole number, or leave it empty.")

    def numbers(self, name: str, default: Mapping[str, int]) -> Mapping[str, int]:
        """Whole numbers by name, such as a=1,b=2; names that are left out keep their default."""
        remedy = f"Write names and whole numbers with commas between; names are {', '.join(default)}."
        return self._read(name, default, lambda text: {**default, **_numbers(text, default)}, remedy)

    def time_zone(self, name: str, default: str) -> str:
        """The name of a time zone."""
        return self._read(name, default, lambda text: ZoneInfo(text).key, "Use a name such as Africa/Douala.")

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        """One of a few words."""
        numbers = {choice: choice for choice in choices}
        return self._read(name, default, numbers.__getitem__, f"Use one of: {', '.join(choices)}.")

    def database(self, name: str) -> Mapping[str, Any] | None:
        """Django's description of a PostgreSQL server given as an address, or None where nothing is set."""
        return self._read(name, None, _postgres, "Use postgres://user:password@host:5432/name.", secret=True)

    def email(self, name: str, default: str) -> Mapping[str, Any]:
        """Django's mail settings, from an address such as smtp+tls://user:password@host:587."""
        standard: dict[str, Any] = dict(environ.Env.email_url_config(default))
        remedy = "Use smtp+tls://user:password@host:587."
        return self._read(name, standard, lambda text: dict(environ.Env.email_url_config(text)), remedy, secret=True)

    def _read(self, name: str, default: T, cast: Callable[[str], T], remedy: str, *, secret: bool = False) -> T:
        text = self.text(name)
        if not text:
            return default
        try:
            return cast(text)
        except (ValueError, LookupError, OSError, ImproperlyConfigured):
            shown = "not understood" if secret else f"{text!r}, which is not understood"
            self.findings.append(Finding(f"{name} is {shown}.", f"{remedy} See .env.example."))
            return default


def _numbers(text: str, known: Mapping[str, int]) -> dict[str, int]:
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    given = {name.strip(): int(number) for name, _sign, number in pairs}
    if unknown := set(given) - set(known):
        raise ValueError(unknown)
    return given


def _postgres(address: str) -> Mapping[str, Any]:
    if not address.startswith(POSTGRES_SCHEMES):
        raise ValueError(address)
    found: dict[str, Any] = dict(environ.Env.db_url_config(address))
    if not found["NAME"]:
        raise ValueError(address)
    found.setdefault("OPTIONS", {})
    return found | {"ENGINE": "django.db.backends.postgresql"}
