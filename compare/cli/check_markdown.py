"""What a check found, as Markdown for a pull request, and what its figures mean."""

import platform
from importlib.metadata import PackageNotFoundError, version

from jinja2 import Environment, PackageLoader, StrictUndefined

from adapters import AdapterUnavailable
from adapters import version as framework_version
from adapters.declaration_reader import AdapterBroken
from compare.parity.check_result import Findings
from compare.text import difference, escape
from compare.tolerances import FLOAT32_BAND, FLOAT64_BAND, FLOOR, GRADIENT_BAND, UPDATES

LEGEND = (
    "Largest differences from the reference r, numpy's adapter where its gradients are right. "
    f"loss, param. (float64, over {UPDATES} updates or more): |a − r| / max(|r|, {FLOOR:g} of the largest "
    f"|r|), band {FLOAT64_BAND:.0e}. grad. (float64, at the start): |g·v − s| / |g| against slopes s of the "
    f"loss along directions v, from finite differences, band {GRADIENT_BAND:.0e}. float32 (losses, over an "
    f"epoch): |a − r| / max(1, |r|), band {FLOAT32_BAND:.0e}. In lockstep: within all bands; drifts: "
    "outside the last alone."
)


def markdown(findings: Findings) -> str:
    """What was found, in GitHub-flavoured Markdown."""
    environment = Environment(
        loader=PackageLoader("compare.cli"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    environment.filters |= {"md": escape, "difference": difference}
    return environment.get_template("check.md.jinja").render(
        findings=findings,
        versions={adapter: _version(adapter) for adapter in findings.outcomes},
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        lockstep=_lockstep_version(),
        legend=LEGEND,
    )


def _version(adapter: str) -> str:
    try:
        return framework_version(adapter)
    except (AdapterBroken, AdapterUnavailable):
        return ""


def _lockstep_version() -> str:
    try:
        return version("lockstep")
    except PackageNotFoundError:
        return "not installed"
