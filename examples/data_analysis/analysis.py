import csv
import statistics
from collections import defaultdict
from pathlib import Path

source = Path("SOURCE")
revenue = defaultdict(float)
with source.open(newline="") as rows:
    for row in csv.DictReader(rows):
        revenue[row["month"]] += int(row["units"]) * float(row["price"])

months, values = list(revenue), list(revenue.values())
slope, _ = statistics.linear_regression(range(len(values)), values)
print(f"{len(months)} months, {sum(values):.2f} in all")
print(f"mean {statistics.mean(values):.2f}, best {max(revenue, key=revenue.get)}")
print(f"growing by {slope:.2f} a month")

width, height, bar = 480, 240, 480 / len(values)
bars = "".join(
    f'<rect x="{i * bar + 8:.1f}" y="{height - 20 - v / max(values) * 200:.1f}" '
    f'width="{bar - 16:.1f}" height="{v / max(values) * 200:.1f}" fill="#4878a8"/>'
    f'<text x="{(i + 0.5) * bar:.1f}" y="{height - 5}" text-anchor="middle" '
    f'font-size="11" font-family="sans-serif">{m}</text>'
    for i, (m, v) in enumerate(zip(months, values))
)
source.with_name("revenue.svg").write_text(
    f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">{bars}</svg>\n'
)
