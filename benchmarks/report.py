"""Results as Markdown tables."""

from collections.abc import Sequence

from benchmarks.benchmark import MEASURE, Benchmark
from benchmarks.subjects import Result

_PARSER = "dbt-artifacts-parser, parse"


def table(benchmark: Benchmark, results: Sequence[Result], manifest_mb: float) -> str:
    """Lay results out, with ratios to the peers that were measured in the same minutes."""
    by_title = {result.title: result.numbers for result in results}
    extra = list(dict.fromkeys(name for result in results for name in result.numbers))
    extra = [name for name in extra if name not in ("seconds", "peak_mb")]
    ratios = {
        f"x {name}": seconds
        for name, title in (("orjson.loads", MEASURE), ("parser", _PARSER))
        if (seconds := by_title.get(title, {}).get("seconds"))
    }
    over_file = ["peak / manifest"] if benchmark.revisions else []
    head = ["", "seconds", *ratios, "peak MB", *over_file, *extra]
    lines = [f"### {benchmark.name}: {benchmark.question}", "", _line(head)]
    lines.append(_line(["---"] + ["---:"] * (len(head) - 1)))
    for result in results:
        numbers = result.numbers
        if not numbers:
            lines.append(_line([result.title, f"not measured: {result.failure}"]))
            continue
        cells = [result.title, f"{numbers['seconds']:.3f}"]
        cells += [f"{numbers['seconds'] / base:.2f}" for base in ratios.values()]
        cells.append(f"{numbers['peak_mb']:.0f}")
        cells += [f"{numbers['peak_mb'] / manifest_mb:.2f}"] if over_file else []
        lines.append(_line([*cells, *(_number(numbers.get(name)) for name in extra)]))
    return "\n".join(lines) + "\n"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
