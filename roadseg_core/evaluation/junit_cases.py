"""What of an evaluation CI systems show as tests."""

from __future__ import annotations

from roadseg_core.evaluation.compare.run import ComparisonOutcome
from roadseg_core.evaluation.compare.verdict import ACCEPTED
from roadseg_core.evaluation.junit import Case
from roadseg_core.evaluation.settings.scenario import ComparisonChoice


def report_cases(report: dict, *, group: str = '') -> list[Case]:
    """
    Return a case for each bag, each condition and, where bags were played, live.

    :param group: put before the groups of the cases
    """
    cases = [
        Case(
            f'{group}bags',
            bag['path'],
            error='' if bag['status'] == 'ok' else f'{bag["status"]}: {bag["error"]}',
            output='\n'.join(bag['notes']),
        )
        for bag in report['bags']
    ]
    for condition in report['conditions']:
        failure = (
            ''
            if condition['passed']
            else (
                f'{condition["condition"]}: measured {condition["measured"]}; {condition["reason"]}'
            )
        )
        cases.append(
            Case(
                f'{group}conditions',
                condition['condition'],
                failure=failure,
                output=f'measured {condition["measured"]}',
            )
        )
    if 'live' in report:
        cases.append(
            Case(
                f'{group}live',
                'every frame is accounted for',
                error='\n'.join(report['live']['problems']),
            )
        )
    return cases


def comparison_cases(outcome: ComparisonOutcome, choice: ComparisonChoice) -> list[Case]:
    """Return the cases of both evaluations and of the rules: one not surely fulfilled fails."""
    cases = [
        case
        for group, report in zip(('model.', 'against.'), outcome.reports)
        for case in report_cases(report, group=group)
    ]
    for rule, reason in zip(choice.rule, outcome.comparison.verdict.reasons):
        accepted = reason.startswith(f'{rule}: {ACCEPTED}')
        cases.append(
            Case('comparison', str(rule), failure='' if accepted else reason, output=reason)
        )
    return cases
