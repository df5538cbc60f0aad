"""How much a user may ask for."""

from compare.errors import UsageError

MOST_EPOCHS = 10_000
MOST_SEEDS = 1_000
MOST_ROUNDS = 1_000
MOST_THREADS = 4_096
MOST_MEMORY_MEBIBYTES = 2**24
LONGEST_TIMEOUT_SECONDS = 1e6


def check_in_range(option: str, value: int | None, most: int, least: int = 1) -> None:
    """Raise if a number is below the least or above the most that is allowed; None passes.

    Raises: UsageError.
    """
    if value is not None and not least <= value <= most:
        raise UsageError(f"{option} is {value}: it must lie between {least} and {most}")


def check_timeout(seconds: float) -> None:
    """Raise if a time limit is not above 0, or too long for a timer.

    Raises: UsageError.
    """
    if not 0 < seconds <= LONGEST_TIMEOUT_SECONDS:
        raise UsageError(
            f"--timeout is {seconds:g}: it must lie above 0 and be at most {LONGEST_TIMEOUT_SECONDS:,.0f}"
        )
