"""When the visit is wanted: phrases of time, whether they mean today or a later day, and their dates."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from marketplace.understanding.values import Schedule

DAYS: Final = {
    "lundi": 0, "mardi": 1, "mercredi": 2, "jeudi": 3, "vendredi": 4, "samedi": 5, "dimanche": 6,
    "monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5, "sunday": 6,
    "mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6,
}  # fmt: skip
MONTHS: Final = {
    "janvier": 1, "fevrier": 2, "mars": 3, "avril": 4, "mai": 5, "juin": 6, "juillet": 7, "aout": 8, "septembre": 9,
    "octobre": 10, "novembre": 11, "decembre": 12, "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6,
    "july": 7, "august": 8, "september": 9, "october": 10, "november": 11, "december": 12, "jan": 1, "feb": 2, "dec": 12, "nov": 11,
}  # fmt: skip
NUMBERS: Final = {
    "un": 1, "une": 1, "a": 1, "one": 1, "deux": 2, "two": 2, "trois": 3, "three": 3, "quatre": 4, "four": 4, "cinq": 5, "five": 5,
    "six": 6, "sept": 7, "seven": 7, "huit": 8, "dix": 10, "ten": 10, "quinze": 15, "few": 3, "quelques": 3,
}  # fmt: skip
PARTS: Final = {"morning": (7, 12), "noon": (12, 14), "afternoon": (13, 18), "evening": (18, 22), "night": (20, 23)}

DAY: Final = r"(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)s?"
ENGLISH_DAY: Final = r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)s?"
ANY_DAY: Final = rf"(?:{DAY}|{ENGLISH_DAY})"
MONTH: Final = (
    "(?:"
    + "|".join(sorted((m for m in MONTHS if m not in {"may", "mars", "march", "mai"}), key=len, reverse=True))
    + "|mai|mars|march|may)"
)
COUNT: Final = r"(?:\d{1,2}|un|une|a|one|deux|two|trois|three|quatre|four|cinq|five|six|sept|seven|huit|dix|ten|quinze|few|quelques)"
UNIT: Final = r"(?:jours?|days?|semaines?|weeks?|mois|months?)"

CLOCK: Final = r"(?: (?:a |at |vers |for |apres |around )?\d{1,2} ?(?:h(?:eures?)?|am|pm|o clock)(?: ?\d\d)?)?"

# Time that has gone by, or a length of time: not a wish. Taken out of the text first.
PAST: Final = (
    rf"(?:depuis|since|from|il y a|ca fait|y a|for|pendant|during|dans les|ago)(?: (?:le|la|les|ce|cette|bientot|plus de|about|presque|hier|avant))* (?:{COUNT} )?(?:{UNIT}|{ANY_DAY}|hier|avant hier|ce matin|matin|midi|yesterday|morning|last night|night|longtemps|soir|heures?|hours?|minutes?|\d+ ?h|{MONTH}|(?:semaine|week|month) (?:derniere|passee|last))(?: (?:dernier|derniere|passe|passee|matin|soir|night|morning|ago))?",
    rf"{COUNT} (?:{UNIT}|hours?|minutes?) (?:ago|now)",
    rf"(?:{ANY_DAY}|semaine|mois|annee|nuit) (?:dernier|derniere|passe|passee)",
    rf"last (?:{ANY_DAY}|week|month|night|year)",
    r"(?:avant )?hier(?: soir| matin| nuit)?",
    r"yesterday(?: evening| night| morning)?",
    r"(?:il est|on m a dit|he said|it is) \d{1,2} ?h?\d{0,2}",
)  # fmt: skip
LATER: Final = (
    r"apres demain(?: matin| soir| apres midi)?", r"day after tomorrow", r"next tomorrow",
    rf"demain(?: (?:matin|soir|midi|apres midi|dans la matinee|dans l apres midi|a la premiere heure))?{CLOCK}",
    rf"tomorrow(?: (?:morning|evening|afternoon|night))?{CLOCK}", r"morrow", r"tumoro",
    rf"(?:tous|toutes) les (?:{DAY}|jours?|semaines?|mois|matins?|soirs?|week ends?|\d+ jours|deux jours|quinze jours)",
    rf"(?:chaque|every|each) (?:{ANY_DAY}|jour|day|semaine|week|mois|month|matin|morning|soir|evening|night|nuit|week end|two weeks|other day)",
    rf"{COUNT} (?:fois|x|jours?|times?|days?) (?:par|a|per|every|each) (?:semaines?|weeks?|mois|months?|jours?|days?)",
    r"(?:once|twice) (?:a|per|every) (?:week|month|day)", r"(?:daily|weekly|monthly|yearly|quarterly)", r"(?:quotidien|hebdomadaire|mensuel|bimensuel|trimestriel|semestriel|annuel)(?:le)?s?", r"(?:chaque|par) quinzaine", r"(?:une|deux|trois) fois la semaine", r"par semaine",
    rf"(?:dans|d ici|in|within|after|apres|avant) (?:la |les |the )?(?:{COUNT} |prochains? )?(?:{UNIT})(?: time)?",
    r"dans (?:la semaine|le mois|les prochains jours)", r"in the coming days", r"(?:later )?this week(?! end)", r"cette semaine", r"courant (?:de )?(?:la )?semaine",
    r"(?:la |le |les )?(?:semaine|mois|annee|week end|weekend) (?:prochaine?|pro|qui vient|suivante?|a venir|prochains?)",
    rf"(?:prochaine? |prochaine )(?:semaine|mois|week end|{DAY})",
    rf"(?:next|coming) (?:week|month|year|weekend|week end|{ANY_DAY})", rf"{ANY_DAY} next",
    r"(?:ce|le|this|for the|du|pour le|on the|the|au|dis) week ?end", r"week ?end",
    rf"(?:des|a partir d[eu]|from|starting|avant|before|by|d ici|until|jusqu a) (?:le |la |the )?(?:{ANY_DAY}|\d{{1,2}}(?: {MONTH})?|demain|tomorrow|{MONTH}|janvier|mois|semaine|noel|christmas|next month|next week)",
    rf"(?:le |on |ce |for |pour |pour le |this |dis )?{ANY_DAY}(?: (?:prochain|matin|soir|midi|apres midi|morning|evening|afternoon|night|next|qui vient))?(?: (?:le )?\d{{1,2}}(?: {MONTH})?)?(?: (?:or|ou|et|and) {ANY_DAY})?{CLOCK}",
    rf"(?:le|on the|the|pour le|du|by the|for the) \d{{1,2}}(?:st|nd|rd|th|er)?(?: (?:of )?{MONTH})?(?! (?:floor|etage|chambres?|pieces?|splits?|clims?|etages?|personnes|places|m2|metres?))(?=$| (?!\d))",
    rf"\d{{1,2}}(?:st|nd|rd|th|er)(?: (?:of )?{MONTH})?(?! (?:floor|etage|time|fois))", rf"(?:le )?\d{{1,2}}(?:er)? {MONTH}", rf"{MONTH} \d{{1,2}}(?:st|nd|rd|th)?",
    rf"(?:debut|mi|fin|courant|en|in|early|late|end of|beginning of|au mois de|mid|for) (?:de |du |the )?(?:{MONTH}|mois|month|semaine|week|annee|year)",
    r"(?:pour|avant|a|before|for|by|at) (?:noel|les fetes|la fete|la rentree|paques|paque|christmas|new year|easter|le nouvel an|tabaski|le mariage|les vacances)",
    r"(?:pendant|durant) les (?:vacances|fetes|conges)", r"apres les fetes", r"a la rentree", r"the following (?:day|week)", r"un de ces jours",
)  # fmt: skip
TODAY: Final = (
    r"aujourd hui(?: meme)?", r"today(?: today)?", r"this (?:morning|afternoon|evening|night)", r"tonight", r"cet? (?:apres midi|aprem|soir|soiree|midi)",
    r"ce jour", r"cette (?:apres midi|journee|soiree|nuit)", r"ce soir", r"dans la (?:journee|soiree|matinee)", r"for evening", r"dis (?:night|evening|afternoon|morning)",
    r"later today", r"avant (?:ce soir|la nuit|\d{1,2} ?h(?:eures?)?(?: \d\d)?|midi)", r"before (?:tonight|night|noon|evening|dark|the end of the day|close of day)",
    r"d ici (?:ce soir|midi|\d{1,2} ?h(?:eures?)?)", r"by (?:tonight|evening|\d{1,2} ?(?:am|pm)|noon)", r"in the (?:afternoon|evening)",
    r"(?:dans|in|d ici) (?:une|un|deux|trois|1|2|3|4|an|one|two|three|a few|quelques)? ?(?:heures?|hours?|h)", r"en fin de (?:journee|soiree|matinee)", r"tout a l heure",
    r"apres (?:midi)", r"(?:apres|vers|after|around|a partir de|from) \d{1,2} ?(?:h(?:eures?)?|am|pm|o clock)(?: ?\d\d)?", r"(?:a|at) \d{1,2} ?(?:h(?:eures?)?|am|pm|o clock)(?: ?\d\d)?",
    r"same day", r"le jour meme", r"ce matin(?= (?:svp|si possible|meme)|$)",
)  # fmt: skip
PAST_RE: Final = re.compile(r"\b(?:" + "|".join(PAST) + r")\b")
LATER_RE: Final = re.compile(r"\b(?:" + "|".join(LATER) + r")\b")
TODAY_RE: Final = re.compile(r"\b(?:" + "|".join(TODAY) + r")\b")
RECURRING_RE: Final = re.compile(
    r"\b(?:tous|toutes|chaque|every|each|fois|times|daily|weekly|monthly|once|twice|par semaine|yearly|quarterly|quotidien\w*|hebdomadaire\w*|mensuel\w*|bimensuel\w*|trimestriel\w*|semestriel\w*|annuel\w*|quinzaine)\b"
)
UPKEEP_RE: Final = re.compile(
    r"\b(?:entretien|maintenance|contrat|contract|servicing|treatment|traitement|visites?|upkeep)\b"
)
CLOCK_RE: Final = re.compile(r"\b(\d{1,2}) ?(h(?:eures?)?|am|pm|o clock)(?: ?(\d\d))?\b")

SOON_RE: Final = re.compile(rf"\b(?:dans|in|d ici) ({COUNT}|an) (?:heures?|hours?)\b")
BEFORE_RE: Final = re.compile(r"\b(?:avant|before|by|d ici)\b")
OPEN_END_RE: Final = re.compile(r"\b(?:apres|after|partir|from)\b")
OPENING: Final = 8
NOON: Final = 12
MIDNIGHT: Final = 24
EVENING_ENDS: Final = 21


@dataclass(frozen=True, slots=True)
class Timing:
    """What a message says about time; `rest` is the text without these phrases."""

    later: tuple[str, ...]
    today: tuple[str, ...]
    past: tuple[str, ...]
    rest: str


def find_timing(text: str) -> Timing:
    """Look for phrases of time in folded text."""
    past = tuple(match.group() for match in PAST_RE.finditer(text) if not _is_wish(match.group()))
    rest = text
    for phrase in past:
        rest = rest.replace(phrase, " | ", 1)
    later = tuple(match.group().strip() for match in LATER_RE.finditer(rest))
    rest = LATER_RE.sub(" ", rest)
    today = tuple(match.group().strip() for match in TODAY_RE.finditer(rest))
    rest = TODAY_RE.sub(" ", rest)
    return Timing(later, today, past, " ".join(rest.replace("|", " ").split()))


def without_habits(timing: Timing) -> Timing:
    """Leave out "every week": of a thing that breaks it tells how often, not when to come, unless upkeep is asked for."""
    if UPKEEP_RE.search(timing.rest):
        return timing
    return Timing(
        tuple(phrase for phrase in timing.later if not RECURRING_RE.search(phrase)),
        timing.today,
        timing.past,
        timing.rest,
    )


def _is_wish(phrase: str) -> bool:
    """Whether "for Monday" or "from Friday" is a wish after all: a bare day after a word that English uses for both."""
    return bool(
        re.fullmatch(rf"(?:for|from|pendant|during) (?:{ANY_DAY}|{COUNT} \w+|{MONTH}|morning|night)(?: \w+)?", phrase)
    )


def date_schedule(timing: Timing, at: datetime | None) -> Schedule | None:
    """Turn phrases of time into a window, reckoned from `at` in its own time zone; None when no time is named."""
    phrases = timing.later + timing.today
    if not phrases:
        return None
    words = " ".join(phrases)
    recurring = bool(RECURRING_RE.search(words))
    if at is None:
        return Schedule(words, recurring=recurring)
    day = _first_day(timing.later, at) if timing.later else at
    if day is None:
        return Schedule(words, recurring=recurring)
    if soon := SOON_RE.search(words):
        hours = int(soon[1]) if soon[1].isdigit() else NUMBERS.get(soon[1], 1)
        return Schedule(words, at + timedelta(hours=hours), at + timedelta(hours=hours + 2))
    starts, ends = _hours(words)
    starts_at = datetime.combine(day.date(), starts, tzinfo=at.tzinfo)
    ends_at = datetime.combine(day.date() + timedelta(days=_span(words) - 1), ends, tzinfo=at.tzinfo)
    return Schedule(words, max(starts_at, at) if ends_at > at else starts_at, ends_at, recurring=recurring)


def _span(words: str) -> int:
    """Length of the window in days."""
    if re.search(r"\b(?:semaine|week)\b(?! ?end)", words):
        return 7
    if re.search(r"\b(?:mois|month)\b", words):
        return 30
    return 2 if "week" in words else 1


def _first_day(phrases: Sequence[str], at: datetime) -> datetime | None:
    """The day that the first dateable phrase means."""
    for phrase in phrases:
        if day := _day_of(phrase, at):
            return day
    return None


def _day_of(phrase: str, at: datetime) -> datetime | None:
    """The day that one phrase means, by the first reading that fits."""
    for reading in (_counted_day, _dated, _weekday, _named_span):
        if day := reading(phrase, at):
            return day
    return None


def _counted_day(phrase: str, at: datetime) -> datetime | None:
    """Tomorrow, the day after, "in two weeks"."""
    if any(words in phrase for words in ("apres demain", "after tomorrow", "next tomorrow")):
        return at + timedelta(days=2)
    if re.search(r"\b(?:demain|tomorrow|morrow|tumoro)\b", phrase):
        return at + timedelta(days=1)
    counted = re.search(rf"\b({COUNT}) ({UNIT})", phrase)
    if counted is None or RECURRING_RE.search(phrase):
        return None
    number = int(counted[1]) if counted[1].isdigit() else NUMBERS.get(counted[1], 1)
    return at + timedelta(days=number * {"j": 1, "d": 1, "s": 7, "w": 7}.get(counted[2][0], 30))


def _weekday(phrase: str, at: datetime) -> datetime | None:
    """The next such day after today."""
    named = next((DAYS[word.removesuffix("s")] for word in phrase.split() if word.removesuffix("s") in DAYS), None)
    return None if named is None else _next_weekday(at, named)


def _named_span(phrase: str, at: datetime) -> datetime | None:
    """First day of "the weekend", "next week", "next month", or a month that is named."""
    if re.search(r"week ?end", phrase):
        return _next_weekday(at, 5)
    if re.search(r"(?:semaine|week)", phrase) and re.search(
        r"(?:proch|pro\b|next|vient|suivante|coming|venir)", phrase
    ):
        return _next_weekday(at, 0)
    if re.search(r"(?:mois|month)", phrase) and re.search(r"(?:proch|next|vient)", phrase):
        return (at.replace(day=1) + timedelta(days=32)).replace(day=1)
    if month := next((MONTHS[word] for word in phrase.split() if word in MONTHS), None):
        return at.replace(year=at.year + (month < at.month), month=month, day=1)
    return None


def _next_weekday(at: datetime, weekday: int) -> datetime:
    """The next such day after today."""
    return at + timedelta(days=(weekday - at.weekday() - 1) % 7 + 1)


def _dated(phrase: str, at: datetime) -> datetime | None:
    """A day of the month, with or without its name; the next one that comes."""
    words = phrase.split()
    number = next((int(d[1]) for w in words if (d := re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th|er)?", w))), 0)
    month = next((MONTHS[word] for word in words if word in MONTHS), None)
    if not 1 <= number <= 31:  # noqa: PLR2004
        return None
    for step in range(13):
        months = at.month - 1 + step
        if month is not None and months % 12 + 1 != month:
            continue
        try:
            day = at.replace(year=at.year + months // 12, month=months % 12 + 1, day=number)
        except ValueError:  # the 31st of a shorter month: try the next one
            continue
        if day >= at:
            return day
    return None


def _hours(words: str) -> tuple[time, time]:
    """The hours of the day that the phrases name; the working day when they name none."""
    if hours := _clock(words):
        return hours
    for pattern, part in (
        (r"apres midi|afternoon|aprem", "afternoon"), (r"matin|morning|matinee|premiere heure", "morning"),
        (r"midi|noon", "noon"), (r"soir|evening|tonight", "evening"), (r"nuit|night", "night"),
    ):  # fmt: skip
        if re.search(pattern, words):
            begin, end = PARTS[part]
            return (time(OPENING), time(begin)) if BEFORE_RE.search(words) else (time(begin), time(end))
    return time(OPENING), time(18)


def _clock(words: str) -> tuple[time, time] | None:
    """Two hours from a time of day that is named, or until the evening after "from" and "after"."""
    clock = CLOCK_RE.search(words)
    if clock is None:
        return None
    hour = int(clock[1]) + (NOON if clock[2] == "pm" and int(clock[1]) < NOON else 0)
    if hour >= MIDNIGHT:
        return None
    start = time(hour, min(int(clock[3] or 0), 59))
    if BEFORE_RE.search(words) and hour > OPENING:
        return time(OPENING), start
    if OPEN_END_RE.search(words) and hour < EVENING_ENDS:
        return start, time(EVENING_ENDS)
    return start, time(min(hour + 2, MIDNIGHT - 1), start.minute)
