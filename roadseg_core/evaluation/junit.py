"""Outcomes as JUnit XML, which CI systems show as tests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

_FORBIDDEN = re.compile('[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]')
"""What XML 1.0 (section 2.2) cannot hold, not even escaped."""


@dataclass(frozen=True)
class Case:
    """
    Describe one test case.

    :param group: what the case belongs to, such as ``conditions``
    :param failure: why it failed; '' where it passed
    :param error: why it could not be run; '' where it could
    :param output: what else there is to say
    """

    group: str
    name: str
    failure: str = ''
    error: str = ''
    output: str = ''


def write_junit(
    path: Path, suite: str, cases: list[Case], *, seconds: float, timestamp: str
) -> None:
    """
    Write a file of one suite, in the form that Ant's JUnit task began and CI systems read.

    :param seconds: how long it took
    :param timestamp: when it began, ISO 8601 without a zone
    """
    counts = {
        'tests': str(len(cases)),
        'failures': str(sum(bool(case.failure) for case in cases)),
        'errors': str(sum(bool(case.error) for case in cases)),
        'time': f'{seconds:.3f}',
    }
    root = ElementTree.Element('testsuites', {'name': _clean(suite), **counts})
    element = ElementTree.SubElement(
        root, 'testsuite', {'name': _clean(suite), **counts, 'skipped': '0', 'timestamp': timestamp}
    )
    for case in cases:
        entry = ElementTree.SubElement(
            element,
            'testcase',
            {'classname': _clean(f'{suite}.{case.group}'), 'name': _clean(case.name), 'time': '0'},
        )
        for kind, text in (('failure', case.failure), ('error', case.error)):
            if text:
                ElementTree.SubElement(
                    entry,
                    kind,
                    {
                        'message': _clean(text.splitlines()[0]),
                        'type': case.group,
                    },
                ).text = _clean(text)
        if case.output:
            ElementTree.SubElement(entry, 'system-out').text = _clean(case.output)
    ElementTree.indent(root)
    temporary = path.with_suffix(f'{path.suffix}.part')
    ElementTree.ElementTree(root).write(temporary, encoding='utf-8', xml_declaration=True)
    temporary.replace(path)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub('\ufffd', text)
