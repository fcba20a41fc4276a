"""What happens in a drill, and when: a TOML file, read and checked before anything is touched."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

SHIPPED: Final = Path(__file__).parent / "scripts"
STEP_WORDS: Final = frozenset({"at_seconds", "says", "faults", "clear", "restart_database"})
WORDS: Final = frozenset({"title", "minutes", "messages_a_minute", "expects", "steps"})


class WrongScriptError(ValueError):
    """The script cannot be played; the message says why."""


@dataclass(frozen=True)
class Step:
    """What is done to the world `at_seconds` after the beginning (by the drill's clock)."""

    at_seconds: float
    says: str
    faults: tuple[Mapping[str, Any], ...] = ()
    clear: bool = False
    restart_database: bool = False


@dataclass(frozen=True)
class Script:
    """`expects`: fingerprints of alerts that staff must see and that must end by themselves; `*` stands for anything."""

    title: str
    minutes: float
    steps: tuple[Step, ...]
    messages_a_minute: float = 4
    expects: tuple[str, ...] = field(default=())


def shipped() -> list[str]:
    """The names of the scripts that Djobea brings."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def load(name_or_path: str) -> Script:
    """A shipped script by its name, or any file. Raises `WrongScriptError`."""
    known = SHIPPED / f"{name_or_path}.toml"
    path = known if name_or_path in shipped() else Path(name_or_path)
    try:
        facts = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WrongScriptError(f"There is no script {name_or_path!r}; shipped are {', '.join(shipped())}.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WrongScriptError(f"{path} cannot be read: {error}") from error
    return _checked(facts, path)


def _checked(facts: Mapping[str, Any], path: Path) -> Script:
    _refuse_unknown(facts, WORDS, path)
    steps = facts.get("steps", [])
    for step in steps:
        _refuse_unknown(step, STEP_WORDS, path)
    try:
        return Script(
            title=str(facts["title"]),
            minutes=float(facts["minutes"]),
            messages_a_minute=float(facts.get("messages_a_minute", Script.messages_a_minute)),
            expects=tuple(facts.get("expects", ())),
            steps=tuple(
                Step(
                    at_seconds=float(step["at_seconds"]),
                    says=str(step["says"]),
                    faults=tuple(step.get("faults", ())),
                    clear=bool(step.get("clear", False)),
                    restart_database=bool(step.get("restart_database", False)),
                )
                for step in sorted(steps, key=lambda step: float(step["at_seconds"]))
            ),
        )
    except KeyError as error:
        raise WrongScriptError(f"{path}: {error} is missing.") from None
    except (TypeError, ValueError) as error:
        raise WrongScriptError(f"{path}: {error}") from error


def _refuse_unknown(facts: Mapping[str, Any], words: frozenset[str], path: Path) -> None:
    if unknown := sorted(set(facts) - words):
        raise WrongScriptError(f"{path}: {', '.join(unknown)} is not known; known are {', '.join(sorted(words))}.")
