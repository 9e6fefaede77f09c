"""Databases as rpm makes them, and what SQLite itself reads of them, on standard output.

Each case is one line of text, `NAME PAGES LOG ROWS`: the lengths of the database and of its write-ahead log, and how many rows
SQLite finds. Then come the database, the log, and of each row a line with its length and its bytes.
"""

import os
import random
import sqlite3
import sys
import tempfile

out = sys.stdout.buffer


def case(name, page_size, vacuum, write):
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "rpmdb.sqlite")
        writer = sqlite3.connect(path, isolation_level=None)
        for pragma in (f"page_size={page_size}", f"auto_vacuum={vacuum}", "journal_mode=wal", "wal_autocheckpoint=0"):
            writer.execute(f"PRAGMA {pragma}").fetchall()
        writer.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        writer.execute("CREATE TABLE Name (key TEXT NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL)")
        write(writer)
        with open(path, "rb") as file:
            database = file.read()
        with open(path + "-wal", "rb") as file:
            log = file.read()
        reader = sqlite3.connect(path)
        rows = [row[0] for row in reader.execute("SELECT blob FROM Packages ORDER BY hnum")]
        reader.close()
        writer.close()
    out.write(f"{name} {len(database)} {len(log)} {len(rows)}\n".encode())
    out.write(database + log)
    for row in rows:
        out.write(f"{len(row)}\n".encode() + row)


def writes(seed, count, longest, then):
    """Inserts, replaces and deletes, with a checkpoint on the way where `then` says so."""

    def write(db):
        chance = random.Random(seed)
        blob = lambda: chance.randbytes(chance.choice([0, 1, chance.randrange(longest), longest]))
        insert = lambda: db.execute("INSERT INTO Packages (blob) VALUES (?)", (blob(),))
        for _ in range(count):
            insert()
        if then != "log":
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        if then in ("both", "open"):
            for hnum in range(1, count, 3):
                db.execute("DELETE FROM Packages WHERE hnum = ?", (hnum,))
            for hnum in range(2, count, 7):
                db.execute("UPDATE Packages SET blob = ? WHERE hnum = ?", (blob(), hnum))
        if then == "open":
            # A transaction that nobody committed, too large for the cache, so that it is in the log.
            db.execute("PRAGMA cache_size=2")
            db.execute("BEGIN")
            for _ in range(count):
                insert()

    return write


for page_size in (512, 1024, 4096, 65536):
    for then in ("checkpointed", "log", "both", "open"):
        many = 60 if page_size < 4096 else 9
        for count, longest in ((3, 40), (many, 3 * page_size // 4), (many // 3, 5 * page_size + 17)):
            name = f"{page_size}-{then}-{count}-{longest}"
            case(name, page_size, count % 2, writes(name, count, longest, then))
