"""The process that `benchmarks.kills` kills; tells each step in a line."""

import sys
from pathlib import Path

from benchmarks.kills import follow_once

follow_once(Path(sys.argv[1]), Path(sys.argv[2]), lambda step: print(step, flush=True))
