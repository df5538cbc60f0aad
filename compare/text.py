"""Text and numbers for people: escaped for GitHub-flavoured Markdown, rounded to what matters."""

import html
import math
import re
import shlex
from collections.abc import Sequence
from zlib import crc32

NOTHING = "–"
LONGEST_SLUG = 80
_SPECIAL = re.compile(r"([\\`*\[\]~]|(?<!\w)_|_(?!\w))")


def one_line(text: object) -> str:
    """The text without what cannot be printed, on one line; of the system's, what is no text is escaped."""
    return " ".join("".join(c if c.isprintable() else " " for c in storable(str(text))).split())


def storable(text: str) -> str:
    """Text of the system, such as a path, where it is no valid Unicode with what is not escaped: `\\xe9`."""
    try:
        return text.encode(errors="surrogateescape").decode(errors="backslashreplace")
    except UnicodeEncodeError:
        return text.encode(errors="backslashreplace").decode()


def shell_word(text: str) -> str:
    """A word that a shell reads as this text, also where it is no valid Unicode."""
    escaped = storable(text)
    return shlex.quote(text) if escaped == text else f"$'{escaped}'"


def number_list(numbers: Sequence[int]) -> str:
    """Numbers in ascending order, those in a row as a range: `0-3, 8`."""
    parts: list[list[int]] = []
    for each in numbers:
        if parts and each == parts[-1][-1] + 1:
            parts[-1].append(each)
        else:
            parts.append([each])
    return ", ".join(f"{part[0]}-{part[-1]}" if len(part) > 1 else str(part[0]) for part in parts)


def escape(text: object) -> str:
    """One line that shows `text` literally, inside a table or out of it."""
    marked = _SPECIAL.sub(r"\\\1", html.escape(one_line(text), quote=False))
    return marked.replace("|", "&#124;").replace("$", "&#36;")


def escape_sentence(text: str) -> str:
    """As `escape`, but for backticks, which set code where they come in pairs."""
    return escape(text) if text.count("`") % 2 else escape(text).replace("\\`", "`")


def shortened(text: str, longest: int = 60) -> str:
    """The beginning of a text that is too long to be shown."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def code(text: str) -> str:
    """An indented block, in which nothing is markup."""
    shown = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
    return "\n".join(f"    {line}" for line in shown.strip().splitlines())


def slug(name: str) -> str:
    """A file name for `name`, of bounded length; names that differ get file names that differ."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower())[:LONGEST_SLUG].strip("-")
    return plain if plain and plain == name else f"{plain or 'unnamed'}-{crc32(name.encode()):08x}"


def after_status(status: str, reason: str) -> str:
    """A reason to be shown after a status, without the status's own word."""
    return re.sub(rf"(^|: ){re.escape(status)} ", r"\1", reason)


def number(value: float | None, digits: int = 3) -> str:
    """A number with so many significant digits, whole numbers in full; thousands are separated by commas."""
    if value is None or math.isnan(value):
        return NOTHING
    rounded = float(f"{value:.{digits}g}")
    whole = math.isfinite(value) and value == int(value)
    if whole or min(1000, 10**digits) <= abs(rounded) < math.inf:
        return f"{rounded:,.0f}"
    return f"{value:#.{digits}g}".removesuffix(".")


def counted(number: int, thing: str) -> str:
    """A count and its noun, as in "1 epoch" and "2 epochs"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def how_far(epochs: int, rounds: int) -> str:
    """After how much an interrupt came."""
    trained = f"after {counted(epochs, 'epoch')}"
    return f"{trained} and {counted(rounds, 'timed round')}" if rounds else trained


def difference(value: float | None) -> str:
    """A relative difference with one decimal and its power of ten."""
    if value is None or math.isnan(value):
        return NOTHING
    return f"{value:.1e}" if value else "0"


def factor(value: float | None) -> str:
    """A ratio: two decimals between a tenth and ten, three significant digits below and above."""
    if value is None or math.isnan(value):
        return NOTHING
    return f"{value:.2f}" if 0.0995 <= value < 9.995 else number(value)


def seconds(value: float | None) -> str:
    """Seconds with two decimals, three below one second; below a millisecond "< 0.001"."""
    if value is None or math.isnan(value):
        return NOTHING
    if 0 < value < 0.001:
        return "<\u00a00.001"
    return f"{value:.3f}" if value < 1 else f"{value:,.2f}"


def mean_with_deviation(mean: float, sd: float) -> str:
    """Mean ± standard deviation: the deviation with two digits, the mean with as many decimals."""
    if not math.isfinite(mean) or not math.isfinite(sd):
        return f"{mean:#.4g}".removesuffix(".") if math.isfinite(mean) else number(mean)
    if sd == 0:
        return f"{mean:.4g}\u00a0±\u00a00"
    decimals = max(0, 1 - math.floor(math.log10(sd)))
    shown = (f"{mean:.{decimals}f}", f"{sd:.{decimals}f}") if decimals <= 6 else (f"{mean:.4g}", f"{sd:.1g}")
    return "\u00a0±\u00a0".join(shown)


def interval_text(low: float, high: float) -> str:
    """An interval as "low to high", with as many decimals as its width calls for."""
    if math.isnan(low) or math.isnan(high):
        return NOTHING
    if low == high:
        return f"{low:.4g}"
    decimals = max(0, 1 - math.floor(math.log10(high - low))) if math.isfinite(high - low) else math.inf
    if decimals > 6:
        return f"{low:.4g} to {high:.4g}"
    return f"{low:.{decimals}f} to {high:.{decimals}f}".replace("-", "−")


def signed(value: float) -> str:
    """A difference with its sign and two digits, whole numbers in full."""
    if math.isnan(value):
        return NOTHING
    size = abs(value)
    shown = f"{size:.2g}" if size < 99.5 else f"{size:,.0f}"
    return f"{'+' if value > 0 else '−'}{shown}" if value else "0"


def percent(share: float | None) -> str:
    """A share as a percentage with two digits."""
    if share is None or not math.isfinite(share):
        return NOTHING
    return f"{number(100 * share, 2 if share < 1 else 3)}\u00a0%"


def mebibytes(value: float | None) -> str:
    """A number of bytes, in MiB."""
    return NOTHING if value is None or math.isnan(value) else f"{value / 2**20:,.0f}\u00a0MiB"
