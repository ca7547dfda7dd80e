"""Says which instance answers, and how many answers there were of all."""
import os

from flask import Flask
from redis import Redis

app = Flask(__name__)
cache = Redis(os.environ["CACHE"])


@app.get("/health")
def health():
    return {"ok": cache.ping()}


@app.get("/")
def hello():
    return {"color": os.environ["COLOR"], "answers": cache.incr("answers")}
