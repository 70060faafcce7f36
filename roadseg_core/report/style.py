"""Hold the common frame, style and elements of report pages."""

from __future__ import annotations

STYLE = """
:root { --ink: #1b2430; --soft: #5c6875; --line: #dde2e8; --back: #f6f7f9; --card: #fff; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 26px; margin: 0 0 4px; font-weight: 650; letter-spacing: -.01em; }
h2 { font-size: 18px; margin: 40px 0 12px; font-weight: 650; }
h3 { font-size: 15px; margin: 20px 0 8px; font-weight: 600; }
p { margin: 0 0 10px; max-width: 82ch; }
.soft { color: var(--soft); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 12px;
  margin: 24px 0 8px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 14px 16px; }
.card b { display: block; font-size: 24px; font-weight: 650; line-height: 1.25;
  font-variant-numeric: tabular-nums; }
.card span { color: var(--soft); font-size: 13px; }
.panel { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 16px; overflow-x: auto; }
.problem { border-left: 4px solid #c53030; background: #fdf1f0; padding: 10px 14px;
  margin: 12px 0; border-radius: 4px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 10px; text-align: right; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); font-size: 13px; vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; }
tr:last-child td { border-bottom: 0; }
tr.total td { font-weight: 650; border-top: 1px solid var(--soft); }
.facts td { text-align: left; overflow-wrap: anywhere; }
.facts td:first-child { color: var(--soft); width: 190px; }
.bar { display: grid; grid-template-columns: 130px 1fr 56px; gap: 12px; align-items: center;
  margin: 6px 0; font-variant-numeric: tabular-nums; }
.track { background: #eceff3; border-radius: 3px; height: 14px; }
.fill { height: 14px; border-radius: 3px; }
.legend { display: flex; flex-wrap: wrap; gap: 6px 18px; margin: 8px 0 4px; font-size: 13px; }
.legend i { display: inline-block; width: 14px; height: 14px; border-radius: 3px;
  border: 1px solid #0003; margin-right: 6px; vertical-align: -2px; }
.row { display: grid; grid-auto-flow: column; grid-auto-columns: minmax(150px, 1fr); gap: 8px;
  margin-bottom: 12px; }
figure { margin: 0; }
figure img { width: 100%; display: block; border-radius: 4px; background: #222; }
figcaption { font-size: 12px; color: var(--soft); margin-top: 2px; }
svg { width: 100%; max-width: 760px; height: auto; display: block; }
svg text { font: 13px system-ui, "DejaVu Sans", sans-serif; fill: #5c6875;
  paint-order: stroke; stroke: #fffc; stroke-width: 3px; }
svg .grid { stroke: #e6eaef; } svg .limit { stroke: #8a95a3; stroke-dasharray: 5 4; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 16px; }
@media (max-width: 620px) { .two { grid-template-columns: 1fr; }
  .row { grid-auto-columns: minmax(120px, 60vw); overflow-x: auto; } }
.pass { color: #2f855a; font-weight: 600; } .fail { color: #c53030; font-weight: 600; }
.note { border-left: 4px solid #b7791f; background: #fdf7e8; padding: 10px 14px;
  margin: 12px 0; border-radius: 4px; }
svg.wide { max-width: none; } code { font-size: 13px; }
"""

BASE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{% block title %}{% endblock %}</title>
<style>{{ style }}</style>
</head>
<body><main>
{% block body %}{% endblock %}
</main></body>
</html>
"""

MACROS = """
{%- macro cards(items) %}
<div class="cards">
{% for value, label in items %}
<div class="card"><b>{{ value }}</b><span>{{ label }}</span></div>
{% endfor %}
</div>
{%- endmacro %}
{%- macro bars(values, colours) %}
{% for name, value in values.items() %}
<div class="bar"><span>{{ name }}</span><div class="track"><div class="fill"
style="width: {{ '%.1f'|format(100 * (value or 0)) }}%;
background: {{ colours.get(name, '#2563a8') }}; box-shadow: inset 0 0 0 1px #0002"></div></div>
<span>{{ value|three }}</span></div>
{% endfor %}
{%- endmacro %}
{%- macro legend(colours) %}
<div class="legend">
{% for name, colour in colours.items() %}
<span><i style="background: {{ colour }}"></i>{{ name }}</span>
{% endfor %}
</div>
{%- endmacro %}
{%- macro error_legend() %}
<div class="legend"><span class="soft">Errors:</span>
<span><i style="background: rgb(230, 60, 60)"></i>road that was missed</span>
<span><i style="background: rgb(255, 165, 40)"></i>wrongly called road</span>
<span><i style="background: rgb(150, 150, 150)"></i>another class mistaken</span>
<span><i style="background: rgb(48, 48, 48)"></i>right</span>
<span><i style="background: #000"></i>no truth</span></div>
{%- endmacro %}
{%- macro pictures(items, about, after_first='') %}
<div class="row">
{% for picture in items %}
<figure><img src="{{ picture.uri }}" alt="{{ picture.caption }}, {{ about }}">
<figcaption>{{ picture.caption }}{% if loop.first %}{{ after_first }}{% endif %}</figcaption>
</figure>
{% endfor %}
</div>
{%- endmacro %}
{%- macro facts(values) %}
<table class="facts">
{% for key, value in values.items() %}
{% if value is not none and value != '' %}
<tr><td>{{ key|replace('_', ' ') }}</td><td>{{ value }}</td></tr>
{% endif %}
{% endfor %}
</table>
{%- endmacro %}
{%- macro table(columns, rows) %}
<table>
<tr>{% for column in columns %}<th>{{ column }}</th>{% endfor %}</tr>
{% for row in rows %}
<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</table>
{%- endmacro %}
"""
"""Import them by ``{% import 'macros' as report %}``."""
