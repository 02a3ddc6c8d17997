/**
 * What happened, from etcd itself and without Kubernetes' API: writes each version of each object of the kinds TRUTH_STORAGES in the
 * namespace TRUTH_NAMESPACE to the file TRUTH_FILE, as `revision change storage name uid heard` (when this heard of it, milliseconds
 * since 1970: a moment after it was stored). Prints the revision that it begins behind; for each line on standard input waits until
 * all that is stored by then is written, and prints its revision and the number of versions.
 */
import { createWriteStream } from "node:fs";
import { createInterface } from "node:readline";

const { TRUTH_ETCD: etcd, TRUTH_NAMESPACE: namespace, TRUTH_FILE: file, TRUTH_STORAGES: storages } = process.env;
const KEY = new RegExp(`^/registry/(${storages.split(",").join("|")})/${namespace}/(.+)$`);
const MARKER = base64("/registry/zz-benchmark");

const out = createWriteStream(file);
const uids = new Map();
let versions = 0;
let seen = 0;
/** Who waits for a revision, in rising order. */
const waiting = [];

const from = Number((await call("/v3/maintenance/status", {})).header.revision);
const create_request = {
  key: base64("/registry/"),
  range_end: base64("/registry0"),
  start_revision: String(from + 1),
  fragment: true,
};
const watch = await fetch(`${etcd}/v3/watch`, { method: "POST", body: JSON.stringify({ create_request }) });
console.log(JSON.stringify({ from }));
process.on("disconnect", () => process.exit(0));
createInterface({ input: process.stdin }).on("line", () => void report());

let rest = "";
const decoder = new TextDecoder();
for await (const chunk of watch.body) {
  const heard = Date.now();
  const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
  rest = lines.pop();
  for (const line of lines) for (const change of JSON.parse(line).result.events ?? []) take(change, heard);
}
throw new Error("etcd ended the watch");

function take({ type, kv }, heard) {
  seen = Number(kv.mod_revision);
  while (waiting.length > 0 && waiting[0].revision <= seen) waiting.shift().tell();
  const [, storage, name] = KEY.exec(Buffer.from(kv.key, "base64").toString()) ?? [];
  if (storage === undefined) return;
  const before = uids.get(kv.key);
  const uid = type === "DELETE" ? before : JSON.parse(Buffer.from(kv.value, "base64").toString()).metadata.uid;
  if (type === "DELETE") uids.delete(kv.key);
  else uids.set(kv.key, uid);
  const change = type === "DELETE" ? "DELETED" : before === undefined ? "ADDED" : "MODIFIED";
  versions++;
  out.write(`${seen} ${change} /${storage} ${name} ${uid} ${heard}\n`);
}

async function report() {
  const put = await call("/v3/kv/put", { key: MARKER, value: base64("-") });
  const revision = Number(put.header.revision);
  if (seen < revision) await new Promise((tell) => waiting.push({ revision, tell }));
  out.write("", () => console.log(JSON.stringify({ revision, versions })));
}

async function call(path, body) {
  const response = await fetch(etcd + path, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`etcd answered ${response.status} to ${path}`);
  return await response.json();
}

function base64(text) {
  return Buffer.from(text).toString("base64");
}
