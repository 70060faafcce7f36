"""Evaluate many bags at once on dask.distributed, one task per bag."""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from roadseg_core.evaluation.drives.one_bag import evaluate_bag
from roadseg_core.evaluation.drives.segmenting import open_model
from roadseg_core.evaluation.drives.totals import BagTotals
from roadseg_core.evaluation.fleet.parts import finished, new_part, part_folder, write_failed_part
from roadseg_core.evaluation.settings.config import EvaluationConfig
from roadseg_core.evaluation.settings.sections import FleetChoice
from roadseg_core.evaluation.settings.values import EvaluationError

if TYPE_CHECKING:
    from distributed import Client, Future

_CONNECT_SECONDS = 30


class BagFailedError(Exception):
    """A bag of which nothing could be evaluated; raised in a worker, so that it is retried."""


def evaluate_on_fleet(
    config: EvaluationConfig, waiting: dict[Path, str], attempts: Path
) -> Iterator[tuple[Path, BagTotals]]:
    """
    Evaluate bags on a cluster; yield each with its totals as it is done.

    A bag that fails, or whose worker dies, is tried again on any worker; one that goes on failing
    comes as a failed bag. The totals do not depend on the cluster.

    :param config: with absolute paths where the workers are on other machines
    :param waiting: the bags, each with its fingerprint
    :param attempts: the run's folder for what is not finished
    :raises EvaluationError: if there is no cluster, or the bags' parts do not come back
    """
    run = uuid.uuid4().hex[:8]
    shared = _shared(config, len(waiting))
    with _client(config.fleet, len(waiting)) as client:
        from distributed import KilledWorker, as_completed

        def submit(bag: Path, attempt: str) -> Future:
            # A key of this run: a scheduler that goes on shall not answer with what it once knew.
            key = f'{part_folder(bag, config.output).name}-{run}-{attempt}'
            task = _task, bag, shared, waiting[bag], attempts
            return client.submit(*task, key=key, retries=config.fleet.retries, pure=False)

        bags = {future: bag for bag in waiting for future in (submit(bag, 'all'),)}
        suspected = []
        for future in as_completed(bags):
            bag = bags[future]
            if future.status == 'error' and isinstance(future.exception(), KilledWorker):
                suspected.append(bag)
            else:
                yield bag, _outcome(future, bag, config, attempts)
        for bag in suspected:
            # A bag that only waited at a worker that another bag killed is blamed as much as that
            # one: alone, each shows which it is.
            future = submit(bag, 'alone')
            next(iter(as_completed([future])))
            yield bag, _outcome(future, bag, config, attempts)


def _shared(config: EvaluationConfig, tasks: int) -> EvaluationConfig:
    """Give each worker of this machine its share of the cores, unless threads are asked for."""
    if config.engine.threads or not config.fleet.workers:
        return config
    threads = max(1, len(os.sched_getaffinity(0)) // min(config.fleet.workers, tasks))
    return config.model_copy(
        update={'engine': config.engine.model_copy(update={'threads': threads})}
    )


def _task(bag: Path, config: EvaluationConfig, mark: str, attempts: Path) -> dict:
    """Evaluate a bag in a worker; plain types, so that nothing but data travels back."""
    totals = finished(bag, config.output, mark)
    if totals is None:
        with closing(open_model(config)) as engine:
            with new_part(bag, config.output, mark, attempts) as part:
                part.totals = evaluate_bag(bag, config, part.folder, engine=engine)
        totals = part.totals
    if any(outcome.status == 'failed' for outcome in totals.bags):
        raise BagFailedError('; '.join(totals.bags[0].problems))
    return totals.to_dict()


def _outcome(future: Future, bag: Path, config: EvaluationConfig, attempts: Path) -> BagTotals:
    from distributed import KilledWorker

    if future.status == 'finished':
        if not (part_folder(bag, config.output) / 'totals.json').is_file():
            raise EvaluationError(
                f'{bag} was evaluated, and its part of the results is not in {config.output}; '
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
    return write_failed_part(bag, config.output, reason, attempts)


@contextmanager
def _client(fleet: FleetChoice, tasks: int) -> Iterator[Client]:
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
