"""Secrets in addresses: 16 random base62 characters (95 bits), of which only the SHA-256 is stored."""

import hashlib
import secrets
import string
from typing import Final

from django.conf import settings

ALPHABET: Final = string.ascii_letters + string.digits
LENGTH: Final = 16


def new_token() -> str:
    """A token that nobody guesses."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def is_token(text: str) -> bool:
    """Whether this could be one."""
    return len(text) == LENGTH and set(text) <= set(ALPHABET)


def digest(token: str) -> str:
    """What is stored of it."""
    return hashlib.sha256(token.encode()).hexdigest()


def address(token: str) -> str:
    """The page that opens with it."""
    return f"{settings.PUBLIC_BASE_URL}/go/{token}/"
