"""Starts the image PLIMSOLL_IMAGE with buildah as its own configuration says, asks it, and stops it.

usage: smoke.py qiskit|static|node [FAILED]

FAILED holds the modules with native code that cannot be imported in the original image either; no other may fail. Without
it, those of this image are printed.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

TRANSPILE = """
from qiskit import QuantumCircuit, transpile
circuit = QuantumCircuit(3)
circuit.h(0)
circuit.cx(0, 1)
circuit.cx(1, 2)
circuit = transpile(circuit, basis_gates=["rz", "sx", "cx"], optimization_level=3)
"""


def buildah(*words):
    return subprocess.run(["buildah", *words], check=True, capture_output=True, text=True).stdout.strip()


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def ask(port, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read().decode()


def answers(port, kind, server):
    for _ in range(240):
        if server.poll() is not None:
            return f"it ended with {server.returncode}"
        try:
            health = ask(port, "/health")
            break
        except OSError:
            time.sleep(0.25)
    else:
        return "it does not answer"
    if '"ok"' not in health:
        return f"/health says {health}"
    if kind == "node":
        picture = json.loads(ask(port, "/picture"))
        right = {"format": "webp", "width": 16, "height": 8}
        return None if picture == right else f"/picture says {picture}"
    if kind == "static":
        zone = ask(port, "/zone").strip()
        return None if zone == "1970-01-01T01:00:00+01:00" else f"/zone says {zone}"
    valid = json.loads(ask(port, "/validate", {"code": TRANSPILE}))
    return None if valid.get("valid") and valid.get("qubits") == 3 else f"/validate says {valid}"


def imports(container, failed):
    here = os.path.dirname(os.path.abspath(__file__))
    words = ["run", "--isolation", "chroot", "--user", "0", "-v", f"{here}:/proof:ro", container, "--"]
    found = set(buildah(*words, "python3", "/proof/import_all.py").splitlines())
    if failed is None:
        print("\n".join(sorted(found)))
        return None
    with open(failed) as file:
        new = found - set(file.read().split("\n"))
    return f"cannot be imported: {', '.join(sorted(new))}" if new else None


def loads(container):
    here = os.path.dirname(os.path.abspath(__file__))
    words = ["run", "--isolation", "chroot", "--user", "0", "-v", f"{here}:/proof:ro", container, "--"]
    said = buildah(*words, "node", "/proof/load_all.cjs", "/app/node_modules")
    return f"cannot be loaded: {said}" if said else None


def main(kind, failed=None):
    image = os.environ["PLIMSOLL_IMAGE"]
    config = json.loads(buildah("inspect", "--type", "image", image))["OCIv1"]["config"]
    port = free_port()
    command = [word.replace("8000", str(port)) for word in config.get("Entrypoint", []) + config["Cmd"]]
    container = buildah("from", "--pull-never", image)
    words = ["buildah", "run", "--isolation", "chroot", "--network", "host", "--env", f"ADDRESS=:{port}"]
    server = subprocess.Popen(
        [*words, container, "--", *command], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wrong = answers(port, kind, server)
        if wrong is None and kind == "qiskit":
            wrong = imports(container, failed)
        if wrong is None and kind == "node":
            wrong = loads(container)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()
        buildah("rm", container)
    if wrong:
        sys.exit(f"{image}: {wrong}")


main(*sys.argv[1:])
