"""How well and how fast messages are understood.

Needs no database: the shipped vocabulary is used. Without arguments it reads the development messages (which may be
looked at) and three sets that are never tuned on: the test messages, held-out ones that were written and put aside
before the vocabulary was last extended, and fresh ones (half of them Pidgin) that were written after it. Prints tables per field and language and the confusion pairs to stderr, and one
JSON line a file to stdout.
"""

import argparse
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from marketplace.understanding import Context, understand  # the path comes first
from marketplace.understanding.evaluation import FIELDS, Tally, evaluate, read_messages
from marketplace.understanding.shipped import shipped_vocabulary

DATA = Path(__file__).resolve().parent / "data"
LANGUAGES = ("", "fr", "en", "pcm", "mix", "und")


def show(tally: Tally, *, misses: bool) -> None:
    """A table of percentages, the pairs that are confused, and on demand the messages themselves."""
    print(f"{'':16}" + "".join(f"{language or 'all':>9}" for language in LANGUAGES), file=sys.stderr)
    for name in (*FIELDS[:2], "services", *FIELDS[2:]):
        cells = (f"{tally.percent(name, lang):9.1f}" if tally.rows[name, lang] else f"{'-':>9}" for lang in LANGUAGES)
        print(f"{name:16}" + "".join(cells), file=sys.stderr)
    for name in ("intent", "service", "zone", "urgency"):
        for (wanted, got), count in tally.confusions(name):
            print(f"  {name}: {wanted} -> {got} ({count})", file=sys.stderr)
    for miss in tally.misses if misses else ():
        print(f"  {miss.id} {miss.field} {miss.wanted} -> {miss.got}: {miss.text!r}", file=sys.stderr)


def latency(texts: list[str]) -> dict[str, float]:
    """Milliseconds a message after warm-up."""
    vocabulary = shipped_vocabulary()
    spent = []
    for text in texts:
        begin = time.perf_counter()
        understand(text, Context(vocabulary))
        spent.append(1000 * (time.perf_counter() - begin))
    spent.sort()
    return {"p50_ms": round(spent[len(spent) // 2], 2), "p99_ms": round(spent[int(len(spent) * 0.99)], 2)}


def main() -> None:
    """Evaluate the files given, or both sets of the repository."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "files",
        nargs="*",
        type=Path,
        default=[DATA / f"messages_{name}.jsonl" for name in ("dev", "test", "heldout", "fresh")],
    )
    parser.add_argument("--misses", action="store_true", help="show the misunderstood messages (not for the test set)")
    options = parser.parse_args()
    for file in options.files:
        messages = read_messages(file)
        tally = evaluate(messages, shipped_vocabulary())
        print(f"\n{file.name}: {len(messages)} messages", file=sys.stderr)
        show(tally, misses=options.misses)
        times = latency([row["text"] for row in messages])
        print(
            json.dumps(
                {"benchmark": "understanding", "file": file.name, "messages": len(messages), **tally.summary(), **times}
            )
        )


if __name__ == "__main__":
    main()
