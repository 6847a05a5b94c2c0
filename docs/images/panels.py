"""Draws the dashboards as Grafana lays them out: python panels.py PROMETHEUS FOLDER."""

import json
import math
import pathlib
import sys
import textwrap
import time
import urllib.parse
import urllib.request

import matplotlib

matplotlib.use("svg")
import matplotlib.dates as dates
import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter

DASHBOARDS = pathlib.Path(__file__).parents[2] / "config" / "grafana" / "dashboards"
VARIABLES = {
    "$__rate_interval": "20s",
    "$__range": "10m",
    "$instance": ".*",
    "$priority": ".*",
    "$route": ".*",
}
SECONDS = 180
UNITS = {"cps": "/s", "s": "s", "percentunit": "%", "short": ""}
STYLE = {
    "font.size": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "svg.hashsalt": "reeve",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
}


def main(prometheus, folder):
    """Writes one SVG per dashboard."""
    plt.rcParams.update(STYLE)
    end = time.time()
    for path in sorted(DASHBOARDS.glob("*.json")):
        dashboard = json.loads(path.read_text())
        figure = draw(dashboard, lambda expr: ask(prometheus, expr, end))
        target = pathlib.Path(folder) / f"{dashboard['uid']}.svg"
        figure.savefig(target, format="svg", metadata={"Date": None})
        plt.close(figure)
        print(target)


def ask(prometheus, expr, end):
    """The series of a query: a list of (labels, [(time, value)])."""
    for variable, value in VARIABLES.items():
        expr = expr.replace(variable, value)
    arguments = {"query": expr, "start": end - SECONDS, "end": end, "step": 1}
    url = f"{prometheus}/api/v1/query_range?{urllib.parse.urlencode(arguments)}"
    with urllib.request.urlopen(url, timeout=30) as answer:
        result = json.load(answer)["data"]["result"]
    return [(series["metric"], [(at, float(value)) for at, value in series["values"]]) for series in result]


def draw(dashboard, query):
    """One figure with every panel where the dashboard has it."""
    panels = dashboard["panels"]
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels)
    figure = plt.figure(figsize=(14, rows * 0.29 + 0.5))
    figure.suptitle(dashboard["title"], x=0.01, ha="left", fontsize=11, fontweight="bold")
    for panel in panels:
        axes = figure.add_axes(rectangle(panel, rows))
        if panel["type"] == "row":
            axes.axis("off")
            axes.text(0, 0, panel["title"], fontsize=9, fontweight="bold", va="bottom")
            continue
        KINDS[panel["type"]](axes, panel, series_of(panel, query))
        axes.set_title(panel["title"], loc="left", fontsize=7.5)
    return figure


def rectangle(panel, rows):
    """Where a panel stands on the figure, with room for its title and the names on its axes."""
    place = panel["gridPos"]
    names = 0.075 if panel["type"] == "bargauge" else 0.035
    row, is_row = 0.97 / rows, panel["type"] == "row"
    left, width = place["x"] / 24 + (0.01 if is_row else names), place["w"] / 24 - (0 if is_row else names + 0.008)
    above, below = (0, 0.2) if is_row else (0.9, 1.1)
    top = 0.97 - row * place["y"]
    height = row * (place["h"] - above - below)
    return [left, top - row * above - height, width, height]


def series_of(panel, query):
    """Legend and points of every series of a panel that says something."""
    found = []
    for target in panel["targets"]:
        for labels, points in query(target["expr"]):
            points = [(at, value) for at, value in points if math.isfinite(value)]
            legend = target["legendFormat"]
            for name, value in labels.items():
                legend = legend.replace("{{" + name + "}}", value)
            if points:
                found.append((legend, points))
    return found


def unit_of(panel):
    """How the axis of a panel names its numbers."""
    unit = panel["fieldConfig"]["defaults"]["unit"]
    return FuncFormatter(lambda value, _: number(value, unit))


def number(value, unit):
    """A number as Grafana would write it, nearly."""
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    if unit == "s" and 0 < abs(value) < 1:
        return f"{value * 1000:.3g} ms"
    if unit == "s" and 600 <= value < 7200:
        return f"{value / 60:.3g} min"
    if unit == "s" and value >= 7200:
        return f"{value / 3600:.3g} h"
    if value >= 10000:
        return f"{value / 1000:.3g} k"
    return f"{value:.3g} {UNITS[unit]}".strip()


def timeseries(axes, panel, series):
    """Lines, or stacked areas; the eight that reach highest have a name."""
    series = sorted(series, key=lambda each: -max(value for _, value in each[1]))
    stacked = panel["fieldConfig"]["defaults"]["custom"]["stacking"]["mode"] == "normal"
    base = {}
    for index, (legend, points) in enumerate(series):
        times = [at / 86400 for at, _ in points]
        values = [value + base.get(at, 0) for at, value in points]
        label = legend if index < 8 else None
        if stacked:
            below = [base.get(at, 0) for at, _ in points]
            axes.fill_between(times, below, values, alpha=0.45, label=label, linewidth=0)
            base.update(zip((at for at, _ in points), values))
        else:
            axes.plot(times, values, linewidth=1, label=label)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(unit_of(panel))
    axes.xaxis.set_major_formatter(dates.DateFormatter("%H:%M:%S"))
    axes.xaxis.set_major_locator(plt.MaxNLocator(3))
    if series:
        axes.legend(fontsize=5, frameon=False, loc="upper left", ncols=2)


def stat(axes, panel, series):
    """The last number, large."""
    axes.axis("off")
    unit = panel["fieldConfig"]["defaults"]["unit"]
    names = {}
    for mapping in panel["fieldConfig"]["defaults"]["mappings"]:
        names.update({key: each["text"] for key, each in mapping["options"].items()})
    texts = []
    for legend, points in series[:4]:
        last = points[-1][1]
        text = names.get(f"{last:g}", number(last, unit))
        texts.append(text if len(series) == 1 else f"{legend}: {text}")
    axes.text(0.5, 0.4, "\n".join(texts), ha="center", va="center", fontsize=15 if len(texts) == 1 else 8)


def bargauge(axes, panel, series):
    """The last number of each series, as bars."""
    unit = panel["fieldConfig"]["defaults"]["unit"]
    last = [(legend, points[-1][1]) for legend, points in series]
    last.sort(key=lambda each: each[0], reverse=True)
    labels = ["\n".join(textwrap.wrap(legend, 18)) for legend, _ in last]
    bars = axes.barh(labels, [value for _, value in last], alpha=0.6)
    axes.bar_label(bars, [number(value, unit) for _, value in last], fontsize=6, padding=2)
    axes.tick_params(axis="y", labelsize=5)
    axes.xaxis.set_visible(False)
    axes.margins(x=0.25)


KINDS = {"timeseries": timeseries, "stat": stat, "bargauge": bargauge}

if __name__ == "__main__":
    main(*sys.argv[1:])
