"""The template of an evaluation's page."""

from __future__ import annotations

TEMPLATE = """{% extends 'base' %}{% import 'macros' as report %}
{% block title %}{{ data }}: evaluation{% endblock %}
{% block body %}
<h1>Evaluation on {{ data }}</h1>
<p class="soft">{{ model }}, {{ frames }} frames, compared on the {{ place }}'s pixels.</p>
{{ report.cards(cards) }}
<h2>Classes</h2>
<div class="panel two"><div>
{{ report.bars(iou, colours) }}
<p class="soft" style="margin-top: 12px">Intersection over union, from one confusion matrix over
all pixels of all frames; void is left out.
{% if absent %}Not in the truth, and not averaged: {{ absent|join(', ') }}.{% endif %}</p></div>
<div>{{ report.table(['class', 'IoU', 'precision', 'recall', 'F1'], classes) }}</div></div>
<h2>Road</h2>
<div class="panel"><div class="two"><div>
{{ curves }}{{ report.legend(series) }}
<p class="soft">Precision over recall of the road, by the threshold of its probability.</p></div>
{% if bands %}<div><h3>Road that is found, by distance</h3>
{{ report.bars(bands, {}) }}
<p class="soft">Recall on the road plane, with every pixel in the class the model calls
it.</p></div>{% endif %}</div>
{{ report.table(view_columns, views) }}
<p class="soft" style="margin-top: 12px">MaxF, AP and the rates at the best threshold as in the
KITTI Road protocol (Fritsch et al. 2013){% if views|length > 1 %}; the bird's-eye view is the road
plane, 20 m wide and 6 to 46 m ahead, in squares of 5 cm{% endif %}.
Boundary F1 {{ boundary.f1|three }} (precision {{ boundary.precision|three }}, recall
{{ boundary.recall|three }}): edges that meet within 0.75 % of the picture's diagonal.</p></div>
<h2>Confusion</h2>
<div class="panel"><table>
<tr><th>truth</th>{% for name in called %}<th>{{ name }}</th>{% endfor %}<th>share of all</th></tr>
{% for row in confusion %}
<tr><td>{{ row.name }}</td>
{% for share in row.shares %}
<td style="background: rgba(37, 99, 168, {{ '%.2f'|format(0.6 * share) }})">
{{- '%.1f'|format(100 * share) }}</td>
{% endfor %}
<td class="soft">{{ '%.1f'|format(100 * row.weight) }}</td></tr>
{% endfor %}
</table><p class="soft" style="margin-top: 12px">Percent of each class's pixels (a row) by what
they were called.</p></div>
<h2>Frames</h2>
{% if not road_only %}{{ report.legend(colours) }}{% endif %}
{{ report.error_legend() }}
{% for frame in shown %}
<h3>{{ frame.title }}</h3>
{{ report.pictures(frame.pictures, frame.title) }}
{% endfor %}
<h2>What was measured</h2>
<div class="panel">{{ report.facts(facts) }}</div>
{% endblock %}
"""
