/** What is an answer and what is none; and that Node's own parser agrees, on answers that are whole, cut anywhere, and damaged anywhere. */
import { type IncomingMessage, request } from "node:http";
import { Duplex } from "node:stream";
import { describe, expect, test } from "vitest";
import { AnswerParser } from "./answer-parser.ts";

interface Read {
  readonly status: number | undefined;
  readonly body: string;
  /** Whole, still open, or the code of its failure. */
  readonly end: string;
}

/** Reads it in pieces that end at `cuts`, each in the same memory as the one before; then the connection closes. */
function read(bytes: Buffer, cuts: readonly number[] = []): Read {
  const parser = new AnswerParser();
  const shared = Buffer.alloc(bytes.length);
  const body: Buffer[] = [];
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    const piece = shared.subarray(0, bytes.copy(shared, 0, from, to));
    body.push(parser.push(piece));
    shared.fill("#");
    from = to;
  }
  parser.close();
  const { failure } = parser;
  const code = failure === undefined ? undefined : String((failure as { code?: unknown }).code);
  return {
    status: parser.head?.status,
    body: Buffer.concat(body).toString("latin1"),
    end: code ?? (parser.isOver ? "whole" : "open"),
  };
}

const answer = (head: string, body = ""): Buffer => Buffer.from(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${body}`, "latin1");
const chunked = (body: string, more = ""): Buffer => answer(`transfer-encoding: chunked${more}`, body);

describe("a whole answer", () => {
  test.each([
    ["with a length", answer("Content-Length: 3", "abc"), "abc"],
    ["with an empty body", answer("content-length: 0"), ""],
    ["in chunks", chunked("3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n"), "abc0123456789"],
    ["in chunks that look like framing", chunked("7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n"), "\r\n0\r\n\r\n"],
    ["in chunks with extensions", chunked('3;a;b=c;d="e \\" ;"\r\nabc\r\n0;last\r\n\r\n'), "abc"],
    ["with trailers", chunked("3\r\nabc\r\n0\r\nx-sum: 1\r\nx-end:\r\n\r\n"), "abc"],
    ["with a padded size", chunked("0003\r\nabc\r\n000\r\n\r\n"), "abc"],
    ["until the connection closes", answer("connection: close", "abc"), "abc"],
    ["of HTTP/1.0", Buffer.from("HTTP/1.0 200 OK\r\n\r\nabc"), "abc"],
    ["without a reason", Buffer.from("HTTP/1.1 200\r\ncontent-length: 3\r\n\r\nabc"), "abc"],
    [
      "behind others that announce it",
      Buffer.concat([
        Buffer.from("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n"),
        answer("content-length: 1", "a"),
      ]),
      "a",
    ],
    ["without a body by its status", Buffer.from("HTTP/1.1 304 Not Modified\r\ncontent-length: 30\r\n\r\n"), ""],
  ])("%s is read the same wherever it is cut", (_name, bytes, body) => {
    expect(read(bytes)).toMatchObject({ body, end: "whole" });
    for (let cut = 1; cut < bytes.length; cut++) expect(read(bytes, [cut])).toEqual(read(bytes));
    expect(
      read(
        bytes,
        Array.from({ length: bytes.length - 1 }, (_, at) => at + 1),
      ),
    ).toEqual(read(bytes));
  });

  test("gives its headers by lower-case name, those that came twice joined", () => {
    const parser = new AnswerParser();
    parser.push(
      Buffer.from("HTTP/1.1 410 Gone\r\nX-Two: a\r\nWARNING:  \tw \t\r\nx-two: b\r\n__proto__: x\r\nContent-Length: 0\r\n\r\n"),
    );
    expect(parser.head).toMatchObject({ status: 410, isKept: true, framing: { by: "length", bytes: 0 } });
    expect(Object.entries(parser.head?.headers ?? {})).toEqual([
      ["x-two", "a, b"],
      ["warning", "w"],
      ["__proto__", "x"],
      ["content-length", "0"],
    ]);
  });

  test.each([
    ["connection: Keep-Alive, Close\r\ncontent-length: 0", false],
    ["connection: keep-alive\r\ncontent-length: 0", true],
    ["x: y", false],
  ])("tells by %j whether another request may follow: %s", (head, isKept) => {
    const parser = new AnswerParser();
    parser.push(answer(head));
    expect(parser.head?.isKept).toBe(isKept);
  });
});

describe("is refused, and what stood before is given out:", () => {
  const KIB = 1 << 10;
  test.each([
    ["a chunk whose size is no number", chunked("3\r\nabc\r\nxyz\r\n"), "HPE_INVALID_CHUNK_SIZE", "abc"],
    ["a chunk without a size", chunked("3\r\nabc\r\n\r\n"), "HPE_INVALID_CHUNK_SIZE", "abc"],
    ["a negative size", chunked("-3\r\nabc\r\n"), "HPE_INVALID_CHUNK_SIZE", ""],
    ["a size behind a space", chunked(" 3\r\nabc\r\n"), "HPE_INVALID_CHUNK_SIZE", ""],
    ["a size before a space", chunked("3 \r\nabc\r\n"), "HPE_INVALID_CHUNK_SIZE", ""],
    ["a size like a program's", chunked("0x3\r\nabc\r\n"), "HPE_INVALID_CHUNK_SIZE", ""],
    ["a chunk above 4 GiB", chunked("100000000\r\n"), "HPE_INVALID_CHUNK_SIZE", ""],
    ["a size without an end", chunked("0".repeat(17)), "HPE_INVALID_CHUNK_SIZE", ""],
    ["a size that ends in LF alone", chunked("3\nabc\r\n"), "HPE_INVALID_CHUNK_SIZE", ""],
    ["a size that ends in CR alone", chunked("3\rabc\r\n"), "HPE_STRICT", ""],
    ["a chunk longer than its size", chunked("3\r\nabcd\r\n0\r\n\r\n"), "HPE_STRICT", "abc"],
    ["a chunk that ends in LF alone", chunked("3\r\nabc\n0\r\n\r\n"), "HPE_STRICT", "abc"],
    ["a chunk that ends in CR alone", chunked("3\r\nabc\r0\r\n\r\n"), "HPE_STRICT", "abc"],
    ["an extension that is none", chunked("3; a\r\nabc\r\n"), "HPE_STRICT", ""],
    ["an extension without an end", chunked(`3;${"a".repeat(2 * KIB)}`), "HPE_CHUNK_EXTENSIONS_OVERFLOW", ""],
    ["a trailer that is none", chunked("3\r\nabc\r\n0\r\nnonsense\r\n\r\n"), "HPE_INVALID_HEADER_TOKEN", "abc"],
    ["framing in trailers", chunked("3\r\nabc\r\n0\r\nContent-Length: 3\r\n\r\n"), "HPE_INVALID_HEADER_TOKEN", "abc"],
    ["trailers without an end", chunked(`0\r\nx: ${"y".repeat(65 * KIB)}`), "UND_ERR_HEADERS_OVERFLOW", ""],
    ["data behind the last chunk", chunked("3\r\nabc\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"), "HPE_INVALID_CONSTANT", "abc"],
    ["data behind its length", answer("content-length: 3", "abcd"), "HPE_INVALID_CONSTANT", "abc"],
    ["a length and chunks", chunked("0\r\n\r\n", "\r\ncontent-length: 5"), "HPE_UNEXPECTED_CONTENT_LENGTH", ""],
    ["two lengths", answer("content-length: 3\r\ncontent-length: 3", "abc"), "HPE_INVALID_CONTENT_LENGTH", ""],
    ["a length that is no number", answer("content-length: 3, 3", "abc"), "HPE_INVALID_CONTENT_LENGTH", ""],
    ["a length with a sign", answer("content-length: +3", "abc"), "HPE_INVALID_CONTENT_LENGTH", ""],
    ["another encoding", answer("transfer-encoding: gzip, chunked"), "HPE_INVALID_TRANSFER_ENCODING", ""],
    ["chunks twice", answer("transfer-encoding: chunked\r\ntransfer-encoding: chunked"), "HPE_INVALID_TRANSFER_ENCODING", ""],
    [
      "chunks of HTTP/1.0",
      Buffer.from("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
      "HPE_INVALID_TRANSFER_ENCODING",
      "",
    ],
    ["a body of 204", Buffer.from("HTTP/1.1 204 No\r\ncontent-length: 1\r\n\r\na"), "HPE_UNEXPECTED_CONTENT_LENGTH", ""],
    ["a line that goes on the one before", answer("x: a\r\n b\r\ncontent-length: 0"), "HPE_INVALID_HEADER_TOKEN", ""],
    ["a space before the colon", answer("content-length : 0"), "HPE_INVALID_HEADER_TOKEN", ""],
    ["a line without a name", answer(": x"), "HPE_INVALID_HEADER_TOKEN", ""],
    ["a line with a zero", answer("x: a\0b"), "HPE_INVALID_HEADER_TOKEN", ""],
    ["a line with a CR in it", answer("x: a\rb"), "HPE_INVALID_HEADER_TOKEN", ""],
    ["a line that ends in LF alone", answer("x: a\ncontent-length: 0"), "HPE_STRICT", ""],
    ["a head above 64 KB", answer(`x: ${"y".repeat(64 * KIB)}`), "UND_ERR_HEADERS_OVERFLOW", ""],
    ["heads without an end", Buffer.from("HTTP/1.1 102 Processing\r\n\r\n".repeat(3 * KIB)), "UND_ERR_HEADERS_OVERFLOW", ""],
    ["another protocol", Buffer.from("HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n"), "UND_ERR_SOCKET", ""],
    ["HTTP/2", Buffer.from("HTTP/2 200\r\n\r\n"), "HPE_INVALID_CONSTANT", ""],
    ["a status of four digits", Buffer.from("HTTP/1.1 2000 OK\r\n\r\n"), "HPE_INVALID_CONSTANT", ""],
    ["something else, at once", Buffer.from("SSH-2.0-x"), "HPE_INVALID_CONSTANT", ""],
  ])("%s", (_name, bytes, end, body) => {
    expect(read(bytes)).toMatchObject({ end, body });
    for (let cut = 1; cut < Math.min(bytes.length, 200); cut++) expect(read(bytes, [cut])).toMatchObject({ end, body });
  });

  test.each([
    ["a length", answer("content-length: 3", "abc")],
    ["chunks", chunked("3\r\nabc\r\n0\r\nx: y\r\n\r\n")],
  ])("a connection that closes before its end, known by %s", (_name, bytes) => {
    for (let cut = 0; cut < bytes.length; cut++) {
      const { end, body } = read(bytes.subarray(0, cut));
      expect([end, "abc".startsWith(body)]).toEqual(["UND_ERR_SOCKET", true]);
    }
  });
});

describe("Node's own parser", () => {
  test("reads what is whole the same, refuses nothing that is accepted, and agrees on what both accept", async () => {
    const random = randomFrom(20_261_201);
    const seen = { whole: 0, damaged: 0, bothAccept: 0, bothRefuse: 0, onlyNode: 0 };
    for (let round = 0; round < 4_000; round++) {
      const isDamaged = round % 4 > 0;
      const bytes = isDamaged ? damaged(randomAnswer(random), random) : randomAnswer(random);
      const cuts = Array.from({ length: random(4) }, () => random(bytes.length)).toSorted((a, b) => a - b);
      const [own, node] = [read(bytes, cuts), await readByNode(bytes, cuts)];
      const what = JSON.stringify({ bytes: bytes.toString("latin1"), cuts, own, node });
      if (isDamaged) seen.damaged++;
      else {
        seen.whole++;
        expect(own.end, what).toBe("whole");
      }
      if (own.end === "whole") {
        seen.bothAccept++;
        expect([node.end, node.body, node.status], what).toEqual(["whole", own.body, own.status]);
      } else if (node.end === "whole") seen.onlyNode++;
      else seen.bothRefuse++;
    }
    expect(seen.bothAccept).toBeGreaterThan(seen.whole + 200);
    expect(seen.bothRefuse).toBeGreaterThan(500);
    // A damaged answer that Node takes is one that leaves room for another reading: a handful of kinds, listed above.
    expect(seen.onlyNode).toBeLessThan(seen.damaged / 10);
  });
});

type Random = (below: number) => number;

/** mulberry32 */
function randomFrom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

function randomAnswer(random: Random): Buffer {
  const pick = (...words: readonly string[]): string => words[random(words.length)] ?? "";
  const some = (count: number): string =>
    Array.from({ length: count }, () => pick("a", "b", "{}", "\r\n", "\n", "0\r\n\r\n", "\xff", '"')).join("");
  const interim = pick("", "", "", "HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n");
  const head = `HTTP/1.1 200 OK\r\ndate: today\r\n${pick("", "X-Y: z\r\n", "connection: close\r\n")}`;
  if (random(4) === 0) {
    const body = some(random(20));
    return Buffer.from(`${interim}${head}${pick("content-length", "Content-Length")}: ${body.length}\r\n\r\n${body}`, "latin1");
  }
  const chunks = Array.from({ length: random(5) }, () => some(1 + random(12)))
    .map((chunk) => `${pick("", "0")}${chunk.length.toString(16)}${pick("", "", ";a=b")}\r\n${chunk}\r\n`)
    .join("");
  const trailers = pick("", "", "x-sum: 1\r\n");
  return Buffer.from(
    `${interim}${head}Transfer-Encoding: ${pick("chunked", "Chunked")}\r\n\r\n${chunks}0\r\n${trailers}\r\n`,
    "latin1",
  );
}

function damaged(bytes: Buffer, random: Random): Buffer {
  const at = random(bytes.length);
  switch (random(3)) {
    case 0:
      bytes[at] = random(256);
      return bytes;
    case 1:
      bytes[at] = "0123456789abcdef;: \r\n\t-"[random(23)]?.charCodeAt(0) ?? 0;
      return bytes;
    default:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
  }
}

/** The same bytes read by `node:http` off a connection that closes behind them. */
function readByNode(bytes: Buffer, cuts: readonly number[]): Promise<Read> {
  return new Promise((resolve) => {
    const connection = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    const body: Buffer[] = [];
    let status: number | undefined;
    let answered: IncomingMessage | undefined;
    let isWhole = false;
    let code: string | undefined;
    const sent = request({ createConnection: () => connection, host: "x" });
    sent.on("response", (response) => {
      answered = response;
      status = response.statusCode;
      response.on("data", (chunk: Buffer) => body.push(chunk));
      response.on("end", () => (isWhole = response.complete));
      response.on("error", (error: Error & { code?: string }) => (code ??= error.code ?? error.message));
    });
    sent.on("upgrade", () => (code ??= "upgrade"));
    sent.on("error", (error: Error & { code?: string }) => (code ??= error.code ?? error.message));
    const done = (): void =>
      resolve({ status, body: Buffer.concat(body).toString("latin1"), end: code ?? (isWhole ? "whole" : "cut") });
    sent.on("close", () => (answered === undefined || answered.closed ? done() : answered.once("close", done)));
    sent.end();
    let from = 0;
    for (const to of [...cuts, bytes.length]) {
      if (to > from) connection.push(bytes.subarray(from, to));
      from = to;
    }
    connection.push(null);
  });
}
