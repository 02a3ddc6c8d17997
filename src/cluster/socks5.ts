/** A TCP connection through a SOCKS5 proxy (RFC 1928, RFC 1929). The proxy resolves the name, as with Go's client. */
import { connect, isIP, type Socket } from "node:net";

export interface SocksTarget {
  /** `socks5://user:password@host:port`; port 1080 unless given. */
  readonly proxy: URL;
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/** The proxy refused, or is none. Has a `code` like Node's own network errors. */
export class SocksError extends Error {
  override readonly name = "SocksError";
  readonly code = "SOCKS_REFUSED";
}

const NO_LOGIN = 0;
const PASSWORD_LOGIN = 2;
/** RFC 1928 section 6, `REP`. */
const REPLIES = [
  "",
  "general failure",
  "not allowed by its rules",
  "network unreachable",
  "host unreachable",
  "connection refused",
  "TTL expired",
];

/** A socket over which the target hears what is written. @throws SocksError or Node's connection errors. */
export async function connectThroughSocks({ proxy, host, port, timeoutMs }: SocksTarget): Promise<Socket> {
  const socket = connect({ host: proxy.hostname.replace(/^\[|\]$/g, ""), port: proxy.port === "" ? 1_080 : Number(proxy.port) });
  const reader = new Reader(socket);
  socket.setTimeout(timeoutMs, () => socket.destroy(new SocksError("the SOCKS5 proxy gave no answer in time")));
  try {
    await logIn(socket, reader, proxy);
    socket.write(connectRequest(host, port));
    const [, reply = 1, , kind] = await reader.take(4);
    if (reply !== 0) throw new SocksError(`the SOCKS5 proxy refused the connection: ${REPLIES[reply] ?? `reply ${reply}`}`);
    const addressBytes = kind === 1 ? 4 : kind === 4 ? 16 : ((await reader.take(1))[0] ?? 0);
    await reader.take(addressBytes + 2);
    reader.release();
    socket.setTimeout(0);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function logIn(socket: Socket, reader: Reader, proxy: URL): Promise<void> {
  const hasLogin = proxy.username !== "" || proxy.password !== "";
  socket.write(Buffer.from(hasLogin ? [5, 2, NO_LOGIN, PASSWORD_LOGIN] : [5, 1, NO_LOGIN]));
  const [version, method] = await reader.take(2);
  if (version !== 5) throw new SocksError("the proxy does not speak SOCKS5");
  if (method === NO_LOGIN) return;
  if (method !== PASSWORD_LOGIN || !hasLogin) throw new SocksError("the SOCKS5 proxy wants another way to log in");
  const [user, password] = [proxy.username, proxy.password].map((part) => Buffer.from(decodeURIComponent(part)));
  socket.write(Buffer.concat([Buffer.from([1]), lengthed(user), lengthed(password)]));
  const [, status] = await reader.take(2);
  if (status !== 0) throw new SocksError("the SOCKS5 proxy refused the username or password");
}

function connectRequest(host: string, port: number): Buffer {
  const end = Buffer.from([port >> 8, port & 0xff]);
  if (isIP(host) === 4) return Buffer.concat([Buffer.from([5, 1, 0, 1, ...host.split(".").map(Number)]), end]);
  if (isIP(host) === 6) return Buffer.concat([Buffer.from([5, 1, 0, 4]), ipv6Bytes(host), end]);
  return Buffer.concat([Buffer.from([5, 1, 0, 3]), lengthed(Buffer.from(host)), end]);
}

function ipv6Bytes(host: string): Buffer {
  const groups = (text: string): readonly string[] => (text === "" ? [] : text.split(":"));
  const [head = "", tail] = new URL(`http://[${host}]`).hostname.slice(1, -1).split("::");
  const [left, right] = [groups(head), groups(tail ?? "")];
  const all = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => "0"), ...right];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}

function lengthed(text: Buffer | undefined): Buffer {
  return Buffer.concat([Buffer.from([text?.length ?? 0]), text ?? Buffer.alloc(0)]);
}

/** Takes exact counts of bytes off a socket; what comes after the handshake stays in it. */
class Reader {
  readonly #socket: Socket;
  #failure: Error | undefined;
  #wake: () => void = () => undefined;
  readonly #onReadable = (): void => this.#wake();
  readonly #onError = (error: Error): void => this.#fail(error);
  readonly #onEnd = (): void => this.#fail(new SocksError("the SOCKS5 proxy closed the connection"));

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("readable", this.#onReadable).on("error", this.#onError).on("end", this.#onEnd);
  }

  async take(count: number): Promise<Buffer> {
    for (;;) {
      const bytes: unknown = count === 0 ? Buffer.alloc(0) : this.#socket.read(count);
      if (Buffer.isBuffer(bytes) && bytes.length === count) return bytes;
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  release(): void {
    this.#socket.off("readable", this.#onReadable).off("error", this.#onError).off("end", this.#onEnd);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }
}
