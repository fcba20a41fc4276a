"""How Twilio calls us: signed, within 15 seconds, once more only when the connection fails."""

import asyncio
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urljoin

import aiohttp
from yarl import URL

from djobea.simulator.signing import signature, split_overrides

REDIRECTS: Final = frozenset({301, 302, 303, 307})
MOST_REDIRECTS: Final = 10
MOST_RETRIES: Final = 5
LONGEST_ANSWER: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a webhook: a status, or the reason why there is none (`ct` or `rt`)."""

    http_status: int = 0
    content_type: str = ""
    text: str = ""
    failure: str = ""  # "", "ct" (no connection), "rt" (no answer)
    tries: int = 1

    @property
    def is_taken(self) -> bool:
        """Whether the other side said 2xx."""
        return 200 <= self.http_status < 300  # noqa: PLR2004 (HTTP's own numbers)

    @property
    def debugger_code(self) -> int | None:
        """The code that Twilio's debugger would show."""
        if self.failure:
            return 11205 if self.failure == "ct" else 11200
        if not self.is_taken:
            return 11200
        return 12300 if self.text and not self.content_type else None


@dataclass(frozen=True, slots=True)
class Overrides:
    """Connection overrides of a URL's fragment; milliseconds in the URL, seconds here."""

    connect: float = 5.0
    read: float = 15.0
    total: float = 15.0
    retries: int = 1
    policy: frozenset[str] = field(default_factory=lambda: frozenset({"ct"}))

    @classmethod
    def parsed(cls, fragment: dict[str, str]) -> "Overrides":
        """What the fragment says, within Twilio's bounds; what makes no sense is ignored."""

        def number(name: str, standard: float, highest: float) -> float:
            text = fragment.get(name, "")
            return min(float(text), highest) if text.isdigit() else standard

        return cls(
            connect=number("ct", 5000, 10_000) / 1000,
            read=number("rt", 15_000, 15_000) / 1000,
            total=number("tt", 15_000, 15_000) / 1000,
            retries=int(number("rc", 1, MOST_RETRIES)),
            policy=frozenset(fragment.get("rp", "ct").split(",")),
        )

    def allow_retry(self, answer: Answer) -> bool:
        """Whether the policy names what happened."""
        if "all" in self.policy:
            return not answer.is_taken
        return (answer.failure or f"{answer.http_status // 100}xx") in self.policy


class Caller:
    """Calls webhooks. Each call makes a connection of its own, so that a stale one never looks like a failure."""

    def __init__(self) -> None:
        connector = aiohttp.TCPConnector(limit=256, force_close=True)
        self._session = aiohttp.ClientSession(connector=connector, trust_env=False, auto_decompress=True)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def call(self, url: str, fields: dict[str, str], auth_token: str, token: str) -> Answer:
        """POST the fields and return what came of it; never raises for a network failure.

        `token` is the `I-Twilio-Idempotency-Token`, equal in all tries.
        """
        address, fragment = split_overrides(url)
        overrides = Overrides.parsed(fragment)
        deadline = asyncio.get_running_loop().time() + overrides.total
        answer = Answer()
        for attempt in range(1, overrides.retries + 2):
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                break
            answer = await self._follow(address, fields, auth_token, token, overrides, left, attempt)
            if not overrides.allow_retry(answer):
                break
        return answer

    async def _follow(
        self,
        url: str,
        fields: dict[str, str],
        auth_token: str,
        token: str,
        overrides: Overrides,
        seconds: float,
        attempt: int,
    ) -> Answer:
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=overrides.connect, sock_read=overrides.read)
        method, sent = "POST", fields
        for _ in range(MOST_REDIRECTS):
            answer, location = await self._once(method, url, sent, auth_token, token, timeout, attempt)
            if answer.http_status not in REDIRECTS or not location:
                return answer
            url = urljoin(url, location)
            if answer.http_status != 307:  # noqa: PLR2004 (the one that keeps the method)
                method, sent = "GET", {}
        return answer

    async def _once(
        self,
        method: str,
        url: str,
        fields: dict[str, str],
        auth_token: str,
        token: str,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 (handed on to aiohttp)
        attempt: int,
    ) -> tuple[Answer, str]:
        try:
            target = URL(url)
        except ValueError:
            return Answer(failure="ct", tries=attempt), ""
        headers = {
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
            "X-Home-Region": "us1",
            "I-Twilio-Idempotency-Token": token,
            # What is signed is what is called: aiohttp quotes the URL in its own way.
            "X-Twilio-Signature": signature(auth_token, str(target), fields),
        }
        data = fields if method == "POST" else None
        try:
            async with self._session.request(
                method, target, data=data, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                text = (await response.content.read(LONGEST_ANSWER)).decode("utf-8", "replace")
                kind = response.headers.get("Content-Type", "")
                return Answer(response.status, kind, text, tries=attempt), response.headers.get("Location", "")
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL):
            return Answer(failure="ct", tries=attempt), ""
        except (aiohttp.ClientError, TimeoutError, OSError):
            return Answer(failure="rt", tries=attempt), ""
