"""A pendulum behind a socket, as a process of its own: it answers late, drops steps, and falls silent when it is told to.

python fake_robot.py PORT_FILE DROP_EVERY SILENT_AFTER
"""

import json
import math
import socket
import sys
import time
from pathlib import Path

STEP, PHYSICS = 0.02, 0.002


def swing(q, v, torque):
    """The state after one control step."""
    for _ in range(round(STEP / PHYSICS)):
        v += PHYSICS * (19.6 * math.sin(q) + 4 * torque - 0.4 * v)
        q += PHYSICS * v
    return q, v


def serve(port_file, drop_every, silent_after):
    server = socket.create_server(("127.0.0.1", 0))
    Path(port_file).write_text(str(server.getsockname()[1]))
    q, v, steps = 0.0, 0.0, 0
    while True:
        connection, _ = server.accept()
        with connection, connection.makefile("rw") as stream:
            for line in stream:
                asked = json.loads(line)
                ticks = 1
                if asked["do"] == "reset":
                    q, v = 3.0, 0.1
                else:
                    steps += 1
                    if steps > silent_after:
                        time.sleep(600)
                    ticks += steps % drop_every == 0
                    for _ in range(ticks):
                        q, v = swing(q, v, asked["command"][0])
                time.sleep(0.001)
                stream.write(json.dumps({"qpos": [q], "qvel": [v], "ticks": ticks}) + "\n")
                stream.flush()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
