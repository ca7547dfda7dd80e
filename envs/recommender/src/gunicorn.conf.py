"""One process with threads: what it keeps in memory (pools, the breaker) is there once."""
import os
from pathlib import Path

bind = "0.0.0.0:8000"
worker_class = "gthread"
workers = 1
threads = int(os.environ["THREADS"])
keepalive = 30
worker_tmp_dir = "/dev/shm"
loglevel = "warning"


def post_worker_init(_worker):
    """What the health check looks for: the application is loaded and takes requests."""
    Path("/tmp/ready").touch()
