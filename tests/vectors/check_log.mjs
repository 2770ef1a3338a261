// An independent reader of an exported log: RFC 9162 and C2SP by node's own crypto, none of our code.
// node check_log.mjs FOLDER LOG_VKEY [WITNESS_VKEY…] [--proof FILE]: exit 0 accepted, 1 refused.
import { createHash, createPublicKey, verify } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const sha256 = (...parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const demand = (truth, what) => {
  if (!truth) throw new Error(what);
};
const leafHash = (entry) => sha256(Buffer.from([0]), entry);
const node = (left, right) => sha256(Buffer.from([1]), left, right);

// RFC 9162 §2.1.1, recursively, as the text says it.
function root(hashes) {
  if (hashes.length === 0) return sha256();
  if (hashes.length === 1) return hashes[0];
  let k = 1;
  while (k * 2 < hashes.length) k *= 2;
  return node(root(hashes.slice(0, k)), root(hashes.slice(k)));
}

// RFC 9162 §2.1.3.2.
function rootFromProof(index, size, leaf, proof) {
  demand(index < size, "index");
  let [fn, sn, r] = [index, size - 1, leaf];
  for (const p of proof) {
    demand(sn !== 0, "proof too long");
    if (fn % 2 === 1 || fn === sn) {
      r = node(p, r);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
    } else r = node(r, p);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  demand(sn === 0, "proof too short");
  return r;
}

function readVkey(text) {
  const [, name, id, key] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text.trim());
  const data = Buffer.from(key, "base64");
  const told = sha256(Buffer.from(`${name}\n`), data).subarray(0, 4);
  demand(told.toString("hex") === id, "key id");
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), data.subarray(1)]);
  return { name, id, kind: data[0], key: createPublicKey({ key: spki, format: "der", type: "spki" }) };
}

function openNote(bytes, vkeys) {
  const text = bytes.toString("utf8");
  const cut = text.lastIndexOf("\n\n");
  const body = text.slice(0, cut + 1);
  const signed = new Set();
  for (const line of text.slice(cut + 2, -1).split("\n")) {
    const [, name, encoded] = /^— (\S+) (\S+)$/.exec(line);
    const data = Buffer.from(encoded, "base64");
    const known = vkeys.find((v) => v.name === name && v.id === data.subarray(0, 4).toString("hex"));
    if (!known) continue;
    let [message, signature] = [Buffer.from(body), data.subarray(4)];
    if (known.kind === 4) {
      const time = signature.readBigUInt64BE();
      message = Buffer.from(`cosignature/v1\ntime ${time}\n${body}`);
      signature = signature.subarray(8);
    }
    demand(verify(null, message, known.key, signature), `signature of ${name}`);
    signed.add(known);
  }
  for (const wanted of vkeys) demand(signed.has(wanted), `no line of ${wanted.name}`);
  const [origin, size, hash] = body.split("\n");
  demand(origin === vkeys[0].name, "origin");
  return { size: Number(size), root: hash };
}

const number = (n) => {
  const groups = [String(n % 1000).padStart(3, "0")];
  for (let rest = Math.floor(n / 1000); rest; rest = Math.floor(rest / 1000))
    groups.unshift(`x${String(rest % 1000).padStart(3, "0")}`);
  return groups.join("/");
};
function tile(folder, level, n, width) {
  const full = join(folder, "tile", String(level), number(n));
  const name = width === 256 ? full : `${full}.p/${width}`;
  return readFileSync(existsSync(name) ? name : full);
}

function entries(folder, size) {
  const found = [];
  for (let n = 0; n * 256 < size; n++) {
    const width = Math.min(256, size - 256 * n);
    const data = tile(folder, "entries", n, width);
    for (let at = 0; at < data.length; at += 2 + data.readUInt16BE(at))
      found.push(data.subarray(at + 2, at + 2 + data.readUInt16BE(at)));
  }
  return found;
}

function checkTiles(folder, hashes) {
  for (let [level, row] = [0, hashes]; row.length; level++) {
    const above = [];
    for (let n = 0; n * 256 < row.length; n++) {
      const part = row.slice(256 * n, 256 * n + 256);
      demand(Buffer.concat(part).equals(tile(folder, level, n, part.length)), `tile ${level}/${n}`);
      if (part.length === 256) above.push(root(part));
    }
    row = above;
  }
}

function checkProof(file, vkeys, hashes) {
  const text = readFileSync(file, "utf8");
  const cut = text.indexOf("\n\n");
  const [header, index, ...proof] = text.slice(0, cut).split("\n");
  demand(header === "c2sp.org/tlog-proof@v1", "header of the proof");
  const place = Number(/^index (0|[1-9][0-9]*)$/.exec(index)[1]);
  const head = openNote(Buffer.from(text.slice(cut + 2)), vkeys);
  const found = proof.map((line) => Buffer.from(line, "base64"));
  const reached = rootFromProof(place, head.size, hashes[place], found);
  demand(reached.toString("base64") === head.root, "the proof leads to another root");
}

try {
  const words = process.argv.slice(2);
  const proofs = words.includes("--proof") ? words.splice(words.indexOf("--proof")).slice(1) : [];
  const [folder, ...keys] = words;
  const vkeys = keys.map(readVkey);
  const head = openNote(readFileSync(join(folder, "checkpoint")), vkeys);
  const hashes = entries(folder, head.size).map(leafHash);
  demand(hashes.length === head.size, "count of entries");
  demand(root(hashes).toString("base64") === head.root, "root");
  checkTiles(folder, hashes);
  for (const file of proofs) checkProof(file, vkeys, hashes);
  console.log(`accepted: ${head.size} entries, ${proofs.length} proofs, ${vkeys.length} signers`);
} catch (error) {
  console.log(`refused: ${error.message}`);
  process.exit(1);
}
