"""`python -m djobea.simulator`: the simulator without Django, which starts in well under a second."""

import sys

from djobea.simulator.server import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
