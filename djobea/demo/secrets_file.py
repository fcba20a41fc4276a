"""The demo's `.env`: secrets that are made once, on the first start, and kept."""

import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

ADMIN_USER: Final = "DEMO_ADMIN_USER"
ADMIN_PASSWORD: Final = "DEMO_ADMIN_PASSWORD"  # noqa: S105  the name of a setting
HEAD: Final = "# Written by the first `make demo`. All settings are described in .env.example.\n"
BIRTH: Final[Mapping[str, Callable[[], str]]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(50),
    ADMIN_USER: lambda: "admin",
    ADMIN_PASSWORD: lambda: secrets.token_urlsafe(12),
}


def ensure(file: Path) -> Mapping[str, str]:
    """Add the secrets that the file lacks, change none that it has; return what the demo needs to know."""
    text = file.read_text(encoding="utf-8") if file.exists() else HEAD
    known = _values(text)
    missing = {name: make() for name, make in BIRTH.items() if not known.get(name)}
    if missing:
        if not text.endswith("\n"):
            text += "\n"
        lines = "".join(f"{name}={value}\n" for name, value in missing.items())
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as target:  # noqa: PTH123  a descriptor, for its mode
            target.write(text + lines)
    return {name: {**known, **missing}[name] for name in BIRTH}


def _values(text: str) -> dict[str, str]:
    lines = (line.split("=", 1) for line in text.splitlines() if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip(): value.strip().strip("'\"") for name, value in lines}
