"""Images made up to hurt: many entries, many layers, and what makes other tools take minutes.

Made of numbers and nothing else, they are the same bytes on every machine that has the same zlib. They are OCI layouts
with gzip layers of directories and tiny files, so that 5 million entries need little disk.
"""

import hashlib
import json
import os
import zlib


class Layer:
    """A gzip layer that is written while its members are named."""

    def __init__(self, layout):
        self.blobs = layout / "blobs" / "sha256"
        self.blobs.mkdir(parents=True, exist_ok=True)
        self.file = open(self.blobs / "partial", "wb")
        self.deflate = zlib.compressobj(1, zlib.DEFLATED, 31)
        self.digest, self.diff, self.size = hashlib.sha256(), hashlib.sha256(), 0
        self.pending, self.held, self.entries = [], 0, 0
        self.heads = {}

    def member(self, name, kind=b"0", content=b"", link=b"", owner=0):
        """Adds a member; names longer than 100 bytes are split as ustar has it."""
        prefix = b""
        if len(name) > 100:
            cut = name.rindex(b"/", 0, 156)
            prefix, name = name[:cut], name[cut + 1 :]
        key = (kind, len(content), owner)
        head = self.heads.get(key)
        if head is None:
            mode = 0o755 if kind == b"5" else 0o644
            middle = b"%07o\0%07o\0%07o\0%011o\0%011o\0" % (mode, owner, owner, len(content), 1_700_000_000)
            magic = b"ustar\x0000"
            fixed = sum(middle) + sum(magic) + sum(kind) + 8 * 32
            head = self.heads[key] = (middle, magic.ljust(88, b"\0"), fixed)
        middle, magic, fixed = head
        check = b"%06o\0 " % (fixed + sum(name) + sum(link) + sum(prefix))
        parts = (name.ljust(100, b"\0"), middle, check, kind, link.ljust(100, b"\0"), magic, prefix.ljust(167, b"\0"))
        block = b"".join(parts)
        if content:
            block += content.ljust(-(-len(content) // 512) * 512, b"\0")
        self.pending.append(block)
        self.held += len(block)
        self.entries += 1
        if self.held > 1 << 20:
            self.flush()

    def flush(self):
        tar = b"".join(self.pending)
        self.diff.update(tar)
        self.write(self.deflate.compress(tar))
        self.pending, self.held = [], 0

    def write(self, blob):
        self.digest.update(blob)
        self.size += len(blob)
        self.file.write(blob)

    def finish(self):
        """Its descriptor, its diff id and how many entries it has."""
        self.pending.append(bytes(1024))
        self.flush()
        self.write(self.deflate.flush())
        self.file.close()
        digest = self.digest.hexdigest()
        os.replace(self.blobs / "partial", self.blobs / digest)
        media_type = "application/vnd.oci.image.layer.v1.tar+gzip"
        descriptor = {"mediaType": media_type, "digest": f"sha256:{digest}", "size": self.size}
        return descriptor, f"sha256:{self.diff.hexdigest()}", self.entries


class Image:
    """An OCI layout of one image, made layer by layer."""

    def __init__(self, layout):
        self.layout, self.layers = layout, []

    def layer(self, fill):
        made = Layer(self.layout)
        fill(made)
        self.layers.append(made.finish())

    def blob(self, media_type, document):
        text = json.dumps(document, sort_keys=True).encode()
        digest = hashlib.sha256(text).hexdigest()
        (self.layout / "blobs" / "sha256" / digest).write_bytes(text)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(text)}

    def finish(self):
        history = [{"created_by": f"RUN step {position}"} for position in range(len(self.layers))]
        rootfs = {"type": "layers", "diff_ids": [diff for _, diff, _ in self.layers]}
        config = {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs, "history": history}
        config = self.blob("application/vnd.oci.image.config.v1+json", config)
        kind = "application/vnd.oci.image.manifest.v1+json"
        layers = [descriptor for descriptor, _, _ in self.layers]
        manifest = self.blob(kind, {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": layers})
        index = {"schemaVersion": 2, "manifests": [manifest | {"platform": {"architecture": "amd64", "os": "linux"}}]}
        (self.layout / "index.json").write_text(json.dumps(index))
        (self.layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        return sum(entries for _, _, entries in self.layers)


def tree(layer, root, files, owner=0, content=b"x"):
    """`files` files below a directory, 20 in each directory, 20 directories in each of those above."""
    directories = set()
    for number in range(files):
        inner, outer = number // 20, number // 400
        directory = b"%s/d%05d/d%02d" % (root, outer, inner % 20)
        if number % 20 == 0:
            for made in (root, b"%s/d%05d" % (root, outer), directory):
                if made not in directories:
                    directories.add(made)
                    layer.member(made + b"/", b"5", owner=owner)
        layer.member(b"%s/f%02d" % (directory, number % 20), content=content, owner=owner)


def plain(image, entries, layers):
    """Trees of files that all live, spread over the layers."""
    for position in range(layers):
        image.layer(lambda layer: tree(layer, b"srv/l%03d" % position, entries // layers))


def chown(image, files, times):
    """A tree, and the whole of it again with another owner: `RUN chown -R`."""
    for position in range(times + 1):
        image.layer(lambda layer: tree(layer, b"srv/app", files, owner=position))


def whiteout_files(image, files):
    """A tree, and a layer that deletes each of its files by a whiteout of its own."""
    image.layer(lambda layer: tree(layer, b"srv/app", files))

    def delete(layer):
        for number in range(files):
            inner, outer = number // 20, number // 400
            layer.member(b"srv/app/d%05d/d%02d/.wh.f%02d" % (outer, inner % 20, number % 20))

    image.layer(delete)


def whiteout_trees(image, files, layers):
    """Each layer deletes the tree of the one before and brings it again under another name."""

    def replace(layer, position):
        if position:
            layer.member(b"srv/.wh.app%03d" % (position - 1))
        tree(layer, b"srv/app%03d" % position, files)

    for position in range(layers):
        image.layer(lambda layer: replace(layer, position))


def opaque(image, files, layers):
    """One directory with all files in it; each layer empties it by an opaque marker and brings a share of them anew."""

    def renew(layer, position):
        layer.member(b"srv/", b"5")
        layer.member(b"srv/.wh..wh..opq")
        for number in range(files // layers):
            layer.member(b"srv/l%03d-f%07d" % (position, number), content=b"x")

    for position in range(layers):
        image.layer(lambda layer: renew(layer, position))


def linked_whiteouts(image, files):
    """Files deleted and files written through a directory that is a symbolic link below: /lib on every merged /usr."""

    def base(layer):
        layer.member(b"lib", b"2", link=b"usr/lib")
        layer.member(b"usr/lib/", b"5")
        for number in range(files):
            layer.member(b"usr/lib/f%07d" % number, content=b"x")

    def delete(layer):
        for number in range(files):
            layer.member(b"lib/.wh.f%07d" % number)
            layer.member(b"usr/lib/g%07d" % number, content=b"x")

    image.layer(base)
    image.layer(delete)


def hard_links(image, names):
    """One file with very many names."""

    def link(layer):
        layer.member(b"f", content=b"x")
        for number in range(names):
            layer.member(b"n%07d" % number, b"1", link=b"f")

    image.layer(link)
    image.layer(lambda layer: layer.member(b".wh.f"))


def flat(image, files):
    """All files in one directory."""

    def fill(layer):
        for number in range(files):
            layer.member(b"srv/f%07d" % number, content=b"x")

    image.layer(fill)


def deep(image, files, depth):
    """Files at the end of long paths."""
    path = b"/".join(b"d" for _ in range(depth))

    def fill(layer):
        for number in range(files):
            layer.member(b"%s/f%07d" % (path, number), content=b"x")

    image.layer(fill)


def packages(image, count, layers, each=40):
    """Debian packages and Python distributions: every layer installs some and writes dpkg's status file anew."""
    status = bytearray()

    def install(layer, first, last):
        for number in range(first, last):
            name = b"package%05d" % number
            listed = bytearray(b"/.\n/usr\n/usr/share\n/usr/share/%s\n" % name)
            layer.member(b"usr/share/%s/" % name, b"5")
            for file in range(each):
                layer.member(b"usr/share/%s/f%02d" % (name, file), content=b"x")
                listed += b"/usr/share/%s/f%02d\n" % (name, file)
            layer.member(b"var/lib/dpkg/info/%s.list" % name, content=bytes(listed))
            status.extend(b"Package: %s\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0\n\n" % name)
            place = b"usr/lib/python3/dist-packages"
            record = bytearray()
            for file in range(each):
                layer.member(b"%s/module%05d/m%02d.py" % (place, number, file), content=b"x")
                record += b"module%05d/m%02d.py,,1\n" % (number, file)
            info = b"%s/module%05d-1.0.dist-info" % (place, number)
            text = b"Metadata-Version: 2.1\nName: module%05d\nVersion: 1.0\n" % number
            layer.member(info + b"/METADATA", content=text)
            layer.member(info + b"/RECORD", content=bytes(record))
        layer.member(b"var/lib/dpkg/status", content=bytes(status))

    for position in range(layers):
        first, last = count * position // layers, count * (position + 1) // layers
        image.layer(lambda layer: install(layer, first, last))
