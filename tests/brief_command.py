"""`python -m tests.brief_command …` is `python -m compare …`, its turns of milliseconds in one process.

Figures are files without a picture: drawing takes most of a report's time.
"""

from contextlib import ExitStack, contextmanager
from functools import partial
from unittest.mock import patch

from compare.__main__ import main
from compare.benchmarks import interleaved, loop_comparison, profile, profiled
from compare.cli import plan
from compare.machine import environment
from compare.records.block import Block
from compare.storage import checkpoint
from tests.blocks import BRIEF


def no_picture(figure, stream, **options):
    """Write the beginning of a picture."""
    stream.write(b"\x89PNG")


@contextmanager
def brief_profiles():
    """From here to the end the turns of a profile are brief, and its parts are timed once."""
    with (
        patch.object(profile, "TURN", BRIEF),
        patch.object(profiled, "TURN", BRIEF),
        patch.object(profiled, "PART_SECONDS", 0.0),
    ):
        yield


@contextmanager
def brief():
    """From here to the end turns are brief, and blocks have a snapshot after every epoch or few."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(environment, "LOOK_SECONDS", 0.0))
        stack.enter_context(patch.object(plan, "Block", partial(Block, timing=BRIEF)))
        stack.enter_context(patch.dict(plan.PROCESSES, quick=1))
        stack.enter_context(patch.object(plan, "PROCESSES_OF_SELF_TEST", 3))
        timed = partial(interleaved.time_interleaved, timing=BRIEF)
        stack.enter_context(patch.object(loop_comparison, "time_interleaved", timed))
        stack.enter_context(patch.object(checkpoint, "SNAPSHOT_SECONDS", 0.0))
        stack.enter_context(brief_profiles())
        yield


if __name__ == "__main__":
    with brief(), patch("matplotlib.figure.Figure.savefig", no_picture):
        main()
