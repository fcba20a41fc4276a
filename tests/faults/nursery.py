"""Where real workers come from: a process that has everything imported and forks `manage.py` as often as it is asked.

A start from nothing takes seconds, a fork some milliseconds, so a story may kill many. One JSON line a wish on the
standard input, one a answer: {"start": [arguments], "log": path, "clock_is_off_by": seconds} -> {"pid"},
{"poll": pid} -> {"code": null while it lives}. When the input ends, so do all that were born here.
"""

import contextlib
import json
import os
import signal
import sys
import time
import traceback
from typing import Any

import django
import time_machine

codes: dict[int, int | None] = {}


def start(arguments: list[str], log: str, clock_is_off_by: float) -> int:
    """Fork a process that runs `manage.py` with these arguments, its output in the file `log`."""
    pid = os.fork()
    if pid:
        codes[pid] = None
        return pid
    code = 1
    try:
        _become_a_process_of_its_own(log)
        if clock_is_off_by:  # the machine's clock as Python sees it; the monotonic one is left alone
            time_machine.travel(time.time() + clock_is_off_by, tick=True).start()
        from django.core.management import execute_from_command_line  # noqa: PLC0415  as manage.py does

        execute_from_command_line(["manage.py", *arguments])
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # noqa: BLE001  the end of a process
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _become_a_process_of_its_own(log: str) -> None:
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in (1, 2):
        os.dup2(file, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)


def poll(pid: int) -> int | None:
    """The exit code, negative for a signal, or None while it lives."""
    if codes[pid] is None:
        gone, status = os.waitpid(pid, os.WNOHANG)
        if gone:
            codes[pid] = os.waitstatus_to_exitcode(status)
    return codes[pid]


def main() -> None:
    django.setup()
    import djobea.urls  # noqa: PLC0415  what the system checks read
    import djobea.worker  # noqa: F401, PLC0415  all that a worker needs

    for line in sys.stdin:
        wish: dict[str, Any] = json.loads(line)
        if "start" in wish:
            answer: dict[str, Any] = {"pid": start(wish["start"], wish["log"], wish["clock_is_off_by"])}
        else:
            answer = {"code": poll(wish["poll"])}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid in [pid for pid in codes if poll(pid) is None]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
