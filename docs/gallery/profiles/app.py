"""Counts its visitors."""
from flask import Flask
from redis import Redis

app = Flask(__name__)
cache = Redis("cache")


@app.get("/health")
def health():
    return {"ok": cache.ping()}


@app.get("/")
def count():
    return {"visits": cache.incr("visits")}
