"""What an SMS costs."""

import pytest

from notifications import sms_letters


def test_letters_that_an_sms_cannot_carry_cheaply_are_replaced_by_the_nearest() -> None:
    assert (
        sms_letters.plain("« Cœur »\u202f: ça, là, À l\u2019été… \u2013 Œuf 😀")
        == '"Coeur" : ca, là, A l\'été... - OEuf 😀'
    )


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),  # takes two places each
        ("€" * 81, 2),
        ("ê" * 70, 1),  # not in GSM-7: the whole text is UCS-2
        ("ê" * 71, 2),
        ("😀" * 35, 1),  # two code units each
        ("😀" * 36, 2),
    ],
)
def test_the_bill_counts_segments(text: str, parts: int) -> None:
    assert sms_letters.segments(text) == parts


def test_a_long_text_is_shortened_and_keeps_its_link() -> None:
    link = "https://djobea.example/go/0123456789abcdef/"
    text = sms_letters.fit("Fuite d\u2019eau à l\u2019étage, très urgent. " * 20 + link)
    assert text.endswith(f"... {link}")
    assert text.startswith("Fuite d'eau à l'étage")
    assert sms_letters.segments(text) == 2
    assert sms_letters.fit("Ça y est, reçu") == "Ça y est, recu"
    assert sms_letters.segments(sms_letters.fit("x" * 2000)) == 2
