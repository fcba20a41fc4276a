"""The demo's secrets are made once and kept."""

from pathlib import Path

from djobea.demo.secrets_file import ADMIN_PASSWORD, ADMIN_USER, ensure


def test_the_first_start_writes_secrets_that_only_the_owner_reads(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    secrets = ensure(file)
    assert len(secrets["SECRET_KEY"]) >= 50
    assert secrets[ADMIN_USER] == "admin"
    assert len(secrets[ADMIN_PASSWORD]) >= 12
    assert file.stat().st_mode & 0o077 == 0


def test_the_next_start_finds_the_same(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    first, text = ensure(file), file.read_text()
    assert ensure(file) == first
    assert file.read_text() == text


def test_what_people_wrote_stays_and_only_what_is_missing_is_added(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# mine\nSECRET_KEY=' my own '\nLANGUAGE_CODE=en")
    secrets = ensure(file)
    assert secrets["SECRET_KEY"].strip() == "my own"
    assert file.read_text().startswith("# mine\nSECRET_KEY=' my own '\nLANGUAGE_CODE=en\n")
