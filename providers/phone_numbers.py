"""Phone numbers as people in Cameroon write them, turned into E.164."""

import re
import unicodedata
from typing import Final, NamedTuple

import phonenumbers
from django.utils.translation import gettext as _

from providers.models import E164

DEFAULT_REGION: Final = "CM"
ADDRESS_PREFIXES: Final = ("whatsapp:", "tel:", "sms:")
# Two numbers in one cell: "677 12 34 56 / 699 12 34 56".
SEVERAL: Final = re.compile(r"[/;,|]|\b(?:ou|et|or|and)\b", re.IGNORECASE)
EXCERPT: Final = 30  # characters of a wrong entry that a message repeats
LETTERS: Final = re.compile(r"[^\W\d_]")
# Cameroon's numbers had eight digits until 21 November 2014: mobiles then got a 6 in front, landlines a 2.
# An eight-digit number that begins with 6 was never one of them: it is a new number that lacks a digit.
OLD_CAMEROONIAN: Final = re.compile(r"^(?:\+?237|00237)?(?:(?P<mobile>[579]\d{7})|(?P<landline>[23]\d{7}))$")


class UnreadableNumber(ValueError):  # noqa: N818  what it is, not that it is an error
    """The text is no phone number; its message says why, in words that an operator can act on."""


class PhoneNumber(NamedTuple):
    """A number in E.164, and whether libphonenumber doubts that it exists."""

    e164: str
    doubtful: bool


def normalise(text: str, region: str = DEFAULT_REGION) -> PhoneNumber:
    """Return the number that `text` holds; numbers without a country code are read as numbers of `region`.

    A number that libphonenumber doubts is returned with `doubtful` set, since its tables lag behind the operators.
    Raises `UnreadableNumber` when there is no number in `text`, or more than one.
    """
    written = _cleaned(text)
    if not any(character.isdigit() for character in written):
        raise UnreadableNumber(_("“%(text)s” holds no phone number.") % {"text": _excerpt(text)})
    if SEVERAL.search(written):
        raise UnreadableNumber(_("“%(text)s” holds several numbers: keep one.") % {"text": _excerpt(text)})
    if LETTERS.search(written):
        raise UnreadableNumber(_("“%(text)s” has letters in it: write digits only.") % {"text": _excerpt(text)})
    return _parsed(_with_country_code(written, region), region, text)


def _parsed(written: str, region: str, text: str) -> PhoneNumber:
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException as error:
        raise UnreadableNumber(
            _("“%(text)s” is not a phone number: write it like +237 677 12 34 56.") % {"text": _excerpt(text)}
        ) from error
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not re.match(E164, e164):
        raise UnreadableNumber(_("“%(text)s” has too few or too many digits.") % {"text": _excerpt(text)})
    if phonenumbers.is_valid_number(number):
        return PhoneNumber(e164, doubtful=False)
    if not phonenumbers.is_possible_number(number) or _lacks_a_digit(e164):
        raise UnreadableNumber(
            _("“%(text)s” has %(count)d digits after the country code: one is missing or too much.")
            % {"text": _excerpt(text), "count": len(str(number.national_number))}
        )
    return PhoneNumber(e164, doubtful=True)


def _lacks_a_digit(e164: str) -> bool:
    """Eight digits are possible in Cameroon, but only for toll-free numbers, which libphonenumber knows."""
    return e164.startswith("+237") and len(e164) < len("+237677123456")


def _cleaned(text: str) -> str:
    """Without channel prefix, and without the invisible marks that come along when a number is copied."""
    plain = unicodedata.normalize("NFKC", text)
    plain = "".join(character for character in plain if unicodedata.category(character) not in {"Cf", "Cc"})
    plain = plain.strip()
    for prefix in ADDRESS_PREFIXES:
        if plain.lower().startswith(prefix):
            plain = plain[len(prefix) :].strip()
    return plain


def _with_country_code(written: str, region: str) -> str:
    digits = re.sub(r"[^\d+]", "", written)
    if region != DEFAULT_REGION and not digits.startswith(("+237", "00237")):
        return written
    if old := OLD_CAMEROONIAN.match(digits):
        return f"+2376{old['mobile']}" if old["mobile"] else f"+2372{old['landline']}"
    if re.match(r"^237\d{9}$", digits):
        return f"+{digits}"
    return written


def _excerpt(text: str) -> str:
    """Enough of a wrong entry to find it again."""
    printable = "".join(character for character in text if character.isprintable()).strip()
    return printable if len(printable) <= EXCERPT else f"{printable[: EXCERPT - 1]}…"
