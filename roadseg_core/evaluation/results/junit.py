"""Write the JUnit file of one call: an error from the start, until the outcome is known."""

from __future__ import annotations

import re
import time
from datetime import datetime, timezone
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, TestCase, TestSuite

from roadseg_core.evaluation.compare.run import ComparedModels
from roadseg_core.evaluation.compare.verdict import ACCEPTED
from roadseg_core.evaluation.settings.conditions import verdict_of
from roadseg_core.evaluation.settings.values import EvaluationError
from roadseg_core.files import write_atomically

_FORBIDDEN = re.compile('[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]')
"""What XML 1.0 (section 2.2) cannot hold, not even escaped."""


class SuiteFile:
    """
    Keep the JUnit file of a call true, however the call ends.

    A call that is killed, or whose machine stops, leaves the error that it began with, and no
    earlier call's success.

    :param path: None for no file
    """

    def __init__(self, path: Path | None) -> None:
        self.name = 'evaluate_bag'
        self._path = path
        self._started = time.perf_counter()
        self._timestamp = datetime.now(timezone.utc).strftime('%Y-%m-%dT%H:%M:%S')

    def begin(self) -> None:
        """
        Write that the call has not come to its end.

        :raises EvaluationError: if the file cannot be written, as the other methods; if one is
            there that is no JUnit file
        """
        if self._path and self._path.is_file() and b'<testsuite' not in self._path.read_bytes():
            path, self._path = self._path, None
            raise EvaluationError(f'--junit {path} is there and no JUnit file; name another file')
        self.fail('it did not come to its end')

    def fail(self, reason: str) -> None:
        """Write why the call could not run."""
        self._write([make_case('evaluation', 'runs', error=reason)])

    def finish(self, cases: list[TestCase]) -> None:
        """Write what came out."""
        self._write([make_case('evaluation', 'runs'), *cases])

    def _write(self, cases: list[TestCase]) -> None:
        if self._path is None:
            return
        suite = TestSuite(_clean(self.name))
        for case in cases:
            case.classname = _clean(f'{self.name}.{case.classname}')
            suite.add_testcase(case)
        suite.timestamp = self._timestamp
        file = JUnitXml(suite.name)
        file.add_testsuite(suite)
        suite.time = file.time = round(time.perf_counter() - self._started, 3)
        try:
            with write_atomically(self._path) as temporary:
                file.write(str(temporary), pretty=True)
        except OSError as error:
            raise EvaluationError(
                f'--junit {self._path} cannot be written: {error.strerror or error}'
            ) from error


def make_case(
    group: str, name: str, *, failure: str = '', error: str = '', output: str = ''
) -> TestCase:
    """
    Make a case.

    :param group: what it belongs to, such as ``conditions``
    :param failure: why it failed; '' where it passed
    :param error: why it could not be run; '' where it could
    """
    case = TestCase(_clean(name), classname=group, time=0)
    for kind, text in ((Failure, failure), (Error, error)):
        if text:
            result = kind(_clean(text.splitlines()[0]), group)
            result.text = _clean(text)
            case.result = [result]
    if output:
        case.system_out = _clean(output)
    return case


def report_cases(report: dict, *, group: str = '') -> list[TestCase]:
    """
    Return a case for each bag, each condition and, where bags were played, live.

    :param group: put before the groups of the cases
    """
    cases = []
    for bag in report['bags']:
        error = '' if bag['status'] == 'ok' else f'{bag["status"]}: {bag["error"]}'
        cases.append(
            make_case(f'{group}bags', bag['path'], error=error, output='\n'.join(bag['notes']))
        )
    for entry in report['conditions']:
        text = verdict_of(entry)
        failure = '' if entry['passed'] else text
        cases.append(
            make_case(f'{group}conditions', entry['condition'], failure=failure, output=text)
        )
    if 'live' in report:
        error = '\n'.join(report['live']['problems'])
        cases.append(make_case(f'{group}live', 'every frame is accounted for', error=error))
    return cases


def comparison_cases(models: ComparedModels) -> list[TestCase]:
    """Return the cases of both evaluations and of the rules; a rule that is not proven fails."""
    cases = [
        case
        for group, report in zip(('model.', 'against.'), models.reports)
        for case in report_cases(report, group=group)
    ]
    for rule, reason in zip(models.rules, models.comparison.verdict.reasons):
        accepted = reason.startswith(f'{rule}: {ACCEPTED}')
        cases.append(
            make_case('comparison', str(rule), failure='' if accepted else reason, output=reason)
        )
    return cases


def _clean(text: str) -> str:
    return _FORBIDDEN.sub('\ufffd', text)
