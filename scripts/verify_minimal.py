#!/usr/bin/env python3
"""Checks an evidence bundle of `archiver get REF --as evidence` without the archiver: verify_minimal.py FILE KEYS

Another implementation on purpose: Python's standard library, and openssl for the signatures. KEYS is a file of verifier
keys, one a line, from elsewhere than the bundle. Exit code 0: all is as it should be; 4: it is not. Not looked at: what
is in the WARC, whose hash is signed; whether a key was retired later; time stamps; what follows from others (pages, …).
"""

import base64
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PLAIN = re.compile(r"datapackage(-digest)?\.json|pages/pages\.jsonl|indexes/index\.cdxj|archive/data\.warc\.gz")
OURS = r"(snapshot|intent|(key|derivation)-\d{12})\.(note|salt|tlog-proof)|(timestamp-[a-z]+|key|root)\.\w[\w.-]+"
OURS += r"|(keys|README)\.txt|capture\.cdxj\.txt|screenshot\.png|chain\.json|report\.(html|pdf)|SHA256SUMS|verify\.sh"


def need(condition, why):
    if not condition:
        raise ValueError(why)


def exact(text):
    data = base64.b64decode(text, validate=True)
    need(base64.b64encode(data).decode() == text, "base64 in another form than an encoder's")
    return data


def read_keys(path):
    keys = {}
    for line in Path(path).read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, key_id, encoded = line.strip().split("+", 2)
            key = base64.b64decode(encoded)
            right = hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8]
            need(key[0] == 1 and len(key) == 33 and key_id == right, f"{line} is no Ed25519 key, or has a wrong id")
            keys[name, bytes.fromhex(key_id)] = key[1:]
    return keys


def openssl_verifies(key, text, signature):
    der = bytes.fromhex("302a300506032b6570032100") + key  # RFC 8410, section 4
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (("key", der), ("text", text), ("signature", signature)):
            (Path(folder) / name).write_bytes(data)
        command = "openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey key -sigfile signature -in text"
        return subprocess.run(command.split(), cwd=folder, capture_output=True, check=False).returncode == 0


def signed_text(note, keys, origin=None):
    """The text of a note (C2SP signed-note) that one of the keys signed; all signatures of known keys must be right."""
    text, separator, lines = note.decode().rpartition("\n\n")
    need(separator and lines.endswith("\n"), "a note without signature lines")
    text, good, seen = text + "\n", [], set()
    for line in lines[:-1].split("\n"):
        dash, name, encoded = line.split(" ")
        data = exact(encoded)
        need(dash == "—" and len(data) > 4 and (name, data[:4]) not in seen, "a signature line that is none, or twice")
        seen.add((name, data[:4]))
        if (name, data[:4]) in keys:
            need(openssl_verifies(keys[name, data[:4]], text.encode(), data[4:]), f"a wrong signature of {name}")
            good.append(name)
    need(good if origin is None else origin in good, "no signature of a key that is trusted")
    return text


def root_of(index, size, leaf, path):  # RFC 9162, 2.1.3.2
    need(0 <= index < size, f"the tree of {size} leaves has no leaf {index}")
    node, last, value = index, size - 1, leaf
    for sibling in path:
        need(len(sibling) == 32 and last > 0, "the proof is too long")
        if node & 1 or node == last:
            value = hashlib.sha256(b"\x01" + sibling + value).digest()
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            value = hashlib.sha256(b"\x01" + value + sibling).digest()
        node, last = node >> 1, last >> 1
    need(last == 0, "the proof is too short")
    return value


def canonical(document):  # RFC 8785, for statements: they have no floats, and keys in ASCII
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sealed(bundle, name, keys):
    note, salt, proof = (bundle(f"evidence/{name}.{kind}") for kind in ("note", "salt", "tlog-proof"))
    need(len(salt) == 65 and salt == bytes.fromhex(salt.decode()).hex().encode() + b"\n", f"the salt of {name}")
    line = signed_text(note, keys).encode()
    statement = json.loads(line)
    need(canonical(statement) + b"\n" == line, f"the statement of {name} is not in canonical JSON")
    commitment = hashlib.sha256(bytes.fromhex(salt.decode()) + note).hexdigest()
    entry = canonical({"commitment": commitment, "id": statement["id"], "type": statement["type"]})
    head, _, checkpoint = proof.partition(b"\n\n")
    magic, index, *path = head.decode().split("\n")
    number = int(index.removeprefix("index "))
    need((magic, index) == ("c2sp.org/tlog-proof@v1", f"index {number}"), f"the proof of {name} is none")
    text = signed_text(checkpoint, keys, checkpoint.decode().partition("\n")[0])
    _, size, root, end = text.split("\n")
    need(end == "" and size == str(int(size)), f"the checkpoint of {name} is none")
    found = root_of(number, int(size), hashlib.sha256(b"\x00" + entry).digest(), [exact(each) for each in path])
    need(found == exact(root), f"entry {number}, the {name}, is not in the log that was signed")
    return statement, number, text


def check_members(archive):
    at = 0
    for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
        name, size = info.filename, info.file_size
        need(PLAIN.fullmatch(name) or re.fullmatch(f"evidence/({OURS})", name), f"{name!a:.200} is no file of a bundle")
        stored = (info.compress_type, info.flag_bits, info.header_offset) == (0, 0, at)
        need(stored and info.external_attr >> 28 in (0, 8), f"{name} is no plain file, or not alone in its place")
        at += 30 + len(name) + size + (20 if size >= 0xFFFFFFFF else 0)  # with a ZIP64 field where the size needs one
    need(at == archive.start_dir and len(set(archive.namelist())) == len(archive.namelist()), "something is hidden")
    need(archive.fp.seek(-22, 2) >= 0 and archive.fp.read(4) == b"PK\5\6", "something follows the end")


def verify(path, keys):
    with zipfile.ZipFile(path) as archive:
        check_members(archive)

        def bundle(name):
            need(archive.getinfo(name).file_size <= 1 << 20, f"{name} is too large")
            return archive.read(name)

        snapshot, index, checkpoint = sealed(bundle, "snapshot", keys)
        intent, before, of_intent = sealed(bundle, "intent", keys)
        need(checkpoint == of_intent and before < index, "the intent came later, or its proof is of another checkpoint")
        need((snapshot["type"], intent["type"]) == ("snapshot", "intent"), "another statement than snapshot and intent")
        need(all(snapshot[name] == intent[name] for name in ("id", "requested_url")), "the intent is another capture's")
        listed = {each["role"]: each for each in snapshot["artifacts"] if not each["key"].startswith("urn:")}
        for role, name in (("warc", "archive/data.warc.gz"), ("cdxj", "evidence/capture.cdxj.txt")):
            with archive.open(name) as stream:  # compares the CRC-32, too
                found = (hashlib.file_digest(stream, "sha256").hexdigest(), archive.getinfo(name).file_size)
            need(found == (listed[role]["sha256"], listed[role]["bytes"]), f"{name} was altered")
    return f"entry {index}, {snapshot['requested_url']!a}, captured {snapshot['started_at']}, in the log\n{checkpoint}"


if __name__ == "__main__":
    try:
        print("PASS", verify(sys.argv[1], read_keys(sys.argv[2])))
    except Exception as error:  # whatever a hostile bundle makes of the standard library
        sys.exit(print("FAIL", f"{type(error).__name__}: {error}") or 4)
