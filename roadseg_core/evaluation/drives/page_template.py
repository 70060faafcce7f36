"""The template of report.html."""

from __future__ import annotations

TEMPLATE = """{% extends 'base' %}
{% import 'macros' as report %}
{% block title %}Evaluation of recorded drives{% endblock %}
{% block body %}
<h1>Evaluation of recorded drives</h1>
<p class="soft">{{ model }} on {{ subject }}</p>
<div class="{{ verdict.kind }}"><b class="{{ verdict.mark }}">{{ verdict.title }}</b>
{{ verdict.text }}</div>
{{ report.cards(cards) }}
{% if problems %}
<h2>Lost input</h2>
{% for text in problems %}<div class="problem">{{ text }}</div>{% endfor %}
{% endif %}
{% if conditions %}
<h2>Conditions</h2>
<div class="panel"><table>
<tr><th>condition</th><th>measured</th><th>outcome</th></tr>
{% for condition in conditions %}
<tr><td>{{ condition.condition }}</td>
<td>{{ 'not measured' if condition.measured is none else '%.6g'|format(condition.measured) }}</td>
<td class="{{ 'pass' if condition.passed else 'fail' }}">
{{ 'passed' if condition.passed else 'failed' }}
{% if condition.measured is none %}<br><span class="soft">{{ condition.reason }}</span>{% endif %}
</td></tr>
{% endfor %}
</table></div>
{% endif %}
{% if live %}
<h2>Live</h2>
<div class="panel"><p class="soft">{{ live.about }}</p>
{% for text in live.problems %}<div class="problem">{{ text }}</div>{% endfor %}
{{ report.table(live.columns, live.rows) }}
<p class="soft" style="margin: 16px 0 8px">{{ live.scores }} Times under load; the costs are
differences of medians:</p>
{{ report.table(['', 'median', '99 of 100'], live.times) }}</div>
{% endif %}
<h2>Classes</h2>
<div class="panel">
{% if class_bars %}{{ report.bars(class_bars, colours) }}{% else %}<table>
<tr><th>class</th>{% for column in class_columns %}<th>{{ column }}</th>{% endfor %}</tr>
{% for row in classes %}
<tr><td><span class="legend" style="margin: 0; font-size: 15px"><span>
<i style="background: {{ colours.get(row[0], '#fff') }}"></i>{{ row[0] }}</span></span></td>
{% for cell in row[1:] %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</table>{% endif %}
<p class="soft" style="margin: 12px 0 0">{{ classes_about }}</p></div>
<h2>Bags and cameras</h2>
<div class="panel"><table>
<tr>{% for column in bag_columns %}<th>{{ column }}</th>{% endfor %}</tr>
{% for row in bag_rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}
</table>
{% if notes %}<ul class="soft">{% for note in notes %}<li>{{ note }}</li>{% endfor %}</ul>
{% endif %}</div>
{% for kind, moments in moments.items() if moments %}
<h2>{{ kind|capitalize }} frames</h2>
{% if loop.first %}<p class="soft">By {{ moments_by }}; frames of one camera less than a second
apart show the same scene, so only one of them is here.</p>
{{ report.legend(colours) }}{% if has_errors %}{{ report.error_legend() }}{% endif %}{% endif %}
{% for moment in moments %}
<h3 style="font-weight: 400">{{ moment.title }}</h3>
{{ report.pictures(moment.pictures, moment.title) }}
{% endfor %}
{% endfor %}
<h2>Over time</h2>
{{ report.legend(states) }}
{% if hidden_bags %}<p class="soft">The {{ drives|length }} bags with the lowest
{{ hidden_by }}; {{ hidden_bags }} others are in the table and in frames.jsonl.</p>{% endif %}
{% for drive in drives %}
<h3>{{ drive.title }}</h3>
<div class="panel">{{ drive.timeline }}</div>
{% if drive.series|length > 1 %}{{ report.legend(drive.series) }}{% endif %}
<div class="two" style="margin-top: 12px">
{% for title, about, svg in drive.curves %}
<div class="panel"><b>{{ title }}</b> <span class="soft">{{ about }}</span>{{ svg }}</div>
{% endfor %}
</div>
{% endfor %}
<div class="two">
<section><h2>Model</h2><div class="panel">{{ report.facts(model_facts) }}</div></section>
<section><h2>Run</h2><div class="panel">{{ report.facts(run_facts) }}</div></section>
</div>
<p class="soft" style="margin-top: 24px">{% if live %}What stands
below the section Live is of the same frames without DDS: they{% else %}Frames{% endif %} went
through the segmentation node's own code, as fast as they could be read; DDS and its delays are
left out. Latency is decoding, the engine's call for the whole batch and making label image and
road mask in the camera's size. Consistency: share of pixels whose label is that of the
same surface one frame earlier, found by optical flow. Flicker: share of the road's pixels that
change and change back within three frames. Confidence drift: mean confidence of a camera's last
quarter less that of its first.</p>
{% endblock %}
"""
