"""`python -m djobea.postgres start|stop|status`: the embedded server by hand. `--data-dir` names another folder."""

import argparse
import sys
from pathlib import Path

from .errors import EmbeddedServerError
from .server import EmbeddedServer

STANDARD_FOLDER = Path(__file__).resolve().parent.parent.parent / ".data"


def main() -> int:
    """Do what the command line says; the exit code is 0 when the server is as wanted."""
    parser = argparse.ArgumentParser(prog="python -m djobea.postgres", description=__doc__)
    parser.add_argument("action", choices=["start", "stop", "status"])
    parser.add_argument("--data-dir", type=Path, default=STANDARD_FOLDER)
    parser.add_argument("--only-when-idle", action="store_true", help="let other clients finish")
    options = parser.parse_args()
    try:
        server = EmbeddedServer(options.data_dir)
        if options.action == "start":
            server.start()
        if options.action == "stop" and not server.stop(only_when_idle=options.only_when_idle):
            print("The embedded PostgreSQL still has clients and keeps running.")  # noqa: T201
            return 1
    except EmbeddedServerError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    runs = server.answers()
    print(f"The embedded PostgreSQL {'runs' if runs else 'is stopped'} ({server.places.data}).")  # noqa: T201
    return 0 if runs or options.action == "stop" else 1


if __name__ == "__main__":
    sys.exit(main())
