"""Lookup v2, the basic answer: whether a number can exist, and of which country it is."""

from typing import Any

import phonenumbers
from aiohttp import web

from djobea.simulator.errors import TwilioError
from djobea.simulator.state import World

# What libphonenumber says, in Twilio's words.
REASONS = {
    phonenumbers.ValidationResult.TOO_SHORT: "TOO_SHORT",
    phonenumbers.ValidationResult.TOO_LONG: "TOO_LONG",
    phonenumbers.ValidationResult.INVALID_COUNTRY_CODE: "INVALID_COUNTRY_CODE",
    phonenumbers.ValidationResult.INVALID_LENGTH: "INVALID_LENGTH",
}


class LookupApi:
    """PhoneNumbers. A phone of the town always has a valid number."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """All paths of these resources."""
        return [web.get("/v2/PhoneNumbers/{number}", self.fetch)]

    async def fetch(self, request: web.Request) -> web.Response:
        """GET what is known of one number."""
        asked = request.match_info["number"]
        try:
            number = phonenumbers.parse(asked, request.query.get("CountryCode"))
        except phonenumbers.NumberParseException as error:
            raise TwilioError(20404) from error
        written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        is_valid = written in self._world.phones or phonenumbers.is_valid_number(number)
        reason = phonenumbers.is_possible_number_with_reason(number)
        answer: dict[str, Any] = {
            "calling_country_code": str(number.country_code),
            "country_code": phonenumbers.region_code_for_number(number) if is_valid else None,
            "phone_number": written,
            "national_format": phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL),
            "valid": is_valid,
            "validation_errors": [] if is_valid else [REASONS.get(reason, "INVALID_BUT_POSSIBLE")],
            "url": f"https://lookups.twilio.com/v2/PhoneNumbers/{written}",
        }
        return web.json_response(answer)
