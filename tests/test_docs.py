"""Docs that are held to what they describe."""

import re
import runpy
import tomllib
from pathlib import Path

import pytest
import yaml

from djobea.drills.script import shipped
from notifications.failure_policy import Action, table
from tests.simulator_process import ROOT

DOCS = ROOT / "docs"


def test_the_runbook_is_the_failure_policy() -> None:
    runbook = runpy.run_path(str(ROOT / "scripts" / "runbook.py"))
    text = runbook["written"]()
    assert runbook["TARGET"].read_text(encoding="utf-8") == text, "run python scripts/runbook.py"
    assert set(runbook["DONE_BY_ITSELF"]) == set(Action)
    assert all(f"| `{code}` |" in text for code in table())


RAISERS = [
    *("marketplace/staff_alerts.py", "marketplace/dialogue/takeover.py", "marketplace/dialogue/flood.py"),
    *("notifications/consequences.py", "notifications/channel_health.py", "notifications/budget.py"),
    *("notifications/waiting.py", "notifications/receipts.py", "djobea/auditing.py"),
]


def fingerprints() -> set[str]:
    """The first words of the fingerprints that the code raises."""
    found = {"call", "receipt"}  # made of constants
    for name in RAISERS:
        found |= set(re.findall(r'(?<!reference=)f"([a-z-]+):\{', (ROOT / name).read_text(encoding="utf-8")))
    return found


def test_operations_say_what_to_do_about_each_kind_of_alert() -> None:
    text = (DOCS / "operations.md").read_text(encoding="utf-8")
    assert len(fingerprints()) > 12, "the pattern finds nothing any more"
    for name in sorted(fingerprints()):
        assert f"`{name}:" in text, f"operations.md does not say what to do about {name}: alerts"


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert target.startswith("http") or (page.parent / target).exists(), target


def test_the_drills_that_the_readme_names_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in readme or f"fire_drill {name}" in readme for name in shipped())


def test_compose_units_and_procfile_start_what_there_is() -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    services = compose["services"]
    assert {"postgres", "redis", "migrate", "web", "worker", "celery", "beat", "bridge"} == set(services)
    assert services["worker"]["command"] == ["python", "manage.py", "worker"]
    assert {name for name, service in services.items() if service.get("profiles")} == {
        "redis",
        "celery",
        "beat",
        "bridge",
    }
    said = (ROOT / "Procfile").read_text(encoding="utf-8")
    said += "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("deploy/systemd/*.service"))
    said += str(compose)
    commands = {path.stem for path in ROOT.glob("*/management/commands/*.py")}
    django = {"migrate", "collectstatic"}
    for name in re.findall(r"manage\.py(?:'?, '?| )([a-z_]+)", said):
        assert name in commands | django, name
    assert "djobea.wsgi:application" in said


def test_a_unit_starts_what_the_procfile_starts_and_needs_no_folder_that_may_be_missing() -> None:
    procfile = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text(encoding="utf-8").splitlines())
    for unit in ROOT.glob("deploy/systemd/*.service"):
        facts = dict(line.split("=", 1) for line in unit.read_text(encoding="utf-8").splitlines() if "=" in line)
        name = unit.stem.removeprefix("djobea-").removesuffix("@")
        started = facts["ExecStart"].removeprefix("/srv/djobea/.venv/bin/").replace("127.0.0.1 --port 8000", "HOST")
        said = procfile[name].replace("0.0.0.0 --port ${PORT:-8000}", "HOST")
        assert started.replace(" --hostname celery%i@%H", "") == said
        assert facts["ReadWritePaths"].startswith("-"), "systemd refuses to start a unit whose folder is missing"


def test_the_project_says_one_version_of_python() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"] == ">=3.11"
