#!/usr/bin/env python3
"""Tells the daemon of three steps of one order, and says what became of them once they are safe.

emit.py tcp://127.0.0.1:5571, with python3-zmq, python3-protobuf and the modules that
protoc --python_out=. --proto_path=proto vsm/v1/event.proto makes.
"""
import sys
import time

import zmq

from vsm.v1 import event_pb2

AGAIN_MS = 10_000  # without an ack a batch is sent again: nothing is counted twice


def submit(socket, batch):
    request = str(time.time_ns()).encode()
    while True:
        socket.send_multipart([request, batch.SerializeToString()])
        while socket.poll(AGAIN_MS):
            answered, ack = socket.recv_multipart()
            if answered == request:
                return event_pb2.Ack.FromString(ack)


socket = zmq.Context.instance().socket(zmq.DEALER)
socket.connect(sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:5571")
batch = event_pb2.EventBatch(source="example")
for step in "order.received", "order.checked", "order.shipped":
    batch.events.add(type=step, subject="order-1", time_unix_nano=time.time_ns(),
                     data=[event_pb2.Attribute(key="region", value="north")])
ack = submit(socket, batch)
print(f"accepted {ack.accepted}, rejected {ack.rejected}")
for error in ack.errors:
    print(f"event {error.index}: {error.reason}: {error.detail}")
socket.close(linger=0)
