"""`python -m djobea.demo.leash PARENT COMMAND...`: become COMMAND, and end when the process PARENT does.

Without it, a demo that is killed outright would leave its children behind, which hold its ports.
"""

import ctypes
import os
import signal
import sys
from typing import Final

PR_SET_PDEATHSIG: Final = 1


def end_with_parent(parent: int) -> None:
    """Let the kernel end this process when its parent dies, however it dies (Linux; elsewhere nothing happens)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died a moment before
            sys.exit(1)


def main(parent: str, *command: str) -> None:
    """Tie this process to its parent and turn it into the command."""
    end_with_parent(int(parent))
    os.execvp(command[0], command)  # noqa: S606  that is the point


if __name__ == "__main__":
    main(*sys.argv[1:])
