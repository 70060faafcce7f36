"""Bags evaluated by several workers, some of which die."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from distributed import Client, LocalCluster
from evaluation_configs import changed, configured

from roadseg_core.evaluation.drives.totals import BagTotals
from roadseg_core.evaluation.fleet.parts import part_folder
from roadseg_core.evaluation.run import evaluate_bags
from roadseg_core.evaluation.settings.config import EvaluationConfig
from roadseg_core.evaluation.settings.sections import TruthChoice
from roadseg_core.evaluation.settings.values import EvaluationError


@pytest.fixture(scope='module')
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        host='127.0.0.1',
        dashboard_address=None,
        worker_dashboard_address='127.0.0.1:0',
        scheduler_kwargs={'dashboard': False, 'dashboard_address': '127.0.0.1:0'},
        memory_limit=0,
        silence_logs=logging.CRITICAL,
    ) as cluster:
        yield cluster


@pytest.fixture
def settings(street_bag: Callable[..., Path], tmp_path: Path, model: str) -> EvaluationConfig:
    bags = tuple(street_bag(f'drive_{number}', first=5 * number, frames=10) for number in range(3))
    return configured(
        bags=bags,
        output=tmp_path / 'out',
        model=model,
        precision='fp32',
        consistency=False,
        pictures=1,
        truth=TruthChoice(topics={'*': '/truth/{camera}/label'}, label_map='two'),
    )


def evaluated(config: EvaluationConfig, **fleet: object) -> BagTotals:
    """Evaluate the bags, and return what the parts add up to."""
    evaluate_bags(changed(config, **fleet))
    return sum(
        (
            BagTotals.from_dict(
                json.loads((part_folder(bag, config.output) / 'totals.json').read_text())
            )
            for bag in config.bags
        ),
        BagTotals(),
    )


def frames_of(config: EvaluationConfig) -> bytes:
    return (config.output / 'frames.jsonl').read_bytes()


def kill_a_busy_worker(address: str, killed: list[int]) -> None:
    """Kill, by SIGKILL, the first worker that is seen to evaluate a bag."""
    with Client(address) as client:
        pids = client.run(os.getpid)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and not killed:
            busy = [worker for worker, keys in client.processing().items() if keys]
            if busy:
                os.kill(pids[busy[0]], signal.SIGKILL)
                killed.append(pids[busy[0]])
            time.sleep(0.01)


def test_the_result_is_the_same_when_a_worker_is_killed(
    cluster: LocalCluster, settings: EvaluationConfig
) -> None:
    alone = changed(settings, output=settings.output / 'one')
    expected, frames = evaluated(alone), frames_of(alone)
    killed: list[int] = []
    killer = threading.Thread(target=kill_a_busy_worker, args=(cluster.scheduler_address, killed))
    killer.start()
    try:
        totals = evaluated(settings, scheduler=cluster.scheduler_address)
    finally:
        killer.join()
    assert killed
    assert totals == expected and frames_of(settings) == frames
    assert totals.frames['evaluated'] == 30 and totals.confusion is not None
    assert not (settings.output / 'attempts').exists()


def test_what_is_finished_is_not_evaluated_again(
    cluster: LocalCluster, settings: EvaluationConfig
) -> None:
    done = settings.bags[:1]
    before = evaluated(changed(settings, bags=done))
    parts = {bag: part_folder(bag, settings.output).stat().st_ino for bag in done}
    # An evaluation that was killed leaves such a folder.
    (settings.output / 'attempts' / 'half').mkdir(parents=True)
    said: list[str] = []
    evaluate_bags(changed(settings, scheduler=cluster.scheduler_address), say=said.append)
    totals = evaluated(settings)
    assert [f'{bag}: evaluated before' for bag in done] == said[:1]
    assert {bag: part_folder(bag, settings.output).stat().st_ino for bag in done} == parts
    assert totals.frames['evaluated'] == 3 * before.frames['evaluated']
    # Another setting is another result.
    other = evaluated(changed(settings, every=2))
    assert other.frames['evaluated'] == 15


def test_a_bag_that_cannot_be_read_is_listed(
    cluster: LocalCluster, settings: EvaluationConfig
) -> None:
    broken = settings.bags[1]
    evaluate_bags(settings)
    for file in broken.glob('*.mcap'):
        file.write_bytes(b'no bag')
    (broken / 'metadata.yaml').unlink()
    said: list[str] = []
    fleet = changed(settings, scheduler=cluster.scheduler_address)
    report = evaluate_bags(fleet, say=said.append)
    statuses = {bag['path']: bag['status'] for bag in report['bags']}
    assert statuses.pop(str(broken)) == 'failed' and set(statuses.values()) == {'ok'}
    assert any(f'{broken}: failed' in text for text in said)
    assert report['exit_code'] == 2 and report['bags_lost'] == 1
    bags = {
        json.loads(line)['bag']
        for line in (settings.output / 'frames.jsonl').read_text(encoding='utf-8').splitlines()
    }
    assert bags == set(statuses)


def test_a_bag_that_kills_every_worker_is_listed_and_costs_no_other(
    settings: EvaluationConfig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deadly = settings.bags[0]
    # The workers' Python runs this at its start; it dies when it opens the bag.
    (tmp_path / 'site').mkdir()
    (tmp_path / 'site' / 'sitecustomize.py').write_text(
        'import os, sys\n'
        'def hook(event, args):\n'
        f"    if event == 'open' and str(args[0]).startswith({str(deadly)!r}):\n"
        '        os._exit(9)\n'
        'sys.addaudithook(hook)\n',
        encoding='utf-8',
    )
    monkeypatch.setenv(
        'PYTHONPATH',
        os.pathsep.join([str(tmp_path / 'site'), *filter(None, [os.environ.get('PYTHONPATH')])]),
    )
    # One worker: the other bag waits there when it dies, and is blamed at first.
    totals = evaluated(changed(settings, bags=settings.bags[:2]), workers=1)
    statuses = {bag.path: bag.status for bag in totals.bags}
    assert statuses.pop(str(deadly)) == 'failed' and list(statuses.values()) == ['ok']
    assert 'every worker that evaluated it died' in totals.bags[0].problems[0]
    assert totals.frames['evaluated'] == 10


def test_a_missing_dependency_is_named(
    settings: EvaluationConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, 'distributed', None)
    with pytest.raises(EvaluationError, match='pip install distributed'):
        evaluate_bags(changed(settings, workers=2))


def test_a_scheduler_that_is_not_there_is_named(
    settings: EvaluationConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('roadseg_core.evaluation.fleet.fleet._CONNECT_SECONDS', 0.3)
    with pytest.raises(EvaluationError, match='no scheduler answers at tcp://127.0.0.1:9'):
        evaluate_bags(changed(settings, scheduler='tcp://127.0.0.1:9'))


def test_two_clusters_are_refused(settings: EvaluationConfig) -> None:
    with pytest.raises(ValueError, match='choose one'):
        configured(bags=settings.bags, workers=2, scheduler='tcp://127.0.0.1:9')
