"""Imports every module with native code of the interpreter that runs this, and prints those that cannot be, one a line."""

import contextlib
import importlib
import importlib.machinery
import io
import os
import sysconfig

paths = sysconfig.get_paths()
failed, count = [], 0
for root in {paths["purelib"], paths["platlib"], os.path.join(paths["stdlib"], "lib-dynload")}:
    for directory, _, files in os.walk(root):
        for file in files:
            suffix = next((s for s in importlib.machinery.EXTENSION_SUFFIXES if file.endswith(s)), None)
            # Libraries that wheels bring along, in NAME.libs, are no modules.
            if suffix is None or os.path.basename(directory).endswith(".libs"):
                continue
            path = os.path.relpath(os.path.join(directory, file[: -len(suffix)]), root)
            module = path.replace(os.sep, ".")
            count += 1
            with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
                try:
                    importlib.import_module(module)
                except BaseException:
                    failed.append(module)
for module in sorted(failed):
    print(module)
if count == 0:
    print("nothing to import")
