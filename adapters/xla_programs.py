"""What XLA has made of a program: its library calls, products, loops and fusions, by its own text of it."""

import re
from collections import Counter
from collections.abc import Mapping

from adapters.dtypes import Dtype
from adapters.work import KernelRun

NAMES: Mapping[Dtype, str] = {"bfloat16": "bf16", "float16": "f16", "float32": "f32", "float64": "f64"}
"""What XLA calls numbers of a dtype."""

_OTHERS = {
    "while loop": re.compile(r" while\("),
    "sum over devices": re.compile(r" all-reduce(?:-start)?\("),
    "exchange between devices": re.compile(r" (?:all-gather|all-to-all|collective-permute)(?:-start)?\("),
}
_PRODUCT = re.compile(r"= \w+\[([\d,]*)\]\S* (?:dot|convolution)\(")
_FACTORS = re.compile(r" dot\(%?([\w.-]+), %?([\w.-]+)\)")
_DEFINED = re.compile(r"%?([\w.-]+) = (\w+)\[")
_TARGET = re.compile(r'custom_call_target="([^"]+)"')
_KIND = re.compile(r"fusion\(.*kind=k(\w+)")
_CUSTOM = re.compile(r'"fusion_config":{"kind":"([^"]+)"')


def kernels_in(program: str) -> tuple[KernelRun, ...]:
    """What an optimized program computes in one piece, each with how often it stands there."""
    found = Counter(name for line in program.splitlines() if (name := _kernel(line)))
    return tuple(KernelRun(f"XLA {name}", times, compiled=True) for name, times in found.most_common())


def multiplies(program: str, dtype: Dtype) -> bool:
    """Whether all products of an optimized program are of such numbers.

    Where it has no kernel for them, it makes others of them first.
    """
    kinds = dict(_DEFINED.findall(program))
    factors = [kinds[name] for pair in _FACTORS.findall(program) for name in pair]
    return bool(factors) and set(factors) == {NAMES[dtype]}


def _kernel(line: str) -> str | None:
    """What an instruction runs; None where it is no more than a part of something that is computed as one."""
    if target := _TARGET.search(line):
        return f"custom call {target[1]}"
    if custom := _CUSTOM.search(line):
        return f"fusion {custom[1]}"
    if kind := _KIND.search(line):
        return f"fusion ({kind[1].lower()})"
    if product := _PRODUCT.search(line):
        return f"product of {product[1].replace(',', ' × ') or 'one'} number{'s' if product[1] else ''}"
    return next((name for name, others in _OTHERS.items() if others.search(line)), None)
