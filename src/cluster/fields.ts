/** Reading typed fields out of decoded YAML or JSON, with the path in every complaint. */

/** A field is not what its format says. `path` is where: `users[0].user.token`. */
export class FieldError extends Error {
  override readonly name = "FieldError";
  readonly path: readonly (string | number)[];

  constructor(path: readonly (string | number)[], problem: string) {
    super(`${pathText(path)} ${problem}`);
    this.path = path;
  }
}

/** A mapping and where it stands. Absent and null fields read as undefined, as Go's decoder leaves them alone. */
export class Fields {
  readonly #value: Readonly<Record<string, unknown>>;
  readonly path: readonly (string | number)[];

  private constructor(value: Readonly<Record<string, unknown>>, path: readonly (string | number)[]) {
    this.#value = value;
    this.path = path;
  }

  /** @throws FieldError when `value` is no mapping; null and undefined are an empty one. */
  static of(value: unknown, path: readonly (string | number)[] = []): Fields {
    if (value === undefined || value === null) return new Fields({}, path);
    if (!isMapping(value)) throw new FieldError(path, `must be a mapping, not ${typeName(value)}`);
    return new Fields(value, path);
  }

  has(key: string): boolean {
    return this.raw(key) !== undefined;
  }

  /** The value as it is; null reads as undefined. */
  raw(key: string): unknown {
    return Object.hasOwn(this.#value, key) ? (this.#value[key] ?? undefined) : undefined;
  }

  keys(): readonly string[] {
    return Object.keys(this.#value);
  }

  /** Undefined when absent or empty: Go cannot tell the two apart. */
  text(key: string): string | undefined {
    const value = this.raw(key);
    if (value === undefined || value === "") return undefined;
    if (typeof value !== "string")
      throw new FieldError([...this.path, key], `must be text, not ${typeName(value)}; put it in quotes`);
    return value;
  }

  flag(key: string): boolean {
    const value = this.raw(key);
    if (value === undefined) return false;
    if (typeof value !== "boolean") throw new FieldError([...this.path, key], `must be true or false, not ${typeName(value)}`);
    return value;
  }

  child(key: string): Fields {
    return Fields.of(this.raw(key), [...this.path, key]);
  }

  list(key: string): readonly unknown[] {
    const value = this.raw(key);
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw new FieldError([...this.path, key], `must be a list, not ${typeName(value)}`);
    return value;
  }

  children(key: string): readonly Fields[] {
    return this.list(key).map((item, index) => Fields.of(item, [...this.path, key, index]));
  }

  texts(key: string): readonly string[] {
    return this.list(key).map((item, index) => {
      if (typeof item !== "string") throw new FieldError([...this.path, key, index], `must be text, not ${typeName(item)}`);
      return item;
    });
  }
}

/** True for what JSON calls an object. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `{ [key]: value }`, or nothing when there is no value: an optional field is absent, never undefined. */
export function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: V });
}

function typeName(value: unknown): string {
  return Array.isArray(value) ? "a list" : value === null ? "null" : isMapping(value) ? "a mapping" : `a ${typeof value}`;
}

function pathText(path: readonly (string | number)[]): string {
  if (path.length === 0) return "the document";
  return path.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : text === "" ? step : `${text}.${step}`),
    "",
  );
}
