"""The `port` command: two programs of a user's own, compared; what came, in a dozen lines."""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from compare.cli.signals import INTERRUPTED
from compare.errors import UsageError
from compare.limits import check_in_range, check_timeout
from compare.port.comparison import compare
from compare.port.records.result import PortResult
from compare.port.request import PortRequest
from compare.port.side import PortFailed
from compare.port.summary import summary_lines
from compare.port.translation.matching import Names
from compare.report.html.port_document import write_port_document
from compare.report.port_page import port_markdown, write_port_page
from compare.storage.port_result import hold_port_folder, save_port_result

MOST_UPDATES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PortSettings:
    """What the command line says."""

    request: PortRequest
    out: Path | None
    overwrite: bool
    markdown: bool
    debug: bool


def run_port(settings: PortSettings, console: Console, error_console: Console) -> int:
    """Compare, show and store; return the exit code.

    Raises: UsageError where the user must change something first.
    """
    request = settings.request
    check_in_range("--updates", request.updates, MOST_UPDATES)
    check_timeout(request.timeout_seconds)
    try:
        if settings.out is None:
            result = _compared(request, error_console)
        else:
            with hold_port_folder(settings.out, overwrite=settings.overwrite):
                result = _compared(request, error_console)
                save_port_result(result.plain, settings.out)
                page = write_port_page(result, settings.out)
                write_port_document(page, result, settings.out)
                error_console.print(f"Page: {settings.out / page.name}", soft_wrap=True)
    except KeyboardInterrupt:
        error_console.print("Interrupted.")
        return INTERRUPTED
    except PortFailed as failure:
        _show_log(failure, settings, error_console)
        error_console.print(Text(f"error: {failure}"), soft_wrap=True)
        return 1
    except UsageError as error:
        _show_log(error, settings, error_console)
        raise
    if settings.markdown:
        console.out(port_markdown(result), highlight=False)
    else:
        for line in summary_lines(result):
            console.print(Text(line))
    return 1 if result.verdict == "different" else 0


def _compared(request: PortRequest, error_console: Console) -> PortResult:
    with error_console.status("Comparing"):
        return compare(request)


def _show_log(error: Exception, settings: PortSettings, error_console: Console) -> None:
    """What the programs wrote, tracebacks included, where that was asked for."""
    if settings.debug:
        for note in getattr(error, "__notes__", ()):
            error_console.print(Text(note), soft_wrap=True)


def read_names(path: Path | None) -> Names:
    """The pairs of a two-column text; lines that begin with # are left out.

    Raises: UsageError.
    """
    if path is None:
        return ()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--map {path} cannot be read: {error}") from error
    names = []
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 2:
            raise UsageError(f"--map {path}, line {number}: expected two names, came {len(words)}")
        names.append((words[0], words[1]))
    return names
