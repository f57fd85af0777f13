"""An RQ worker for one queue. It may be killed at any moment: rows in PostgreSQL say what is still to do.

One queue per process: with two, RQ takes jobs by BLPOP and a kill at the wrong moment loses one.
"""

import gc
import sys
import uuid
from typing import Final

import structlog
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer

from app import metrics
from app.queue import QUEUES, answer, get_redis

_OBJECTS_BETWEEN_COLLECTIONS: Final = 50_000
_TURN_SECONDS: Final = 0.0005

_LISTEN_SECONDS: Final = 15
"""How long one wait for a ring takes. RQ's own is seven minutes, and it has Redis take as long for any answer: on a
line that was cut without a word the worker would hear nothing and hang until then, and only then be started anew.
"""

log = structlog.get_logger()


class Worker(SimpleWorker):
    """Runs jobs in its own process, which is safe because they are short, and puts the job's id into every log line."""

    max_connection_wait_time = 5.0
    """RQ doubles the pause between its looks for a Redis that is away: it must be found soon after an hour, too."""

    @property
    def dequeue_timeout(self) -> int:
        return _LISTEN_SECONDS

    def perform_job(self, job: Job, queue: Queue) -> bool:
        # Whatever is rung for from now on may not be seen by this job any more.
        answer(str(job.func_name), *job.args, queue=queue.name)
        with structlog.contextvars.bound_contextvars(job_id=job.id, job=job.func_name):
            done: bool = super().perform_job(job, queue)
            if done:
                log.debug("job_done", queue=queue.name)
            else:
                log.warning("job_failed", queue=queue.name)
            return done


def run(queue: str) -> None:
    """Work until told to stop (SIGTERM finishes the job at hand)."""
    if queue not in QUEUES:
        raise ValueError(f"there is no queue {queue}: {', '.join(QUEUES)}")
    connection = get_redis()
    doorbell = Queue(queue, connection=connection, serializer=JSONSerializer)
    worker = Worker(
        [doorbell], name=f"{queue}-{uuid.uuid4().hex[:8]}", connection=connection, serializer=JSONSerializer
    )
    metrics.publish_forever(f"worker-{queue}")
    tune()
    worker.work(logging_level="WARNING", with_scheduler=False)


def tune() -> None:
    """Make the interpreter suit a process that works off batches in a few threads."""
    # What was imported stays for good, and a batch of webhooks makes many objects that are no garbage yet: looking
    # through all of them every few hundred took half of the time.
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    # Whoever has PostgreSQL's answer sends it the next at once, not after 5 ms of what another thread reckons.
    sys.setswitchinterval(_TURN_SECONDS)
