"""`python -m tests.brief_command …` is `python -m compare …`, its turns of milliseconds in one process.

Figures are files without a picture: drawing takes most of a report's time.
"""

from contextlib import ExitStack, contextmanager
from functools import partial
from unittest.mock import patch

from compare.__main__ import main
from compare.benchmarks import interleaved, loop_comparison
from compare.cli import plan
from compare.records.block import Block
from compare.storage import checkpoint
from tests.blocks import BRIEF


def no_picture(figure, stream, **options):
    """Write the beginning of a picture."""
    stream.write(b"\x89PNG")


@contextmanager
def brief():
    """From here to the end turns are brief, figures no pictures, and blocks a snapshot after every epoch."""
    with ExitStack() as stack:
        stack.enter_context(patch("matplotlib.figure.Figure.savefig", no_picture))
        stack.enter_context(patch.object(plan, "Block", partial(Block, timing=BRIEF)))
        stack.enter_context(patch.dict(plan.PROCESSES, quick=1))
        stack.enter_context(patch.object(plan, "PROCESSES_OF_SELF_TEST", 3))
        timed = partial(interleaved.time_interleaved, timing=BRIEF)
        stack.enter_context(patch.object(loop_comparison, "time_interleaved", timed))
        stack.enter_context(patch.object(checkpoint, "SNAPSHOT_SECONDS", 0.0))
        yield


if __name__ == "__main__":
    with brief():
        main()
