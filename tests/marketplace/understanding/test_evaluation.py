import json
from pathlib import Path

import pytest

from marketplace.understanding.evaluation import evaluate, read_messages, state_of
from marketplace.understanding.shipped import shipped_vocabulary

DATA = Path(__file__).resolve().parents[3] / "benchmarks" / "data"


@pytest.mark.parametrize("name", ["messages_dev.jsonl", "messages_test.jsonl"])
def test_the_aims_are_kept_on_messages_that_were_not_trained_on(name: str) -> None:
    figures = evaluate(read_messages(DATA / name), shipped_vocabulary()).summary()
    assert figures["intent"] >= 95
    assert figures["service"] >= 90
    assert figures["zone"] >= 97
    assert figures["urgency"] >= 95
    assert figures["frame_requests"] >= 80
    assert figures["frame_all"] >= 85


def test_any_allowed_zone_is_right_and_the_note_gives_the_state(tmp_path: Path) -> None:
    rows = [
        {"text": "carrefour ange raphael", "intent": "request", "zone": "ndogbong", "zone_alt": ["ange-raphael"]},
        {"text": "2", "intent": "decline", "note": "ctx:offer menu"},
        {"text": "ok", "intent": "human"},
    ]
    file = tmp_path / "messages.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    tally = evaluate(read_messages(file), shipped_vocabulary())
    assert tally.percent("zone") == 100
    assert [miss.text for miss in tally.misses] == ["ok"]
    assert state_of("ctx:rating prompt") == "rating"


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "messages.jsonl"
    file.write_text('{"text": "a", "intent": "other"}\n{broken', encoding="utf-8")
    with pytest.raises(ValueError, match="line 2"):
        read_messages(file)
