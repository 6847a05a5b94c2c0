"""A small ticketing system that keeps reeve's tasks in SQLite and answers them.

    python tickets.py follow --brokers HOST:PORT --database tickets.db --queue team/payments
    python tickets.py list   --database tickets.db
    python tickets.py done   --brokers HOST:PORT --database tickets.db TASK_ID

Whatever happens to it (a kill, a replay from the start, a record that comes twice or late) the table ends the same.
"""

import argparse
import calendar
import json
import pathlib
import signal
import sqlite3
import time

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer

SYSTEM = "tickets.py"

SCHEMA = """
CREATE TABLE IF NOT EXISTS tasks (
    task_id TEXT PRIMARY KEY,
    opened_at INTEGER NOT NULL,   -- nanoseconds since 1970
    revision INTEGER NOT NULL,
    state TEXT NOT NULL,
    band TEXT NOT NULL,
    ownerless INTEGER NOT NULL,
    queue TEXT NOT NULL,
    subject_key TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS outbox (event_id TEXT PRIMARY KEY, subject_key TEXT NOT NULL, body TEXT NOT NULL);
"""

# A record that is not newer than the row changes nothing: not a repeat, and not one that comes late.
UPSERT = """
INSERT INTO tasks VALUES (:task_id, :opened_at, :revision, :state, :band, :ownerless, :queue, :subject_key, :body)
ON CONFLICT (task_id) DO UPDATE SET
    opened_at = excluded.opened_at, revision = excluded.revision, state = excluded.state, band = excluded.band,
    ownerless = excluded.ownerless, queue = excluded.queue, subject_key = excluded.subject_key, body = excluded.body
WHERE (excluded.opened_at, excluded.revision) > (tasks.opened_at, tasks.revision)
"""


def main():
    """The commands."""
    arguments = command_line()
    database = sqlite3.connect(arguments.database)
    database.executescript(SCHEMA)
    if arguments.command == "list":
        return show(database)
    connection = connection_of(arguments)
    if arguments.command == "done":
        with database:
            claim(database, arguments.task_id, arguments.by)
        send(database, Producer(connection), arguments.prefix + "task-events")
    else:
        follow(database, connection, arguments)


def command_line():
    """What can be said to it."""
    table = argparse.ArgumentParser(add_help=False)
    table.add_argument("--database", required=True)
    shared = argparse.ArgumentParser(add_help=False, parents=[table])
    shared.add_argument("--brokers", required=True)
    shared.add_argument("--prefix", default="", help="of the topics' names")
    shared.add_argument("--config", help="client properties as NAME=VALUE lines, e.g. for SASL")
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", parents=[table], help="the table, one JSON object a line")
    done = commands.add_parser("done", parents=[shared], help="a ticket is done: claim its task")
    done.add_argument("task_id")
    done.add_argument("--by", default="ana")
    following = commands.add_parser("follow", parents=[shared], help="keep the table, acknowledge what is new")
    following.add_argument("--queue", action="append", default=[], help="only these; all if not given")
    following.add_argument("--group", default="tickets", help="without the prefix")
    following.add_argument("--until-idle", type=float, metavar="SECONDS", help="end when nothing came for so long")
    return parser.parse_args()


def show(database):
    """The table without the bodies."""
    database.row_factory = sqlite3.Row
    for row in database.execute("SELECT * FROM tasks ORDER BY task_id"):
        print(json.dumps({name: row[name] for name in row.keys() if name != "body"}))


def connection_of(arguments):
    """Where the cluster is and how to log in."""
    connection = {"bootstrap.servers": arguments.brokers}
    if arguments.config:
        lines = pathlib.Path(arguments.config).read_text().splitlines()
        connection.update(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return connection


def follow(database, connection, arguments):
    """Table first, then events, then offsets: a death in between repeats work and loses none."""
    consumer = Consumer(
        connection
        | {
            "group.id": arguments.prefix + arguments.group,
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "session.timeout.ms": 6000,  # how long a killed one holds its partitions
        }
    )
    # default settings on purpose: this client's partitioner is not reeve's, and reeve sends such events on
    producer = Producer(connection)
    consumer.subscribe([arguments.prefix + "tasks"])
    running = Running()
    last = time.monotonic()
    while running and not idle(last, arguments.until_idle):
        records = checked(consumer.consume(num_messages=500, timeout=0.2))
        if records:
            last = time.monotonic()
            with database:
                for record in records:
                    take(database, record, set(arguments.queue))
        send(database, producer, arguments.prefix + "task-events")
        if records:
            consumer.commit(asynchronous=False)
    consumer.close()


class Running:
    """True until SIGTERM or SIGINT."""

    def __init__(self):
        self.stopped = False
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self.stop)

    def stop(self, *_):
        """The loop ends after the batch under way."""
        self.stopped = True

    def __bool__(self):
        return not self.stopped


def idle(last, seconds):
    """Whether nothing came for so long."""
    return seconds is not None and time.monotonic() - last > seconds


def checked(records):
    """The records; an error that does not pass by itself ends the program."""
    good = []
    for record in records:
        error = record.error()
        if error is None:
            good.append(record)
        elif error.code() != KafkaError._PARTITION_EOF:
            raise KafkaException(error)
    return good


def take(database, record, queues):
    """One record of the topic: its headers say whether it concerns us, before its body is read."""
    headers = {name: (value or b"").decode() for name, value in record.headers() or []}
    # ce_id is TASK_ID:REVISION. A task that we have and that goes to another queue leaves ours: we must hear of it.
    task_id = headers["ce_id"].rsplit(":", 1)[0]
    if queues and headers["ce_queue"] not in queues and not known(database, task_id):
        return
    task = json.loads(record.value())
    new = not known(database, task_id)
    database.execute(UPSERT, row_of(task))
    mine = not queues or task["route"]["queue"] in queues
    if new and mine and task["state"] == "open":
        say(database, task, "acknowledged", {"id": SYSTEM, "kind": "automation"})


def known(database, task_id):
    """Whether the table has it."""
    return database.execute("SELECT 1 FROM tasks WHERE task_id = ?", (task_id,)).fetchone() is not None


def row_of(task):
    """What the table keeps; the body holds the rest."""
    return {
        "task_id": task["task_id"],
        "opened_at": nanoseconds(task["opened_at"]),
        "revision": task["revision"],
        "state": task["state"],
        "band": task["priority"]["band"],
        "ownerless": task["ownerless"],
        "queue": task["route"]["queue"],
        "subject_key": task["subject"]["key"],
        "body": json.dumps(task),
    }


def nanoseconds(text):
    """RFC 3339 in UTC as a number. As text these times do not sort: their fractions differ in length."""
    seconds, _, fraction = text.removesuffix("Z").partition(".")
    whole = calendar.timegm(time.strptime(seconds, "%Y-%m-%dT%H:%M:%S"))
    return whole * 10**9 + int(fraction.ljust(9, "0") or "0")


def claim(database, task_id, by):
    """Somebody says that it is fixed. It stays open until that is proven."""
    row = database.execute("SELECT body FROM tasks WHERE task_id = ?", (task_id,)).fetchone()
    if row is None:
        raise SystemExit(f"{task_id}: no such task in the table")
    say(database, json.loads(row[0]), "claimed", {"id": by, "kind": "human"})


def say(database, task, event_type, actor):
    """Puts an event into the outbox, in the transaction of its cause. The same cause gives the same id: reeve applies
    it once, however often it is sent."""
    event_id = f"{SYSTEM}:{event_type}:{task['task_id']}:{task['cycle']}"
    event = {
        "kind": "event",
        "event_id": event_id,
        "type": event_type,
        "subject_key": task["subject"]["key"],
        "task_id": task["task_id"],
        "actor": actor,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "external": {"system": SYSTEM, "id": task["task_id"], "url": None, "status": event_type},
        "body": None,
    }
    database.execute(
        "INSERT OR IGNORE INTO outbox VALUES (?, ?, ?)", (event_id, task["subject"]["key"], json.dumps(event))
    )


def send(database, producer, topic):
    """Empties the outbox: an event is forgotten when the brokers have it."""
    rows = database.execute("SELECT event_id, subject_key, body FROM outbox").fetchall()
    failed = []
    for event_id, subject_key, body in rows:
        headers = {
            "ce_specversion": "1.0",
            "ce_type": "io.reeve.event.v1",
            "ce_id": event_id,
            "ce_source": SYSTEM,
            "content-type": "application/json",
        }
        producer.produce(
            topic, body, subject_key, headers=headers, on_delivery=lambda error, _: error and failed.append(error)
        )
    if not rows:
        return
    left = producer.flush(30)
    if left or failed:
        raise SystemExit(f"{left} events are not delivered to {topic}: {failed[:1]}")
    with database:
        database.executemany("DELETE FROM outbox WHERE event_id = ?", [(event_id,) for event_id, _, _ in rows])


if __name__ == "__main__":
    main()
