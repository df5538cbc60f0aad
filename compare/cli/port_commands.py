"""The commands `port` and `convert`."""

from pathlib import Path
from typing import Annotated

import typer

from compare.cli.app import app, console, error_console

Debug = Annotated[bool, typer.Option("--debug", help="Show the tracebacks and logs of the programs too.")]


@app.command(help="Compare two programs of your own: the first place where they part, and why.")
def port(
    first: Annotated[str, typer.Argument(metavar="A", help="file.py:function or module:function.")],
    second: Annotated[str, typer.Argument(metavar="B", help="The same, of the other program.")],
    data: Annotated[
        Path | None, typer.Option(help="An NPZ with inputs, targets and, if need be, lengths.")
    ] = None,
    updates: Annotated[int, typer.Option(help="How many updates the loss curves are compared over.")] = 100,
    map_file: Annotated[
        Path | None, typer.Option("--map", help="Two columns: layers of A, their counterparts in B.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A folder for port.json, the page and its figure.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is in that folder.")] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Show what was found as Markdown, for a pull request.")
    ] = False,
    timeout: Annotated[
        float, typer.Option(help="Seconds that a program may take for any one thing.")
    ] = 120.0,
    debug: Debug = False,
) -> None:
    from compare.cli.port import PortSettings, read_names, run_port  # noqa: PLC0415
    from compare.port.request import PortRequest  # noqa: PLC0415

    request = PortRequest(
        first=first,
        second=second,
        data=data,
        updates=updates,
        names=read_names(map_file),
        timeout_seconds=timeout,
    )
    settings = PortSettings(request=request, out=out, overwrite=overwrite, markdown=markdown, debug=debug)
    raise typer.Exit(run_port(settings, console, error_console))


@app.command(help="Write weights of one framework as those of another.")
def convert(
    source: Annotated[
        str,
        typer.Argument(help="file.py:function, or a file of weights: .npz, .safetensors, .weights.h5, .pt."),
    ],
    out: Annotated[Path, typer.Argument(help="The file to write, in the format that its ending says.")],
    to: Annotated[str, typer.Option("--to", help="Names and layouts of: keras, torch, jax, canonical.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it is there.")] = False,
    timeout: Annotated[
        float, typer.Option(help="Seconds that a program may take for any one thing.")
    ] = 120.0,
    debug: Debug = False,
) -> None:
    from compare.cli.convert import run_convert  # noqa: PLC0415

    code = run_convert(
        source,
        to,
        out,
        overwrite=overwrite,
        debug=debug,
        timeout=timeout,
        console=console,
        error_console=error_console,
    )
    raise typer.Exit(code)
