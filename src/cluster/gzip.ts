/**
 * Decodes an answer that came compressed. Since Kubernetes 1.37 a watch may come as one gzip member per flush
 * (`handlers/watch.go`), so every member's data must be out as soon as the member is in.
 */
import { pipeline } from "node:stream";
import { constants, createGunzip } from "node:zlib";

/** Yields the decoded bytes, member after member. Throws on damage, on a cut, and on bytes after the last member. */
export async function* gunzipped(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ flush: constants.Z_SYNC_FLUSH });
  let received = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of body) {
      received += chunk.length;
      yield chunk;
    }
  };
  // The loop below sees the error; pipeline only wants to be told where to report it.
  pipeline(counted, gunzip, () => undefined);
  for await (const chunk of gunzip) yield bufferOf(chunk);
  // Node takes a zero behind a member for padding, and drops all that follows without a word.
  if (gunzip.bytesWritten !== received) throw Object.assign(new Error("damaged gzip member"), { code: "Z_DATA_ERROR" });
}

function bufferOf(chunk: unknown): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
}
