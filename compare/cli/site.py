"""The command `site`."""

from pathlib import Path
from typing import Annotated

import typer

from compare.cli.app import app, console
from compare.cli.options import named_folder, output_folder
from compare.errors import UsageError
from compare.storage.run_folder import OWN_FILES
from compare.storage.site_folder import hold_site_folder, is_site
from compare.text import counted


@app.command(help="Write a site over many runs: find, compare two, history; a folder that needs no network.")
def site(
    runs: Annotated[
        list[Path],
        typer.Argument(
            parser=named_folder, help="Folders of stored runs, or folders that hold such folders."
        ),
    ],
    out: Annotated[str, typer.Option(help="Folder for the site; an earlier site there is replaced.")],
) -> None:
    from compare.report.html.site import write_site  # noqa: PLC0415 - pandas and Matplotlib take a second

    folders = run_folders(runs)
    place = output_folder(out)
    with hold_site_folder(place):
        try:
            broken = write_site(folders, place)
        except OSError as error:
            raise UsageError(f"cannot write to {place}: {error.strerror}") from error
    for each in broken:
        console.print(f"cannot be read: {each.name}: {each.reason}", soft_wrap=True)
    shown = counted(len(folders) - len(broken), "run")
    console.print(f"Site of {shown}: {place / 'index.html'}", soft_wrap=True)


def run_folders(named: list[Path]) -> list[Path]:
    """Each folder of a run once, in the order in which they are named.

    Raises: UsageError where a folder is not there, or holds neither a run nor folders of runs.
    """
    found: dict[Path, Path] = {}
    for folder in named:
        if not folder.is_dir():
            raise UsageError(
                f"{folder} is no folder: name the folder of a run, or one that holds such folders"
            )
        inner = [folder] if _is_run(folder) else sorted(filter(_is_run, folder.iterdir()))
        if not inner:
            raise UsageError(
                f"{folder} holds no run: name the folder of a run, or one that holds such folders"
            )
        for each in inner:
            found.setdefault(each.resolve(), each)
    return list(found.values())


def _is_run(folder: Path) -> bool:
    """Whether it holds a file of a run's own, whole or not."""
    if not folder.is_dir() or is_site(folder):
        return False
    return any((folder / name).exists() for name in OWN_FILES)
