#!/usr/bin/env python3
"""Says which package owns the live bytes of an image, by asking the package managers themselves.

    owners.py LAYOUT [TAG]        LAYOUT: an OCI layout directory, TAG: default latest

Prints {"owners": {"dpkg:libc6": bytes, "python:numpy": bytes, ..., "unowned": bytes}, "unowned": [path, ...]}, sorted; the
bytes add up to the live bytes of the image, and the paths are all names of what nobody owns. Needs root, umoci, dpkg-query and Linux. It unpacks the image into a temporary directory and, for
Python, RUNS THE IMAGE'S OWN INTERPRETER in a chroot: use it on images that you have built.

It is independent of Plimsoll in every step: umoci unpacks, lstat sizes, `dpkg-query -L` names the files of Debian packages and
importlib.metadata of each interpreter in the image names those of Python distributions.

Rules:

  1. Only regular files count, each inode once, with the size that lstat says.
  2. dpkg: every package whose status is not config-files or not-installed; the id is the package without its architecture.
     A listed path is resolved through symlinks of its directory (after the usr-merge dpkg says /bin/ls for /usr/bin/ls),
     never of its last component. A diverted path is followed to where its bytes went.
  3. python: every distribution that an interpreter in the image finds, by every path in its RECORD (so `../../../bin/f2py`
     too), or in installed-files.txt where there is no RECORD. The id is the name as PEP 503 writes it. One
     distribution in two environments is one owner. Interpreters: python3 of the PATH in the image's
     config, and bin/python beside every pyvenv.cfg.
  4. dpkg before python where both claim a file.
  5. A .pyc that nobody lists belongs to the owner of the .py that it was compiled from.
  6. Of hard links, any name may bring the owner: the first in the order dpkg, python, derived, then by path.
  7. All else is `unowned`. Plimsoll knows more (CPython under /usr/local, what maintainer scripts and triggers write), and
     may only take from `unowned`: compare each owner without the files that are in the list, and the sum.

Claims that two packages make on one file, and listed files that are not there, are counted on standard error.
"""
import json
import os
import re
import stat
import subprocess
import sys
import tempfile

PYTHON = r"""
import importlib.metadata as m, json, os, sys
found = []
for d in m.distributions():
    listed = d.read_text("RECORD") is not None or d.read_text("installed-files.txt") is not None
    found.append([d.metadata["Name"], [os.path.abspath(str(d.locate_file(f))) for f in (d.files or [])] if listed else []])
json.dump(found, sys.stdout)
"""


def resolve(root, path):
    """The path with the symlinks of its directory followed inside root; None when that directory is not there."""
    parent, base = os.path.split(os.path.normpath("/" + path.lstrip("/")))
    todo, trail, followed = [p for p in reversed(parent.split("/")) if p], [], 0
    while todo:
        part = todo.pop()
        if part == "..":
            del trail[-1:]
            continue
        here = os.path.join(root, *trail, part)
        if os.path.islink(here):
            followed += 1
            if followed > 40:
                return None
            target = os.readlink(here)
            if target.startswith("/"):
                trail.clear()
            todo.extend(p for p in reversed(target.split("/")) if p not in ("", "."))
        elif os.path.isdir(here):
            trail.append(part)
        else:
            return None
    return "/".join(trail + [base])


def live_files(root):
    """{path: (inode, size)} of regular files, seen before anything of the image is run."""
    files = {}
    for folder, _, names in os.walk(root):
        for name in names:
            full = os.path.join(folder, name)
            status = os.lstat(full)
            if stat.S_ISREG(status.st_mode):
                files[os.path.relpath(full, root)] = (status.st_ino, status.st_size)
    return files


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, errors="surrogateescape", **options).stdout


def dpkg_claims(root):
    database = os.path.join(root, "var/lib/dpkg")
    if not os.path.exists(os.path.join(database, "status")):
        return
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    query = ("dpkg-query", f"--admindir={database}")
    packages = run(*query, "-W", "-f", "${binary:Package} ${db:Status-Status}\n", env=environment)
    for line in packages.splitlines():
        package, status = line.split()
        if status in ("config-files", "not-installed"):
            continue
        path = None
        for row in run(*query, "-L", package, env=environment).splitlines() + [""]:
            moved = re.match(r"(?:locally diverted|diverted by .+) to: (/.*)", row)
            if moved:
                path = moved[1]
            elif row.startswith("package diverts others to: "):
                continue
            else:
                if path:
                    yield "dpkg:" + package.split(":")[0], path
                path = row if row.startswith("/") else None


def python_claims(root, config):
    path = "/usr/local/bin:/usr/bin:/bin"
    for setting in config.get("config", {}).get("Env") or []:
        if setting.startswith("PATH="):
            path = setting[5:]
    interpreters = [os.path.join(folder, "python3") for folder in path.split(":")]
    for folder, _, names in os.walk(root):
        if "pyvenv.cfg" in names:
            interpreters.append(os.path.join("/", os.path.relpath(folder, root), "bin/python"))
    for interpreter in dict.fromkeys(interpreters):
        if os.path.lexists(os.path.join(root, interpreter.lstrip("/"))):
            found = run("chroot", root, interpreter, "-I", "-B", "-c", PYTHON, env={"LC_ALL": "C.UTF-8", "PATH": path})
            for name, paths in json.loads(found):
                for claimed in paths:
                    yield "python:" + re.sub(r"[-_.]+", "-", name).lower(), claimed


def source_of(path):
    """The .py that a .pyc comes from (PEP 3147), or the one it stands beside."""
    folder, name = os.path.split(path)
    if not name.endswith(".pyc"):
        return None
    if os.path.basename(folder) == "__pycache__":
        return os.path.join(os.path.dirname(folder), name.split(".")[0] + ".py")
    return path[:-1]


def image_config(layout, tag):
    def blob(digest):
        with open(os.path.join(layout, "blobs", *digest.split(":"))) as file:
            return json.load(file)

    with open(os.path.join(layout, "index.json")) as file:
        index = json.load(file)
    for descriptor in index["manifests"]:
        if (descriptor.get("annotations") or {}).get("org.opencontainers.image.ref.name") == tag:
            return blob(blob(descriptor["digest"])["config"]["digest"])
    sys.exit(f"owners.py: {layout} has no {tag}")


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    layout, tag = sys.argv[1], (sys.argv[2:] or ["latest"])[0]
    config = image_config(layout, tag)
    with tempfile.TemporaryDirectory(prefix="owners-") as scratch:
        bundle = os.path.join(scratch, "bundle")
        run("umoci", "unpack", "--image", f"{layout}:{tag}", bundle)
        root = os.path.join(bundle, "rootfs")
        files = live_files(root)

        owner_of, contested, absent = {}, {}, 0
        for claims in (dpkg_claims(root), python_claims(root, config)):
            for owner, path in claims:
                path = resolve(root, path)
                if path is None or not os.path.lexists(os.path.join(root, path)):
                    absent += 1
                elif path in files and owner_of.setdefault(path, owner) != owner:
                    contested.setdefault((owner_of[path], owner), []).append(path)

    derived = {}
    for path in files:
        source = source_of(path)
        if path not in owner_of and source in owner_of:
            derived[path] = owner_of[source]

    def rank(path):
        owner = owner_of.get(path)
        return (0 if owner and owner.startswith("dpkg:") else 1 if owner else 2 if path in derived else 3), path

    names = {}
    for path, (inode, _) in files.items():
        names.setdefault(inode, []).append(path)
    totals, unowned = {}, []
    for paths in names.values():
        best = min(paths, key=rank)
        owner = owner_of.get(best) or derived.get(best) or "unowned"
        totals[owner] = totals.get(owner, 0) + files[best][1]
        if owner == "unowned":
            unowned += paths

    print(f"live {sum(totals.values())} in {len(files)} names, {len(totals)} owners, listed but absent {absent}", file=sys.stderr)
    for (winner, loser), paths in sorted(contested.items()):
        print(f"contested: {winner} before {loser}: {len(paths)} files, first {paths[0]}", file=sys.stderr)
    unowned = sorted(path.encode(errors="surrogateescape").decode(errors="replace") for path in unowned)
    json.dump({"owners": totals, "unowned": unowned}, sys.stdout, indent=2, sort_keys=True)
    print()


if __name__ == "__main__":
    main()
