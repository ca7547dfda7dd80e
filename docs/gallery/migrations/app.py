"""Accounts, and transfers between them. The schema is made by the migrations."""
import psycopg
from flask import Flask, jsonify, request

app = Flask(__name__)


def database():
    return psycopg.connect("")  # all that it needs is in PGHOST and the like


@app.get("/accounts")
def accounts():
    with database() as db:
        return jsonify(dict(db.execute("SELECT owner, cents FROM accounts ORDER BY owner").fetchall()))


@app.post("/transfers")
def transfer():
    wanted = request.get_json()
    try:
        with database() as db:
            change = "UPDATE accounts SET cents = cents + %s WHERE owner = %s"
            db.execute(change, (-wanted["cents"], wanted["from"]))
            db.execute(change, (wanted["cents"], wanted["to"]))
    except psycopg.errors.CheckViolation:
        return jsonify(error="not enough"), 409
    return accounts()
