#!/usr/bin/env python3
"""Weighs one container image, independently of Plimsoll, so that tests have somebody to disagree with.

    weigh.py IMAGE [--paths FILE]        IMAGE: a `docker save` archive, an OCI layout (directory or tar of one)

Standard library only, and on purpose nothing of Plimsoll's: tarfile reads the tars, gzip the gzip, the program `zstd`
the zstd. It prints one JSON document; --paths also writes the final file system, a line `SIZE<tab>PATH` per live file
(its stat size; paths are JSON strings). Keys, all sizes in bytes:

    images[]        one per platform manifest: reference, platform, digest of its config, and
      content         sum of the sizes of regular files over all layers (logical size, so a sparse file's holes count);
                      hard links, symlinks, directories, devices and whiteouts are 0
      live            of content, what the final file system shows
      overwritten     of content, what something else has replaced
      deleted         of content, what a whiteout or an opaque directory has hidden
      transfer        sum of the layer blobs as they are stored here (so it is what a pull moves only if this is a layout)
      entries         tar members of all layers, directories and whiteouts included
      live_files      names of live regular files, hard links included; live_sha256 is the digest of the --paths text
      layers[]        digest and size of the blob, diff_id, tar size, the same figures for the layer's own bytes
    attestations[]  digests of the manifests that are no file system: attestations, signatures and other artefacts

Rules, where the formats leave a choice:

  1. Whiteouts and opaque directories act on the layers below, never on their own layer, wherever in the tar they stand.
  2. A name made again replaces what bore it: that is overwritten, with everything under it when a directory gives way to
     something else. A directory over a directory changes nothing. The same holds inside one layer: the last member wins.
  3. The bytes of a file live as long as any name of it lives that the same layer made (its member and the hard links to it).
     Once all are gone, the one that went last says whether they were overwritten or deleted; in a tie, the member itself.
  4. A hard link to a file of a lower layer brings no bytes and keeps none alive.
  5. A member below a symlink of the image goes where the symlink points, as when unpacking; a missing directory is implied.
     The name itself is never followed. Where the layer makes a directory in place of the symlink, its whiteouts there
     hide nothing.
  6. Other `.wh..wh.*` members are notes of a storage driver: entries, but no files.
"""
import argparse
import gzip
import hashlib
import json
import os
import posixpath
import shutil
import subprocess
import sys
import tarfile
import threading

WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
NOTE = ".wh..wh."


class Bad(Exception):
    """The image cannot be weighed."""


# --------------------------------------------------------------------------------------------------------------- input


class Directory:
    """Blobs in a directory."""

    def __init__(self, root):
        self.root = root

    def open(self, name):
        return open(os.path.join(self.root, name), "rb")

    def size(self, name):
        return os.path.getsize(os.path.join(self.root, name))

    def __contains__(self, name):
        return os.path.isfile(os.path.join(self.root, name))


class Archive:
    """Blobs in a tar, which may say twice what it holds by way of symlinks (old `docker save` does)."""

    def __init__(self, path):
        self.tar = tarfile.open(path, "r:*", encoding="utf-8", errors="surrogateescape")
        self.members = {posixpath.normpath(m.name): m for m in self.tar.getmembers()}

    def find(self, name):
        name = posixpath.normpath(name)
        for _ in range(16):
            member = self.members.get(name)
            if member is None:
                raise Bad(f"the archive has no {name}")
            if member.issym():
                name = posixpath.normpath(posixpath.join(posixpath.dirname(name), member.linkname))
            elif member.islnk():
                name = posixpath.normpath(member.linkname)
            else:
                return member
        raise Bad(f"links in the archive go round at {name}")

    def open(self, name):
        return self.tar.extractfile(self.find(name))

    def size(self, name):
        return self.find(name).size

    def __contains__(self, name):
        return posixpath.normpath(name) in self.members


def load(store, name):
    with store.open(name) as file:
        return json.load(file)


def blob_name(digest):
    algorithm, _, value = digest.partition(":")
    return f"blobs/{algorithm}/{value}"


def platform_of(config):
    return "/".join(filter(None, [config.get("os"), config.get("architecture"), config.get("variant")]))


def images_of(store):
    """Yields (reference, config digest, config, [blob names]) of each platform; of an attestation only its digest."""
    if "manifest.json" in store:
        for item in load(store, "manifest.json") or []:
            with store.open(item["Config"]) as file:
                raw = file.read()
            digest = "sha256:" + hashlib.sha256(raw).hexdigest()
            reference = (item.get("RepoTags") or [None])[0]
            yield reference, digest, json.loads(raw), item["Layers"] or []
    elif "index.json" in store:
        yield from descend(store, load(store, "index.json"), None)
    else:
        raise Bad("neither manifest.json nor index.json is here")


def descend(store, index, reference):
    for descriptor in index["manifests"]:
        notes = descriptor.get("annotations") or {}
        name = reference or notes.get("io.containerd.image.name") or notes.get("org.opencontainers.image.ref.name")
        platform = descriptor.get("platform") or {}
        if notes.get("vnd.docker.reference.type") == "attestation-manifest" or platform.get("os") == "unknown":
            yield None, descriptor["digest"], None, None
            continue
        if blob_name(descriptor["digest"]) not in store:
            continue  # an index may name platforms that were not exported
        manifest = load(store, blob_name(descriptor["digest"]))
        if "manifests" in manifest:
            yield from descend(store, manifest, name)
        else:
            config = load(store, blob_name(manifest["config"]["digest"]))
            if not all("tar" in layer.get("mediaType", "tar") for layer in manifest["layers"]):
                yield None, descriptor["digest"], None, None  # a signature, a chart: no file system
                continue
            blobs = [blob_name(layer["digest"]) for layer in manifest["layers"]]
            yield name, manifest["config"]["digest"], config, blobs


class Metered:
    """A reader that hashes and counts what goes through, and remembers the last two reads."""

    def __init__(self, file):
        self.file, self.hash, self.count, self.recent = file, hashlib.sha256(), 0, [b"", b""]

    def read(self, size=-1):
        data = self.file.read(size)
        self.hash.update(data)
        self.count += len(data)
        if data:
            self.recent = [self.recent[1], data]
        return data

    def block(self, offset):
        """The tar block at this offset, which is among what was read last; empty at the end of the file."""
        recent = b"".join(self.recent)
        start = offset - (self.count - len(recent))
        return recent[max(start, 0):start + 512]

    def drain(self):
        while self.read(1 << 20):
            pass


def decompressed(file):
    """The tar in a blob, by the blob's first bytes, whatever its media type says; and how to close it."""
    magic = file.read(4)
    file.seek(0)
    if magic[:2] == b"\x1f\x8b":
        return gzip.GzipFile(fileobj=file), lambda: None
    if magic == b"\x28\xb5\x2f\xfd":
        if not shutil.which("zstd"):
            raise Bad("a layer is compressed with zstd and there is no zstd here")
        program = subprocess.Popen(["zstd", "-dcq"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

        def feed():
            try:
                shutil.copyfileobj(file, program.stdin, 1 << 20)
                program.stdin.close()
            except BrokenPipeError:
                pass  # its exit status says why

        feeder = threading.Thread(target=feed)
        feeder.start()

        def close():
            feeder.join()
            program.stdout.close()
            if program.wait():
                raise Bad("zstd could not read a layer")

        return program.stdout, close
    return file, lambda: None


# ------------------------------------------------------------------------------------------------------------- weighing


class File:
    """The bytes that one regular member brought, and the names that its layer gave them."""

    def __init__(self, layer, size):
        self.layer, self.size = layer, size
        self.names = 0
        self.fate = None

    def lose(self, kind, when, is_member):
        """A name is gone. The last one to go decides; `when` is the layer that took it."""
        self.names -= 1
        if self.fate is None or when > self.fate[1] or is_member:
            self.fate = (kind, when)


class Node:
    """A name in the file system: a directory with children, or anything else with perhaps a file's bytes."""

    __slots__ = ("children", "file", "member", "link", "regular", "size")

    def __init__(self, directory=False, file=None, member=False, link=None, regular=False, size=0):
        self.children = {} if directory else None
        self.file, self.member, self.link, self.regular, self.size = file, member, link, regular, size
        if file:
            file.names += 1


class Tree:
    def __init__(self):
        self.root = Node(directory=True)
        self.now = -1

    def parts(self, name):
        path = posixpath.normpath("/" + name)
        return [part for part in path.split("/") if part]

    def kill(self, node, kind):
        if node.children is not None:
            for child in node.children.values():
                self.kill(child, kind)
        elif node.file:
            node.file.lose(kind, self.now, node.member)

    def directory(self, parts, make):
        """The directory at parts, through symlinks. Without make, None where there is none."""
        todo, trail, followed = list(reversed(parts)), [self.root], 0
        while todo:
            part = todo.pop()
            here = trail[-1]
            if part == "..":
                if len(trail) > 1:
                    trail.pop()
                continue
            child = here.children.get(part)
            if child is not None and child.link is not None:
                followed += 1
                if followed > 255:
                    raise Bad("symlinks go round")
                if child.link.startswith("/"):
                    del trail[1:]
                todo.extend(p for p in reversed(child.link.split("/")) if p not in ("", "."))
                continue
            if child is None or child.children is None:
                if not make:
                    return None
                if child is not None:
                    self.kill(child, "overwritten")
                child = here.children[part] = Node(directory=True)
            trail.append(child)
        return trail[-1]

    def replaces_link(self, parts, made):
        """Whether the layer puts a directory where a symlink was, at or above parts: nothing below was ever in it."""
        above = (parts[:length] for length in range(1, len(parts) + 1))
        return any(tuple(path) in made and (node := self.get(path)) and node.link is not None for path in above)

    def whiteout(self, parts):
        parent = self.directory(parts[:-1], make=False)
        node = parent and parent.children.pop(parts[-1], None)
        if node:
            self.kill(node, "deleted")

    def opaque(self, parts):
        node = self.directory(parts, make=False)
        if node:
            self.kill(node, "deleted")
            node.children.clear()

    def put(self, parts, node):
        if not parts:
            return  # the root itself
        parent = self.directory(parts[:-1], make=True)
        before = parent.children.get(parts[-1])
        if before is not None:
            if before.children is not None and node.children is not None:
                return
            self.kill(before, "overwritten")
        parent.children[parts[-1]] = node

    def get(self, parts):
        if not parts:
            return self.root
        parent = self.directory(parts[:-1], make=False)
        return parent and parent.children.get(parts[-1])

    def files(self, node=None, prefix=""):
        for name, child in sorted((node or self.root).children.items()):
            if child.children is not None:
                yield from self.files(child, f"{prefix}{name}/")
            elif child.regular:
                yield prefix + name, child


def weigh_layer(tree, tar):
    """Applies one layer; returns its (files, entries)."""
    removals, additions, entries, made = [], [], 0, set()
    while member := tar.next():
        entries += 1
        parts = tree.parts(member.name)
        base = parts[-1] if parts else ""
        if base == OPAQUE:
            removals.append((tree.opaque, parts[:-1]))
        elif base.startswith(NOTE):
            pass
        elif base.startswith(WHITEOUT):
            removals.append((tree.whiteout, parts[:-1] + [base[len(WHITEOUT):]]))
        else:
            additions.append((parts, member.type, member.isreg(), member.size, member.linkname))
            if member.isdir():
                made.add(tuple(parts))
        tar.members = []  # tarfile keeps every member otherwise
    for act, parts in removals:
        if not tree.replaces_link(parts, made):
            act(parts)
    files = []
    for parts, kind, regular, size, target in additions:
        if regular:
            file = File(tree.now, size)
            files.append(file)
            node = Node(file=file, member=True, regular=True, size=size)
        elif kind == tarfile.DIRTYPE:
            node = Node(directory=True)
        elif kind == tarfile.SYMTYPE:
            node = Node(link=target)
        elif kind == tarfile.LNKTYPE:
            old = tree.get(tree.parts(target))
            if old is None or old.children is not None:
                node = Node()
            else:
                shared = old.file if old.file and old.file.layer == tree.now else None
                node = Node(file=shared, link=old.link, regular=old.regular, size=old.size)
        else:
            node = Node()
        tree.put(parts, node)
    return files, entries


def weigh(store, config, blobs):
    tree, layers, files = Tree(), [], []
    expected = config.get("rootfs", {}).get("diff_ids", [])
    if len(expected) != len(blobs):
        raise Bad(f"{len(blobs)} layers but {len(expected)} diff ids")
    for number, name in enumerate(blobs):
        tree.now = number
        with store.open(name) as file:
            blob = hashlib.sha256()
            while chunk := file.read(1 << 20):
                blob.update(chunk)
            file.seek(0)
            stream, close = decompressed(file)
            meter = Metered(stream)
            if store.size(name):
                with tarfile.open(fileobj=meter, mode="r|", encoding="utf-8", errors="surrogateescape") as tar:
                    made, entries = weigh_layer(tree, tar)
                    # tarfile takes a broken header for the end. After a true end anything may follow (eStargz's index).
                    if meter.block(tar.offset).strip(b"\0"):
                        raise Bad(f"{name}: not a tar any more at byte {tar.offset}")
                    meter.drain()
            else:
                made, entries = [], 0
            close()
        if name.startswith("blobs/sha256/") and name != "blobs/sha256/" + blob.hexdigest():
            raise Bad(f"{name} has the digest {blob.hexdigest()}")
        diff_id = "sha256:" + meter.hash.hexdigest()
        if diff_id != expected[number]:
            raise Bad(f"layer {number} is {diff_id}, the config says {expected[number]}")
        files.append(made)
        layers.append({
            "digest": "sha256:" + blob.hexdigest(), "diff_id": diff_id, "blob": store.size(name),
            "tar": meter.count, "entries": entries,
        })

    for layer, made in zip(layers, files):
        layer["content"] = sum(f.size for f in made)
        layer["live"] = sum(f.size for f in made if f.names)
        for kind in ("overwritten", "deleted"):
            layer[kind] = sum(f.size for f in made if not f.names and f.fate[0] == kind)

    total = {key: sum(layer[key] for layer in layers) for key in ("content", "live", "overwritten", "deleted", "entries")}
    assert total["content"] == total["live"] + total["overwritten"] + total["deleted"]
    total["transfer"] = sum(layer["blob"] for layer in layers)
    paths = [(path, node.size) for path, node in tree.files()]
    return total, layers, paths


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0], epilog="Run pydoc on this file for the rules.")
    parser.add_argument("image")
    parser.add_argument("--paths", help="write the final file system here, one 'SIZE<tab>PATH' per line")
    arguments = parser.parse_args()
    store = Directory(arguments.image) if os.path.isdir(arguments.image) else Archive(arguments.image)

    images, attestations, listing = [], [], []
    for reference, digest, config, blobs in images_of(store):
        if config is None:
            attestations.append(digest)
            continue
        total, layers, paths = weigh(store, config, blobs)
        listing = [f"{size}\t{json.dumps(path)}\n" for path, size in paths]
        images.append({
            "reference": reference, "platform": platform_of(config), "config": digest, **total,
            "live_files": len(paths),
            "live_sha256": hashlib.sha256("".join(listing).encode()).hexdigest(),
            "largest": [[path, size] for path, size in sorted(paths, key=lambda p: (-p[1], p[0]))[:10]],
            "layers": layers,
        })
    if arguments.paths:
        if len(images) != 1:
            raise Bad(f"--paths needs one image, here are {len(images)}")
        with open(arguments.paths, "w", encoding="ascii") as file:
            file.writelines(listing)
    json.dump({"images": images, "attestations": attestations}, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    try:
        main()
    except (Bad, OSError, EOFError, tarfile.TarError, KeyError, ValueError) as error:
        sys.exit(f"weigh.py: {sys.argv[-1] if len(sys.argv) > 1 else ''}: {type(error).__name__}: {error}")
