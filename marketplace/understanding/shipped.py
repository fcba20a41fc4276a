"""What is shipped in the repository: phrases, zones, training messages and the model file. Reads files, no database."""

import csv
import gzip
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from marketplace.understanding.classifier import LinearModel, load_model
from marketplace.understanding.folding import fold
from marketplace.understanding.lexicon import Entry, Vocabulary, ZoneName, compile_vocabulary

APPS: Final = Path(__file__).resolve().parents[2]
DATA: Final = APPS / "marketplace" / "data"
PROVIDERS_DATA: Final = APPS / "providers" / "data"
MODEL_FILE: Final = DATA / "understanding_model.json.gz"
SYNONYM_COLUMNS: Final = {"synonyms_fr": "fr", "synonyms_en": "en", "synonyms_pidgin": "pcm"}
# What these mean depends on what was asked; as whole phrases they would answer out of turn.
STATE_BOUND: Final = frozenset({"accept", "decline", "complete", "rating", "request"})


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file with a header."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def service_phrases() -> list[dict[str, str]]:
    """Rows (service, kind, language, text), each phrase of a service once a kind."""
    rows = read_rows(DATA / "service_phrases.csv")
    for service in read_rows(PROVIDERS_DATA / "services.csv"):
        slug = service["slug"]
        named = [(service["name_fr"], "fr"), (service["name_en"], "en")]
        rows += [
            {"service": slug, "kind": "service_name", "language": language, "text": text} for text, language in named
        ]
        rows += [
            {"service": slug, "kind": "object", "language": language, "text": text}
            for column, language in SYNONYM_COLUMNS.items()
            for text in service[column].split("|")
        ]
        phrases = service["problem_phrases"].split("|")
        rows += [{"service": slug, "kind": "symptom", "language": "", "text": text} for text in phrases]
    return _once(rows)


def _once(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Drop repetitions; a name of a service is not repeated as a mere object."""
    names = {(row["service"], fold(row["text"])) for row in rows if row["kind"] == "service_name"}
    seen: set[tuple[str, str, str]] = set()
    kept = []
    for row in rows:
        folded = fold(row["text"])
        key = (row["service"], row["kind"], folded)
        if folded and key not in seen and (row["kind"] != "object" or key[::2] not in names):
            seen.add(key)
            kept.append(row)
    return kept


def intent_messages() -> list[dict[str, str]]:
    """Rows (intent, language, text): example messages of every intent."""
    return read_rows(DATA / "intent_messages.csv")


def training_messages() -> list[dict[str, Any]]:
    """Whole labelled messages, in the format of the development set: the place for real ones, made anonymous."""
    lines = (DATA / "training_messages.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def shipped_zones() -> list[ZoneName]:
    """All zones."""
    return [ZoneName(row["slug"], row["name"], row["city"]) for row in read_rows(PROVIDERS_DATA / "zones.csv")]


def shipped_entries() -> Iterator[Entry]:
    """The vocabulary that seeding writes to the database."""
    for row in service_phrases():
        yield Entry(row["kind"], row["text"], row["service"], row["language"])
    for row in read_rows(PROVIDERS_DATA / "zones.csv"):
        names = dict.fromkeys(text for text in row["aliases"].split("|") if fold(text))
        for text in {fold(text): text for text in names}.values():
            yield Entry("zone_alias", text, row["slug"])
    yield from _intent_entries()


def _intent_entries() -> Iterator[Entry]:
    """Whole messages that can mean one thing only."""
    meanings: dict[str, set[str]] = {}
    rows = intent_messages()
    for row in rows:
        meanings.setdefault(fold(row["text"]), set()).add(row["intent"])
    seen: set[str] = set()
    for row in rows:
        folded = fold(row["text"])
        if folded and folded not in seen and len(meanings[folded]) == 1 and row["intent"] not in STATE_BOUND:
            seen.add(folded)
            yield Entry("intent", row["text"], row["intent"], row["language"])


@cache
def shipped_models() -> Mapping[str, LinearModel]:
    """The learned models by name: "service", "intent", "language"."""
    with gzip.open(MODEL_FILE, "rt", encoding="utf-8") as file:
        data: dict[str, Any] = json.load(file)
    return {name: load_model(model) for name, model in data.items()}


@cache
def shipped_vocabulary() -> Vocabulary:
    """The vocabulary as shipped, for tests and for a database that is not seeded yet."""
    return compile_vocabulary(shipped_entries(), shipped_zones(), shipped_models(), "shipped")
