"""The template of report.html."""

from __future__ import annotations

TEMPLATE = """{% extends 'base' %}
{% import 'macros' as report %}
{% block title %}Road segmentation: report{% endblock %}
{% block body %}
<h1>Road segmentation: report</h1>
<p>Where is the road, and what is around it, on every frame of every camera: the segmentation node
publishes a label image and a road mask for each image it receives. Here it ran as its own process;
images were played into it over DDS at {{ '%g'|format(summary.conditions.fps) }} frames a second,
and every figure was measured on what came back.</p>
<p class="soft">Played: {{ summary.played }}.</p>
{% for problem in summary.problems %}
<div class="problem">{{ problem }}</div>
{% endfor %}
{% if summary.node_exit_code %}
<div class="problem">The node ended with exit code {{ summary.node_exit_code }}.</div>
{% endif %}
<div class="cards">
{% if summary.road_iou is not none %}
<div class="card"><b>{{ summary.road_iou|three }}</b><span>road IoU</span></div>
{% endif %}
{% if summary.miou is not none %}
<div class="card"><b>{{ summary.miou|three }}</b><span>mean IoU of {{ summary.iou|length }}
classes</span></div>
{% endif %}
<div class="card"><b>{{ (summary.processed_share or 0)|share }}</b><span>of {{ total.sent }}
frames processed</span></div>
{% if latency.p50 is not none %}
<div class="card"><b>{{ '%.1f'|format(latency.p50) }} ms</b><span>latency, median</span></div>
<div class="card"><b>{{ '%.1f'|format(latency.p99) }} ms</b><span>latency, 99 of 100 frames
are faster</span></div>
{% endif %}
<div class="card"><b>{{ '%.1f'|format(summary.fps.total) }}</b><span>label images a second,
{{ summary.cameras|length }} camera{{ 's' if summary.cameras|length > 1 }}</span></div>
</div>

<div class="two">
{% if summary.scores is defined %}
<section><h2>Accuracy</h2>
<div class="panel">
{{ report.bars(summary.scores.iou, colours) }}
<p class="soft" style="margin-top: 12px">Intersection over union against the exact truth, summed
over all pixels of all frames; void is left out.
Pixel accuracy {{ summary.scores.pixel_accuracy|three }}, road precision
{{ summary.scores.road_precision|three }}, road recall {{ summary.scores.road_recall|three }}.
{% if summary.scores.absent %}Not in the truth, and not averaged:
{{ summary.scores.absent|join(', ') }}.{% endif %}
Rendered frames say that the whole chain works; accuracy on streets is measured on real
frames.</p>
</div></section>
{% endif %}
<section><h2>Latency, end to end</h2>
<div class="panel">{{ chart }}
{{ report.legend(series) }}
<p class="soft">Milliseconds from just before the player published a frame to the arrival of its
label image at the recorder, on one monotonic clock.
{% if latency.max is not none %}Largest: {{ '%.1f'|format(latency.max) }} ms.{% endif %}</p>
</div></section>
</div>

<h2>Every frame accounted for</h2>
<div class="panel"><table>
<tr><th>camera</th>{% for title in columns.values() %}<th>{{ title }}</th>{% endfor %}
<th>labels a second</th></tr>
{% for camera, row in summary.frames.items() %}
<tr{% if camera == 'total' %} class="total"{% endif %}><td>{{ camera }}</td>
{% for key in columns %}<td>{{ row[key] }}</td>{% endfor %}
<td>{{ '%.2f'|format(summary.fps[camera]) }}</td></tr>
{% endfor %}
</table>
<p class="soft" style="margin: 12px 0 0">received = processed + replaced (a newer frame came first)
+ stale (waited too long) + bad (could not be decoded) + failed (the engine did) + not ready (before
the engine was) + pending. Lost by DDS: sent less received.</p></div>

<h2>Pictures</h2>
{{ report.legend(colours) }}
{% if has_errors %}{{ report.error_legend() }}{% endif %}
{% for camera, moments in by_camera %}
<h3>Camera {{ camera }}</h3>
{% for moment in moments %}
{{ report.pictures(moment.pictures, 'camera ' ~ camera,
                   after_first=', %.1f s'|format(moment.seconds)) }}
{% endfor %}
{% endfor %}

<div class="two">
<section><h2>Engine</h2><div class="panel">{{ report.facts(summary.engine) }}</div></section>
<section><h2>Conditions</h2><div class="panel">{{ report.facts(summary.conditions) }}
{{ report.facts(summary.versions) }}</div></section>
</div>
{% endblock %}
"""
