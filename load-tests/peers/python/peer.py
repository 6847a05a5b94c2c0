"""A Python consumer that does reeve's work in one hop: read, key, look up, write. `peer.py BROKERS FROM TO COUNT`."""

import hashlib
import hmac
import sys
import time

import orjson
from confluent_kafka import Consumer, Producer

KEY = b"0123456789abcdef0123456789abcdef"
OWNERS = {f"owner-{number}": {"resolver": f"team/{number}", "application": f"app-{number}"} for number in range(16)}
BATCH = 3_000


def secret_key(value: str) -> str:
    digest = hashlib.sha256(value.encode()).digest()
    return "secret:value:hmac:" + hmac.new(KEY, b"peer\0" + digest, hashlib.sha256).hexdigest()


def read(alert: dict):
    """Subject, rule, place and the secret of an alert in one of four formats."""
    if "RuleID" in alert:
        return secret_key(alert["Secret"]), alert["RuleID"], alert["File"], alert["Secret"]
    if "DetectorName" in alert:
        place = alert["SourceMetadata"]["Data"]["Git"]["file"]
        return secret_key(alert["Raw"]), alert["DetectorName"], place, alert["Raw"]
    if "secret_type" in alert:
        place = (alert.get("first_location_detected") or {}).get("path", "")
        return secret_key(alert["secret"]), alert["secret_type"], place, alert["secret"]
    resource = alert["Resources"][0]["Id"]
    return "identity:" + resource, alert["GeneratorId"], resource, None


def task(value: bytes):
    subject, rule, place, secret = read(orjson.loads(value))
    if secret:
        place = place.replace(secret, "[redacted]")
    owner = OWNERS[f"owner-{hash(subject) & 15}"]
    band = "P2" if secret else "P3"
    body = {"subject": subject, "rule": rule, "place": place, "owner": owner, "band": band, "state": "open"}
    return subject.encode(), orjson.dumps(body)


def main(brokers: str, source: str, target: str, count: int) -> None:
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": target,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "fetch.queue.backoff.ms": 1,
        }
    )
    producer = Producer({"bootstrap.servers": brokers, "transactional.id": target, "linger.ms": 0})
    producer.init_transactions()
    consumer.subscribe([source])
    done, begun = 0, None
    while done < count:
        records = consumer.consume(min(BATCH, count - done), 0.1)
        if not records:
            continue
        begun = begun or time.monotonic()
        producer.begin_transaction()
        for record in records:
            try:
                key, body = task(record.value())
            except (orjson.JSONDecodeError, KeyError):
                key, body = record.key(), b'{"reject":"not_json"}'
            producer.produce(target, body, key)
            producer.poll(0)
        producer.flush()
        producer.send_offsets_to_transaction(consumer.position(consumer.assignment()), consumer.consumer_group_metadata())
        producer.commit_transaction()
        done += len(records)
    print(done, time.monotonic() - begun)
    consumer.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
