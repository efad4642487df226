#!/bin/sh
# Tells the daemon of three steps of one order through vsm-web, and waits until they are safe. What is not acked is sent
# again: it is the same events, so each counts once.
#   emit_http.sh http://127.0.0.1:8080
set -e
web=${1:-http://127.0.0.1:8080}

event() { # TYPE SUBJECT: a CloudEvent and a comma; it happened now
  printf '{"specversion": "1.0", "id": "%s-%s", "source": "example", "type": "%s", "subject": "%s", "time": "%s", "data": {"region": "north"}},' \
    "$2" "$1" "$1" "$2" "$(date -u +%Y-%m-%dT%H:%M:%S.%6NZ)"
}

batch=$(for step in order.received order.checked order.shipped; do event "$step" order-1; done)
curl -sS --fail-with-body --retry 5 --retry-all-errors -H 'Content-Type: application/cloudevents-batch+json' \
  -d "[${batch%,}]" "$web/api/v1/events"
