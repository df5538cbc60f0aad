"""The page that says where the time of an update goes, and which kernels ran."""

from dataclasses import dataclass
from pathlib import Path

from compare.analysis.caveats import poor_kernels, slow_paths
from compare.analysis.profile import CLOSE, RULE, UNDIVIDED, Stack, operators, stacks
from compare.records.profile import Profile
from compare.records.results import Results
from compare.report.figure_file import FigureFile
from compare.report.figures.profile import profile_figure
from compare.report.figures.style import styles
from compare.report.page import Page
from compare.report.renderer import Renderer
from compare.report.tables.environment import environment_table
from compare.report.tables.profile import kernel_table, profile_table
from compare.report.tables.table import Table
from compare.text import slug

MOST_KERNELS = 12
"""How many of each adapter on each task the page shows; the CSV file has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileSection:
    """What a page shows of profiles."""

    tables: dict[str, Table | None]
    figures: dict[str, FigureFile]
    stacks: list[Stack]
    profiles: list[Profile]
    warnings: list[str]
    operators: dict[tuple[str, str], float | None]
    on_gpu: list[str]
    overlapping: list[str]
    undivided: list[str]
    kernels_known: bool
    rule: str = RULE
    undivided_why: str = UNDIVIDED
    close: float = CLOSE
    most_kernels: int = MOST_KERNELS


def profile_section(results: Results, renderer: Renderer) -> ProfileSection:
    """Everything of it; figures are written."""
    profiles = results.profiles
    found = stacks(profiles)
    rates = {each.adapter: each.product_rate for each in profiles if each.product_rate}
    drawn = {
        f"{slug(task)}-profile": (
            profile_figure([stack for stack in found if stack.task == task]),
            f"{task}: time of an update of every adapter, stacked by its parts, beside its limits",
        )
        for task in dict.fromkeys(stack.task for stack in found)
    }
    return ProfileSection(
        tables={
            "profile": profile_table(found) if found else None,
            "kernels": kernel_table(profiles),
        },
        figures=renderer.figures(drawn),
        stacks=found,
        profiles=profiles,
        warnings=[*poor_kernels(results.environment, rates), *slow_paths(results.environment, profiles)],
        on_gpu=[*dict.fromkeys(each.adapter for each in profiles if each.device == "cuda")],
        overlapping=[f"{stack.adapter} on {stack.task}" for stack in found if stack.overlaps],
        undivided=[f"{stack.adapter} on {stack.task}" for stack in found if not stack.parts],
        kernels_known=any(each.kernels or each.libraries for each in profiles),
        operators={(each.task, each.adapter): operators(each) for each in profiles},
    )


def profile_front(results: Results, folder: Path) -> Page:
    """README.md of a profile alone; figures and tables are written."""
    adapters = dict.fromkeys(profile.adapter for profile in results.profiles)
    renderer = Renderer(folder=folder, styles=styles(adapters), values={"environment": results.environment})
    section = profile_section(results, renderer)
    return renderer.front(
        "Where the time goes",
        "profile_front.md.jinja",
        section.tables,
        section=section,
        environment_table=environment_table(results.environment),
    )
