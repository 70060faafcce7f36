"""Many bags at once, on dask.distributed: each bag is a task, their totals add up."""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from roadseg_core.evaluation.drives.one_bag import part_folder
from roadseg_core.evaluation.drives.totals import BagOutcome, BagTotals
from roadseg_core.evaluation.drives.truth import check_truth
from roadseg_core.evaluation.fleet.attempts import attempts_of_a_run
from roadseg_core.evaluation.fleet.parts import evaluate_part, finished, marks, write_failed_part
from roadseg_core.evaluation.settings.settings import EvaluationError, Settings

if TYPE_CHECKING:
    from distributed import Client, Future

_CONNECT_SECONDS = 30


@dataclass(frozen=True)
class Fleet:
    """
    Say where bags are evaluated.

    :param workers: processes of a cluster on this machine; 0 where ``scheduler`` is given
    :param scheduler: address of a running scheduler, such as ``tcp://10.0.0.1:8786``; its workers
        must see the bags, the model and the output folder under the same paths
    :param retries: how often a bag that failed is tried again
    """

    workers: int = 0
    scheduler: str = ''
    retries: int = 2

    def __post_init__(self) -> None:
        if self.workers < 0 or (self.workers > 0) == bool(self.scheduler):
            raise EvaluationError(
                f'{self.workers} workers and the scheduler '
                f'{self.scheduler!r}; expected one of the two'
            )


class BagFailedError(Exception):
    """A bag of which nothing could be evaluated; raised in a worker, so that it is retried."""


def evaluate_on_fleet(settings: Settings, fleet: Fleet, *, say: Callable[[str], None]) -> BagTotals:
    """
    Evaluate all bags on a cluster; those that are finished are not evaluated again.

    A bag that fails, or whose worker dies, is tried again on any worker; one that goes on failing
    is in the totals as a failed bag. The totals do not depend on the cluster.

    :param settings: with absolute paths where the workers are on other machines
    :param say: told of each bag
    :raises EvaluationError: if there is no cluster, or the bags' parts do not come back
    """
    check_truth(settings)
    known = marks(settings)
    totals = BagTotals()
    waiting = []
    for bag in settings.bags:
        done = finished(bag, settings.output, known[bag])
        if done is None:
            waiting.append(bag)
        else:
            say(f'{bag}: evaluated before')
            totals = totals + done
    if not waiting:
        return totals
    with attempts_of_a_run(settings.output) as attempts, _client(fleet, len(waiting)) as client:
        say(f'{len(waiting)} bags on {fleet.scheduler or f"{fleet.workers} workers"}')
        results = _results(
            client, _shared(settings, fleet, len(waiting)), fleet, known, waiting, attempts
        )
        for number, (bag, done) in enumerate(results, 1):
            outcome = done.bags[0]
            reason = f': {outcome.problems[0]}' if outcome.problems else ''
            say(f'{bag}: {outcome.status}{reason} ({number} of {len(waiting)})')
            totals = totals + done
    return totals


def _shared(settings: Settings, fleet: Fleet, tasks: int) -> Settings:
    """Give each worker of this machine its share of the cores, unless threads are asked for."""
    if settings.threads or not fleet.workers:
        return settings
    cores = len(os.sched_getaffinity(0))
    return replace(settings, threads=max(1, cores // min(fleet.workers, tasks)))


def _results(
    client: Client,
    settings: Settings,
    fleet: Fleet,
    known: dict[Path, str],
    waiting: list[Path],
    attempts: Path,
) -> Iterator[tuple[Path, BagTotals]]:
    """Yield bags with their totals as they are done."""
    from distributed import KilledWorker, as_completed

    run = uuid.uuid4().hex[:8]

    def submit(bag: Path, attempt: str) -> Future:
        # A key of this run: a scheduler that goes on shall not answer with what it once knew.
        key = f'{part_folder(bag, settings.output).name}-{run}-{attempt}'
        return client.submit(
            _task, bag, settings, known[bag], attempts, key=key, retries=fleet.retries, pure=False
        )

    bags = {future.key: (future, bag) for bag in waiting for future in (submit(bag, 'all'),)}
    suspected = []
    for future in as_completed([future for future, _ in bags.values()]):
        bag = bags[future.key][1]
        if future.status == 'error' and isinstance(future.exception(), KilledWorker):
            suspected.append(bag)
        else:
            yield bag, _outcome(future, bag, settings)
    for bag in suspected:
        # A bag that only waited at a worker that another bag killed is blamed as much as that
        # one: alone, each shows which it is.
        future = submit(bag, 'alone')
        next(iter(as_completed([future])))
        yield bag, _outcome(future, bag, settings)


def _task(bag: Path, settings: Settings, mark: str, attempts: Path) -> dict:
    """Evaluate a bag in a worker; plain types, so that nothing but data travels back."""
    totals = evaluate_part(bag, settings, mark, attempts=attempts)
    if any(outcome.status == 'failed' for outcome in totals.bags):
        raise BagFailedError('; '.join(totals.bags[0].problems))
    return totals.to_dict()


def _outcome(future: Future, bag: Path, settings: Settings) -> BagTotals:
    from distributed import KilledWorker

    if future.status == 'finished':
        if not (part_folder(bag, settings.output) / 'totals.json').is_file():
            raise EvaluationError(
                f'{bag} was evaluated, and its part of the results is not in {settings.output}; '
                'the workers must see that folder under the same path'
            )
        return BagTotals.from_dict(future.result())
    if future.status != 'error':
        raise EvaluationError(
            f'the scheduler went away while {bag} was evaluated; what is '
            'finished is kept: the same command goes on from there'
        )
    error = future.exception()
    reason = str(error) or type(error).__name__
    if isinstance(error, KilledWorker):
        reason = 'every worker that evaluated it died; is there enough memory?'
    totals = BagTotals(bags=(BagOutcome(str(bag), 'failed', (reason,)),))
    write_failed_part(bag, settings.output, totals)
    return totals


@contextmanager
def _client(fleet: Fleet, tasks: int) -> Iterator[Client]:
    """Connect to the scheduler, or start a cluster of processes on this machine."""
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise EvaluationError(
            '--workers and --scheduler need dask.distributed, which is not installed '
            f"({error}); install it by 'pip install distributed', or leave them out"
        ) from error
    if fleet.scheduler:
        try:
            client = Client(fleet.scheduler, timeout=_CONNECT_SECONDS)
        except (OSError, ValueError) as error:
            raise EvaluationError(
                f'no scheduler answers at {fleet.scheduler} ({error}); expected '
                "the address that 'dask scheduler' prints"
            ) from error
        with client:
            try:
                client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
            except TimeoutError as error:
                raise EvaluationError(
                    f'the scheduler {fleet.scheduler} has no worker within {_CONNECT_SECONDS} s; '
                    f"start some by 'dask worker {fleet.scheduler}'"
                ) from error
            yield client
        return
    with (
        dask.config.set(
            {
                # A bag whose worker dies is tried again alone.
                'distributed.scheduler.allowed-failures': 0,
                # Bags are read in pieces: what the page cache holds is no reason to end a worker.
                'distributed.worker.memory.terminate': False,
                'distributed.worker.memory.pause': False,
            }
        ),
        LocalCluster(
            n_workers=min(fleet.workers, tasks),
            threads_per_worker=1,
            processes=True,
            host='127.0.0.1',
            dashboard_address=None,
            memory_limit=0,
            # Nobody shall reach it from elsewhere, and no fixed port be taken.
            worker_dashboard_address='127.0.0.1:0',
            scheduler_kwargs={'dashboard': False, 'dashboard_address': '127.0.0.1:0'},
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client
