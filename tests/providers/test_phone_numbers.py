import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.phone_numbers import UnreadableNumber, normalise


@pytest.mark.parametrize(
    "text",
    [
        "677123456",
        "677 12 34 56",
        "6.77.12.34.56",
        "6-77-12-34-56",
        "+237 677 123 456",
        "(+237) 677123456",
        "00237677123456",
        "00237 6 77 12 34 56",
        "237677123456",
        "237 677 12 34 56",
        "whatsapp:+237677123456",
        "WhatsApp: +237 677 12 34 56",
        "tel:677123456",
        "\u202a+237 677\u00a012\u00a034\u00a056\u202c",
        "\uff16\uff17\uff17\uff11\uff12\uff13\uff14\uff15\uff16",  # full-width digits
        "77123456",  # before November 2014
        "77 12 34 56",
        "+237 77 12 34 56",
        "0023777123456",
    ],
)
def test_one_number_is_found_in_all_the_ways_people_write_it(text: str) -> None:
    assert normalise(text) == ("+237677123456", False)


@pytest.mark.parametrize(
    ("text", "e164"),
    [("99123456", "+237699123456"), ("33421234", "+237233421234"), ("22221234", "+237222221234")],
)
def test_old_numbers_of_eight_digits_get_the_digit_they_lack(text: str, e164: str) -> None:
    assert normalise(text) == (e164, False)


def test_numbers_of_other_countries_are_kept() -> None:
    assert normalise("+33 6 12 34 56 78") == ("+33612345678", False)
    assert normalise("06 12 34 56 78", "FR") == ("+33612345678", False)
    assert normalise("+237 677 12 34 56", "FR") == ("+237677123456", False)


def test_a_number_that_libphonenumber_does_not_know_is_kept_and_flagged() -> None:
    assert normalise("600123456") == ("+237600123456", True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "abc",
        "n/a",
        "12",
        "67712345",  # a digit of a new number is missing
        "6771234567",
        "0677123456",
        "677123456 / 699123456",
        "677123456 ou 699123456",
        "677CHA456",
        "+",
        "+2376771234561234567890",
        "CM.1234567890123456",
        "\x00",
        "whatsapp:",
    ],
)
def test_what_is_no_number_is_refused_in_plain_words(text: str) -> None:
    with pytest.raises(UnreadableNumber) as refusal:
        normalise(text)
    assert len(str(refusal.value)) > 20


def test_a_huge_entry_is_refused_with_a_short_message() -> None:
    with pytest.raises(UnreadableNumber) as refusal:
        normalise("6" * 100_000)
    assert len(str(refusal.value)) < 200


@given(st.text(max_size=40))
def test_any_text_gives_a_number_or_a_refusal(text: str) -> None:
    try:
        number = normalise(text)
    except UnreadableNumber:
        return
    assert normalise(number.e164) == number
