"""Twilio's error codes that the simulator answers with: HTTP status and text."""

from typing import Final, NamedTuple


class TwilioError(Exception):
    """A refusal as Twilio words it; becomes an error body."""

    def __init__(self, code: int, *, message: str = "", http_status: int = 0) -> None:
        known = ERRORS.get(code, UNKNOWN)
        self.code = code
        self.http_status = http_status or known.http_status
        self.message = message or known.message
        super().__init__(f"{code} {self.message}")

    def body(self) -> dict[str, object]:
        """The JSON body of the 2010 API (verbatim shape: freescout #3595)."""
        more = f"https://www.twilio.com/docs/errors/{self.code}"
        return {"code": self.code, "message": self.message, "more_info": more, "status": self.http_status}


class Known(NamedTuple):
    """What a code says."""

    http_status: int
    message: str


UNKNOWN: Final = Known(400, "An error occurred")

ERRORS: Final[dict[int, Known]] = {
    20001: Known(400, "Unknown parameters"),
    20003: Known(401, "Authenticate"),
    20004: Known(405, "Method not allowed"),
    20005: Known(403, "Account not active"),
    20009: Known(409, "Resource not complete"),
    20404: Known(404, "The requested resource was not found"),
    20422: Known(400, "Invalid Parameter"),
    20429: Known(429, "Too Many Requests"),
    20500: Known(500, "Internal Server Error"),
    20503: Known(503, "Service unavailable"),
    21211: Known(400, "Invalid 'To' Phone Number"),
    21266: Known(400, "'To' and 'From' number cannot be the same"),
    21267: Known(400, "Alphanumeric Sender ID cannot be used as the 'From' number on trial accounts"),
    21408: Known(400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number"),
    21602: Known(400, "Message body is required."),
    21603: Known(400, "A 'From' or 'MessagingServiceSid' parameter is required to send a message"),
    21604: Known(400, "A 'To' phone number is required."),
    21606: Known(400, "The 'From' phone number provided is not a valid message-capable Twilio phone number"),
    21608: Known(400, "The number is unverified. Trial accounts cannot send messages to unverified numbers"),
    21609: Known(400, "The 'StatusCallback' URL is not a valid URL."),
    21610: Known(400, "Attempt to send to unsubscribed recipient"),
    21614: Known(400, "'To' number is not a valid mobile number"),
    21617: Known(400, "The concatenated message body exceeds the 1600 character limit"),
    21619: Known(400, "A text message body, media urls or content sid must be specified."),
    21620: Known(400, "Invalid media URL(s)"),
    21623: Known(400, "Number of media files exceeds allowed limit"),
    21624: Known(400, "Invalid validity period value"),
    21654: Known(400, "ContentSid Required"),
    21655: Known(400, "The ContentSid is Invalid"),
    21656: Known(400, "The ContentVariables Parameter is invalid"),
    21703: Known(400, "The Messaging Service does not have a phone number available to send a message"),
    30003: Known(400, "Unreachable destination handset"),
    30005: Known(400, "Unknown destination handset"),
    30007: Known(400, "Message filtered"),
    30008: Known(400, "Unknown error"),
    30016: Known(400, "'To' and 'From' channel types are incompatible"),
    30454: Known(429, "Account exceeded the messages limit"),
    35114: Known(400, "Scheduling does not support this timestamp"),
    35118: Known(400, "MessagingServiceSid is required to schedule a message"),
    63003: Known(400, "Channel could not find To address"),
    63005: Known(400, "Channel did not accept given content. Please see Channel specific error message"),
    63007: Known(400, "Twilio could not find a Channel with the specified From address"),
    63013: Known(400, "Channel policy violation"),
    63014: Known(400, "Channel message blocked by user action"),
    63015: Known(400, "Channel Sandbox can only send messages to phone numbers that have joined the Sandbox"),
    63016: Known(
        400,
        "Failed to send freeform message because you are outside the allowed window. "
        "If you are using WhatsApp, please use a Message Template.",
    ),
    63018: Known(429, "Rate limit exceeded for Channel"),
    63024: Known(400, "Invalid message recipient"),
    63027: Known(400, "Template does not exist for a language and locale"),
    63028: Known(400, "Number of parameters provided does not match the expected number of parameters"),
    63032: Known(400, "We cannot send this message to this user because of a WhatsApp limitation."),
    63033: Known(400, "Recipient opted out to receive message"),
    63038: Known(429, "Account exceeded the daily messages limit"),
    63040: Known(400, "Template Rejected"),
    63041: Known(400, "Template paused"),
    63042: Known(400, "Template disabled"),
    63049: Known(400, "Meta chose not to deliver this WhatsApp marketing message"),
}

# The channel's own words beside the code, where a capture showed them.
CHANNEL_TEXTS: Final[dict[int, str]] = {63024: "Message undeliverable"}

# Codes that WhatsApp reports as `failed`; the others end as `undelivered`.
ENDS_AS_FAILED: Final = frozenset({63005, 63013, 63016, 63027, 63028, 63038, 63040, 63041, 63042, 63049})


def too_many_today(account_sid: str, limit: int | None) -> TwilioError:
    """63038 in Twilio's words; the limit may read `null` (twilio-python #811)."""
    number = "null" if limit is None else str(limit)
    return TwilioError(63038, message=f"Account {account_sid} exceeded the {number} daily messages limit")
