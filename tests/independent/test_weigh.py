#!/usr/bin/env python3
"""The measure is measured: weigh.py on layers small enough to add up by hand. Run: python3 -m unittest -v FILE"""
import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

WEIGH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "weigh.py")
KINDS = {"d": tarfile.DIRTYPE, "s": tarfile.SYMTYPE, "h": tarfile.LNKTYPE}


def layer(*members):
    """A tar of (name, size) files and (name, kind, target) others."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, *rest in members:
            info = tarfile.TarInfo(name)
            if len(rest) == 1:
                info.size = rest[0]
                tar.addfile(info, io.BytesIO(b"x" * info.size))
            else:
                info.type, info.linkname = KINDS[rest[0]], rest[1]
                tar.addfile(info)
    return buffer.getvalue()


def weigh(*layers, compress=lambda data: data):
    with tempfile.TemporaryDirectory() as root:
        os.makedirs(f"{root}/blobs/sha256")

        def put(data):
            digest = hashlib.sha256(data).hexdigest()
            with open(f"{root}/blobs/sha256/{digest}", "wb") as file:
                file.write(data)
            return {"digest": "sha256:" + digest}

        diff_ids = ["sha256:" + hashlib.sha256(data).hexdigest() for data in layers]
        config = {"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": diff_ids}}
        manifest = {"config": put(json.dumps(config).encode()), "layers": [put(compress(data)) for data in layers]}
        with open(f"{root}/index.json", "w", encoding="ascii") as file:
            json.dump({"manifests": [put(json.dumps(manifest).encode())]}, file)
        done = subprocess.run([sys.executable, WEIGH, root], capture_output=True, text=True)
        if done.returncode:
            raise ValueError(done.stderr)
        image = json.loads(done.stdout)["images"][0]
        return tuple(image[key] for key in ("live", "overwritten", "deleted"))


BASE = layer(("d", "d", ""), ("d/a", 10), ("d/b", 20), ("e", 5))
LINKED = layer(("a", 10), ("b", "h", "a"))
MERGED = layer(("usr", "d", ""), ("usr/bin", "d", ""), ("usr/bin/x", 9), ("bin", "s", "usr/bin"))


class Fates(unittest.TestCase):
    CASES = {
        "one layer": ([BASE], (35, 0, 0)),
        "whiteout": ([BASE, layer(("d/.wh.a", 0))], (25, 0, 10)),
        "whiteout of a directory that comes back": ([BASE, layer((".wh.d", 0), ("d/a", 3))], (8, 0, 30)),
        "opaque spares its own layer": ([BASE, layer(("d/.wh..wh..opq", 0), ("d/a", 3))], (8, 0, 30)),
        "opaque spares its own layer, coming last": ([BASE, layer(("d/a", 3), ("d/.wh..wh..opq", 0))], (8, 0, 30)),
        "directory replaced by a file": ([BASE, layer(("d", 3))], (8, 30, 0)),
        "directory replaced by a symlink": ([BASE, layer(("d", "s", "/x"))], (5, 30, 0)),
        "file replaced by an implied directory": ([BASE, layer(("e/x", 3))], (33, 5, 0)),
        "directory over a directory": ([BASE, layer(("d", "d", ""))], (35, 0, 0)),
        "hard link keeps the bytes": ([LINKED, layer((".wh.a", 0))], (10, 0, 0)),
        "both names gone": ([LINKED, layer((".wh.a", 0), (".wh.b", 0))], (0, 0, 10)),
        "the last name to go decides": ([LINKED, layer((".wh.a", 0)), layer(("b", 1))], (1, 10, 0)),
        "link from another layer keeps nothing": ([layer(("a", 10)), layer(("b", "h", "a"), (".wh.a", 0))], (0, 0, 10)),
        "twice in one layer": ([layer(("a", 10), ("a", 20))], (20, 10, 0)),
        "twice, the first one linked": ([layer(("a", 10), ("b", "h", "a"), ("a", 20))], (30, 0, 0)),
        "written through a symlink": ([MERGED, layer(("bin/x", 4))], (4, 9, 0)),
        "deleted through a symlink": ([MERGED, layer(("bin/.wh.x", 0))], (0, 0, 9)),
        "an opaque directory in place of a symlink": ([MERGED, layer(("bin", "d", ""), ("bin/.wh..wh..opq", 0), ("bin/y", 4))], (13, 0, 0)),
        "names are normalised": ([layer(("./", "d", ""), ("./a", 1), ("/b", 2), ("../c", 4)), layer((".wh.c", 0))], (3, 0, 4)),
    }

    def test_fates(self):
        for what, (layers, expected) in self.CASES.items():
            with self.subTest(what):
                self.assertEqual(weigh(*layers), expected)

    def test_compressions(self):
        self.assertEqual(weigh(BASE, compress=gzip.compress), (35, 0, 0))
        if shutil.which("zstd"):
            zstd = lambda data: subprocess.run(["zstd", "-qc"], input=data, stdout=subprocess.PIPE, check=True).stdout
            self.assertEqual(weigh(BASE, compress=zstd), (35, 0, 0))

    def test_a_broken_header_is_not_an_end(self):
        broken = bytearray(layer(("a", 1), ("b", 2), ("c", 3)))
        broken[1024 + 150] ^= 1  # the checksum of b
        with self.assertRaisesRegex(ValueError, "not a tar any more"):
            weigh(bytes(broken))

    def test_what_follows_the_end_is_not_read(self):
        self.assertEqual(weigh(BASE + layer(("index", 7))), (35, 0, 0))

    def test_a_cut_layer_is_an_error(self):
        with self.assertRaises(ValueError):
            weigh(layer(("a", 9000))[:5000])


if __name__ == "__main__":
    unittest.main()
