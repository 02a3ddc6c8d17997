/**
 * One page of a list. Bytes of the items are kept; a page that is not a complete list of Kubernetes is a failure, never an empty
 * list: an empty list deletes everything that was known. An item is read when it is taken: what was made of it is young garbage
 * when the next one is, while five hundred together would be moved to the old (`bench/list.mjs`).
 */
import { members, skipSpace, skipValue, textField } from "../../base/index.ts";
import { ApiFailure, type ApiResource } from "../../cluster/index.ts";
import { parseObject } from "./lean-json.ts";
import type { WireObject } from "./watch-item.ts";
import { identify } from "./watch-line.ts";

export interface Page {
  /** To be gone over once; each has bytes of its own. @throws ApiFailure `foreign` at what is no item */
  readonly items: Iterable<WireObject>;
  readonly resourceVersion: string;
  readonly continueToken: string;
  /** Items without uid, name or resourceVersion, among those that were taken. */
  readonly unidentified: number;
  /** Size of the body. */
  readonly bytes: number;
}

/** What was asked for. */
interface Asked {
  readonly request: string;
  readonly resource: ApiResource;
}

interface Item {
  readonly raw: Buffer;
  readonly value: unknown;
}

const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const TAIL_BYTES = 8;
/** As items of one kind begin: with `{"metadata":`, or with their `apiVersion`. */
const BEGINNING_BYTES = 12;

/** @throws ApiFailure `foreign` when the body is not a complete list of the resource. */
export function parsePage(body: Buffer, of: Asked): Page {
  const { kind, metadata, itemsAt } = sound(of, () => headOf(body));
  if (!kind.endsWith("List")) throw refusal(of, `kind is ${JSON.stringify(kind)}`);
  const listMeta = listMetadata(metadata);
  if (listMeta === undefined) throw refusal(of, "no metadata.resourceVersion");
  if (itemsAt === undefined) throw refusal(of, "no items");
  const items = itemsOf(body, itemsAt);
  const first = sound(of, () => items.next());
  if (!isListOf(kind, of.resource, first.value?.value))
    throw refusal(of, `kind is ${JSON.stringify(kind)}, not ${of.resource.kind}List`);
  return new ListPage({ first, items, of }, { ...listMeta, bytes: body.length });
}

class ListPage implements Page {
  readonly items: Iterable<WireObject>;
  readonly resourceVersion: string;
  readonly continueToken: string;
  readonly bytes: number;
  unidentified = 0;

  constructor(read: Reading, page: Pick<Page, "resourceVersion" | "continueToken" | "bytes">) {
    this.items = this.#identified(read);
    this.resourceVersion = page.resourceVersion;
    this.continueToken = page.continueToken;
    this.bytes = page.bytes;
  }

  *#identified({ first, items, of }: Reading): Generator<WireObject> {
    for (let next = first; next.done !== true; next = sound(of, () => items.next())) {
      // Bytes of its own: one item that has to wait would keep the whole page.
      const object = identify(Buffer.from(next.value.raw), next.value.value);
      if (object === undefined) this.unidentified++;
      else yield object;
    }
  }
}

/** Items of which the first is read already. */
interface Reading {
  readonly first: IteratorResult<Item, undefined>;
  readonly items: Iterator<Item, undefined>;
  readonly of: Asked;
}

/** What stands before the items. Where the body ends as it should, and kind and version are known, the items are not looked at. */
function headOf(body: Buffer): { readonly kind: string; readonly metadata: unknown; readonly itemsAt: number | undefined } {
  let kind = "";
  let metadata: unknown;
  let itemsAt: number | undefined;
  const isWhole = endsAsList(body);
  const isEnough = (key: string): boolean => isWhole && key === "items" && kind !== "" && metadata !== undefined;
  for (const { key, start, end } of members(body, body.indexOf("{"), (text, at, name) =>
    isEnough(name) ? text.length : skipValue(text, at),
  )) {
    if (key === "kind") kind = String(JSON.parse(body.toString("utf8", start, end)));
    else if (key === "metadata") metadata = JSON.parse(body.toString("utf8", start, end));
    else if (key === "items") itemsAt = start;
    if (isEnough(key)) break;
  }
  return { kind, metadata, itemsAt };
}

/**
 * The items, cut where the next one seems to begin. What is cut off and is one value by itself is the item: none that is whole goes on.
 * @throws SyntaxError
 */
function* itemsOf(body: Buffer, start: number): Generator<Item, undefined> {
  if (body[start] !== OPEN_BRACKET) return;
  let here = skipSpace(body, start + 1);
  if (body[here] === CLOSE_BRACKET) return endAt(body, here);
  let between: Buffer | undefined;
  let isOdd = false;
  for (;;) {
    const guessed: number = between === undefined || isOdd ? -1 : body.indexOf(between, here);
    let item = guessed === -1 ? undefined : wholeItem(body.subarray(here, guessed + 1));
    if (item === undefined) {
      const raw = body.subarray(here, skipValue(body, here));
      item = { raw, value: parseObject(raw) };
      between ??= Buffer.concat([BETWEEN, raw.subarray(0, BEGINNING_BYTES)]);
      // Where something like the beginning of an item stands within one, it is not looked for again.
      isOdd ||= guessed !== -1;
    }
    yield item;
    here = skipSpace(body, here + item.raw.length);
    if (body[here] === CLOSE_BRACKET) return endAt(body, here);
    if (body[here] !== COMMA) throw new SyntaxError(`expected a comma at byte ${here}`);
    here = skipSpace(body, here + 1);
  }
}

/** Whether nothing stands behind the items, as an API server writes a list. */
function endsAsList(body: Buffer): boolean {
  return /\]\}\s*$/.test(body.toString("latin1", Math.max(0, body.length - TAIL_BYTES)));
}

/** The items end here: so does the body, or what follows is looked at. @throws SyntaxError */
function endAt(body: Buffer, here: number): undefined {
  if (endsAsList(body) && here === body.lastIndexOf(CLOSE_BRACKET)) return;
  for (const _ of members(body, body.indexOf("{")));
}

const BETWEEN = Buffer.from("},");

function wholeItem(raw: Buffer): Item | undefined {
  try {
    return { raw, value: parseObject(raw) };
  } catch {
    // It ends elsewhere, or nowhere: whoever goes through it byte by byte finds out.
    return undefined;
  }
}

function sound<T>(of: Asked, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw refusal(of, error instanceof Error ? error.message : "malformed");
  }
}

function refusal({ request }: Asked, why: string): ApiFailure {
  return new ApiFailure(request, { kind: "foreign", message: `not a list: ${why}` });
}

/**
 * A list of another kind must not pass for one of this: nothing of what is known would be in it. A custom resource may name
 * its list as it likes (`spec.names.listKind`); its items then say what they are.
 */
function isListOf(kind: string, resource: ApiResource, first: unknown): boolean {
  if (kind === `${resource.kind}List` || kind === "PartialObjectMetadataList") return true;
  if (first === undefined) return resource.group.includes(".");
  return textField(first, "kind") === resource.kind;
}

function listMetadata(metadata: unknown): { readonly resourceVersion: string; readonly continueToken: string } | undefined {
  if (typeof metadata !== "object" || metadata === null) return undefined;
  const resourceVersion: unknown = Reflect.get(metadata, "resourceVersion");
  const token: unknown = Reflect.get(metadata, "continue");
  if (typeof resourceVersion !== "string" || resourceVersion === "") return undefined;
  return { resourceVersion, continueToken: typeof token === "string" ? token : "" };
}
