/** The head of an HTTP/1.x answer, read strictly (RFC 9112): where it leaves two readings of what follows, there is no answer. */

/** How the end of the body is known. */
export type Framing = { readonly by: "length"; readonly bytes: number } | { readonly by: "chunks" } | { readonly by: "close" };

export interface AnswerHead {
  readonly status: number;
  /** By lower-case name; those that came several times are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly framing: Framing;
  /** Another request may follow on the connection. */
  readonly isKept: boolean;
}

/** Bytes that are no HTTP, or too many. `code` is that of Node's own parser, or of undici, for the same. */
export class FramingError extends Error {
  override readonly name = "FramingError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(`the answer is no valid HTTP: ${message}`);
    this.code = code;
  }
}

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const STATUS_LINE = /^HTTP\/1\.(?<minor>[01]) (?<status>[1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const FIELD_LINE = new RegExp(
  `^(${TOKEN}):[\\t ]*((?:[\\x21-\\x7e\\x80-\\xff](?:[\\t\\x20-\\x7e\\x80-\\xff]*[\\x21-\\x7e\\x80-\\xff])?)?)[\\t ]*$`,
);
/** What may stand behind the size of a chunk: RFC 9112, 7.1.1, without white space. */
export const CHUNK_EXTENSIONS: RegExp = new RegExp(
  `^(?:;${TOKEN}(?:=(?:${TOKEN}|"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*"))?)*$`,
);

/** `text`: the lines of the head, as latin1, without the empty line behind them. @throws FramingError */
export function readHead(text: string): AnswerHead {
  const [first = "", ...lines] = text.split("\r\n");
  const { minor, status: code } = STATUS_LINE.exec(first)?.groups ?? {};
  if (code === undefined) throw new FramingError("HPE_INVALID_CONSTANT", "its first line");
  const fields = new Map<string, readonly string[]>();
  for (const line of lines) {
    const [name, value] = readField(line);
    fields.set(name, [...(fields.get(name) ?? []), value]);
  }
  const status = Number(code);
  const isOld = minor === "0";
  const connection = tokens(fields.get("connection"));
  const framing = framingOf(status, isOld, fields);
  return {
    status,
    headers: Object.fromEntries(Array.from(fields, ([name, values]) => [name, values.join(", ")])),
    framing,
    isKept: framing.by !== "close" && !isOld && !connection.includes("close"),
  };
}

/** Name, in lower case, and value. @throws FramingError, also for a line that goes on the one before it */
export function readField(line: string): readonly [string, string] {
  const [, name, value] = FIELD_LINE.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new FramingError("HPE_INVALID_HEADER_TOKEN", "a line of its head");
  return [name.toLowerCase(), value];
}

function framingOf(status: number, isOld: boolean, fields: ReadonlyMap<string, readonly string[]>): Framing {
  const encodings = fields.get("transfer-encoding");
  const lengths = fields.get("content-length");
  if (encodings !== undefined && lengths !== undefined)
    throw new FramingError("HPE_UNEXPECTED_CONTENT_LENGTH", "both a length and a transfer encoding");
  if (encodings !== undefined && (isOld || encodings.length > 1 || encodings[0]?.toLowerCase() !== "chunked"))
    throw new FramingError("HPE_INVALID_TRANSFER_ENCODING", "a transfer encoding that was not asked for");
  if (lengths !== undefined && (lengths.length > 1 || !/^\d{1,15}$/.test(lengths[0] ?? "")))
    throw new FramingError("HPE_INVALID_CONTENT_LENGTH", "its content-length");
  const bytes = lengths === undefined ? undefined : Number(lengths[0]);
  // No body follows these, whatever their head says (RFC 9112, 6.3). Where it says that one does, somebody may send it all the same.
  if (status < 200 || status === 204 || status === 304) {
    if (encodings !== undefined || (status !== 304 && (bytes ?? 0) > 0))
      throw new FramingError("HPE_UNEXPECTED_CONTENT_LENGTH", `a body of an answer ${status}`);
    return { by: "length", bytes: 0 };
  }
  if (encodings !== undefined) return { by: "chunks" };
  return bytes === undefined ? { by: "close" } : { by: "length", bytes };
}

function tokens(values: readonly string[] | undefined): readonly string[] {
  return (values ?? []).flatMap((value) => value.toLowerCase().split(",")).map((token) => token.trim());
}
