"""A worker listens for rings over a line that may be cut without a word."""

from rq import Queue
from rq.serializers import JSONSerializer

from app import queue
from jobs.worker import Worker


def test_a_line_that_fell_silent_is_given_up_within_half_a_minute() -> None:
    """RQ raises its connection's patience to more than its own wait for a ring, and stops after that: supervised."""
    connection = queue.get_redis()
    before = dict(connection.connection_pool.connection_kwargs)
    doorbell = Queue("events", connection=connection, serializer=JSONSerializer)
    try:
        worker = Worker([doorbell], connection=connection, serializer=JSONSerializer)
        patience = connection.connection_pool.connection_kwargs["socket_timeout"]
    finally:
        connection.connection_pool.connection_kwargs.update(before)
    assert worker.dequeue_timeout < patience <= 30
    assert worker.max_connection_wait_time <= 5
