"""The template of report.html."""

from __future__ import annotations

TEMPLATE = '''<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Road segmentation: report</title>
<style>
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
svg text { font: 13px system-ui, "DejaVu Sans", sans-serif; fill: #5c6875; }
svg .grid { stroke: #e6eaef; } svg .limit { stroke: #8a95a3; stroke-dasharray: 5 4; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 16px; }
@media (max-width: 620px) { .two { grid-template-columns: 1fr; }
  .row { grid-auto-columns: minmax(120px, 60vw); overflow-x: auto; } }
</style>
</head>
<body><main>
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
{% for name, value in summary.scores.iou.items() %}
<div class="bar"><span>{{ name }}</span><div class="track"><div class="fill"
style="width: {{ '%.1f'|format(100 * (value or 0)) }}%;
background: {{ colours.get(name, '#2563a8') }}; box-shadow: inset 0 0 0 1px #0002"></div></div>
<span>{{ value|three }}</span></div>
{% endfor %}
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
<div class="legend">
{% for camera, colour in series.items() %}
<span><i style="background: {{ colour }}"></i>{{ camera }}</span>
{% endfor %}
</div>
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
<div class="legend">
{% for name, colour in colours.items() %}
<span><i style="background: {{ colour }}"></i>{{ name }}</span>
{% endfor %}
</div>
{% if has_errors %}
<div class="legend"><span class="soft">Errors:</span>
<span><i style="background: rgb(230, 60, 60)"></i>road that was missed</span>
<span><i style="background: rgb(255, 165, 40)"></i>wrongly called road</span>
<span><i style="background: rgb(150, 150, 150)"></i>another class mistaken</span>
<span><i style="background: rgb(48, 48, 48)"></i>right</span>
<span><i style="background: #000"></i>no truth</span></div>
{% endif %}
{% for camera, moments in by_camera %}
<h3>Camera {{ camera }}</h3>
{% for moment in moments %}
<div class="row">
{% for picture in moment.pictures %}
<figure><img src="{{ picture.uri }}" alt="{{ picture.caption }}, camera {{ camera }}">
<figcaption>{{ picture.caption }}{% if loop.first %}, {{ '%.1f'|format(moment.seconds) }} s
{% endif %}</figcaption></figure>
{% endfor %}
</div>
{% endfor %}
{% endfor %}

<div class="two">
<section><h2>Engine</h2><div class="panel"><table class="facts">
{% for key, value in summary.engine.items() if value %}
<tr><td>{{ key|replace('_', ' ') }}</td><td>{{ value }}</td></tr>
{% endfor %}
</table></div></section>
<section><h2>Conditions</h2><div class="panel"><table class="facts">
{% for key, value in summary.conditions.items() if value is not none %}
<tr><td>{{ key }}</td><td>{{ value }}</td></tr>
{% endfor %}
{% for key, value in summary.versions.items() %}
<tr><td>{{ key }}</td><td>{{ value }}</td></tr>
{% endfor %}
</table></div></section>
</div>
</main></body>
</html>
'''
