"""Pure functions in processes of their own, under limits of time and memory; and the one thread that writes."""

from feedhub.workers.process_workers import JobFailed, ProcessWorkers, WorkersClosed
from feedhub.workers.writer_thread import WriterThread

__all__ = ["JobFailed", "ProcessWorkers", "WorkersClosed", "WriterThread"]
