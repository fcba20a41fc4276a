from marketplace.understanding.classifier import load_model, text_features
from marketplace.understanding.training import compose, fit


def test_a_model_learns_its_examples_and_survives_the_file() -> None:
    texts = {
        "le robinet coule": "water",
        "fuite d eau": "water",
        "plus de courant": "power",
        "la prise chauffe": "power",
    }
    model = fit([(text_features(text.split()), label) for text, label in texts.items()], ["power", "water"])
    again = load_model(model.dump())
    for text, label in texts.items():
        scores = again.scores(text_features(text.split()))
        assert again.labels[scores.index(max(scores))] == label
    assert "robinet" in again.evidence(["le", "robinet", "coule"], again.labels.index("water"))


def test_composed_messages_are_the_same_each_time() -> None:
    rows = [{"service": "plomberie", "kind": "symptom", "language": "fr", "text": "le robinet coule sans arrêt"}]
    assert compose(rows) == compose(rows)
    assert {example.label for example in compose(rows)} == {
        "plomberie",
        *("demenagement", "gardiennage", "menage", "peinture"),  # trades that work on things of others
    }
