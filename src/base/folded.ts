/**
 * Thousands of values that are nearly alike, as text: what they have in common is kept once, as their form. Values are plain data, as
 * JSON writes it, or `undefined`.
 */

/** A value: the form that it shares with those like it, and what is its own, as the members of a JSON array, ids packed. */
export interface Folded {
  readonly form: string;
  readonly own: string;
}

/** Longer texts are a value's own: ids and times. Reasons, phases and names of containers belong to the form. */
const OWN_LENGTH = 20;
/** Greater numbers are a value's own, counts are not. */
const OWN_NUMBER = 1_000;
/** Forms that are remembered. When there are more of them, those that come are shared anew. */
const FORMS_MAX = 1_000;
/** Stands in a form for the member of `own` whose number follows. */
const PLACE = "\u0000";
const UNDEFINED = "\u0001";
const SPACE = 0x20;
/** Hexadecimal digits, two for each byte that they are packed into: half of a container's id. */
const HEX = /(?:[0-9a-f]{2}){8,127}/g;
/** Stands in front of packed bytes, before their number. JSON writes no such character as it is. */
const PACKED = "\u0002";

type Own = (string | number)[];

/** A form as it is kept, and read. */
interface Form {
  readonly text: string;
  read: unknown;
}

export class Folds {
  readonly #forms = new Map<string, Form>();

  fold(value: unknown): Folded {
    const own: Own = [];
    const text = JSON.stringify(value, (_, each: unknown) => formOf(each, own));
    // What is joined is one text; V8 leaves what it writes as JSON in pieces.
    return { form: this.#shared(text).text, own: packed(own.map((each) => JSON.stringify(each)).join(",")) };
  }

  /** The value again: a copy of its own. */
  unfold({ form: text, own }: Folded): unknown {
    const places: unknown = JSON.parse(`[${unpacked(own)}]`);
    const form = this.#shared(text);
    form.read ??= JSON.parse(text);
    return filled(form.read, Array.isArray(places) ? places : []);
  }

  #shared(text: string): Form {
    const known = this.#forms.get(text);
    if (known !== undefined) return known;
    if (this.#forms.size === FORMS_MAX) this.#forms.clear();
    const form = { text, read: undefined };
    this.#forms.set(text, form);
    return form;
  }
}

function packed(text: string): string {
  return text.replace(HEX, (digits) => {
    const bytes = Buffer.from(digits, "hex");
    return `${PACKED}${String.fromCharCode(bytes.length)}${bytes.toString("latin1")}`;
  });
}

function unpacked(text: string): string {
  let at = text.indexOf(PACKED);
  if (at === -1) return text;
  let whole = "";
  let end = 0;
  for (; at !== -1; at = text.indexOf(PACKED, end)) {
    whole += text.slice(end, at);
    end = at + 2 + text.charCodeAt(at + 1);
    whole += Buffer.from(text.slice(at + 2, end), "latin1").toString("hex");
  }
  return whole + text.slice(end);
}

/** What stands in the form for a text, a number or `undefined`; whatever else there is, stands there itself. */
function formOf(value: unknown, own: Own): unknown {
  if (value === undefined) return UNDEFINED;
  if (typeof value === "string") return value.length >= OWN_LENGTH || value.charCodeAt(0) < SPACE ? placeOf(value, own) : value;
  if (typeof value === "number") return Math.abs(value) > OWN_NUMBER ? placeOf(value, own) : value;
  return value;
}

/** An id stands in a value more than once. */
function placeOf(value: string | number, own: Own): string {
  const known = own.indexOf(value);
  return `${PLACE}${known === -1 ? own.push(value) - 1 : known}`;
}

function filled(form: unknown, own: readonly unknown[]): unknown {
  if (typeof form === "string") {
    if (form === UNDEFINED) return undefined;
    return form.startsWith(PLACE) ? own[Number(form.slice(1))] : form;
  }
  if (Array.isArray(form)) return form.map((each) => filled(each, own));
  if (typeof form !== "object" || form === null) return form;
  const value: Record<string, unknown> = {};
  for (const [key, each] of Object.entries(form)) value[key] = filled(each, own);
  return value;
}
