#!/bin/sh
# Tells the daemon of three steps of one order, and waits until they are safe.
#   emit.sh tcp://127.0.0.1:5571
set -e
submit=${1:-tcp://127.0.0.1:5571}

event() { # TYPE SUBJECT: a CloudEvent, which happened now
  printf '{"source": "example", "type": "%s", "subject": "%s", "time": "%s", "data": {"region": "north"}}\n' \
    "$1" "$2" "$(date -u +%Y-%m-%dT%H:%M:%S.%6NZ)"
}

for step in order.received order.checked order.shipped; do
  event "$step" order-1
done | vsm emit --jsonl - --submit "$submit"
