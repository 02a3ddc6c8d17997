/** What a request carries to prove who asks, and where it comes from. */

/** One generation of credentials: two calls that got the same object use the same ones. */
export interface Credentials {
  /** The whole `Authorization` header, or none. */
  readonly authorization?: string;
  /** PEM of a client certificate that a plugin gave. */
  readonly certificate?: { readonly certificate: string; readonly key: string };
}

export interface CredentialSource {
  /** The credentials to use now. @throws ApiFailure-independent `CredentialError` when there are none to be had. */
  current(): Promise<Credentials>;
  /**
   * Called after the server answered 401 to `rejected`. Gives others if there are any, else the same object.
   * Concurrent calls share one refresh.
   */
  refresh(rejected: Credentials): Promise<Credentials>;
}

/** Credentials could not be had. The message names the file or plugin and never a secret. */
export class CredentialError extends Error {
  override readonly name = "CredentialError";
}

/** Credentials that never change. */
export function fixedCredentials(credentials: Credentials): CredentialSource {
  return { current: () => Promise.resolve(credentials), refresh: () => Promise.resolve(credentials) };
}

export function bearer(token: string): Credentials {
  return { authorization: `Bearer ${token}` };
}

export function basic(username: string, password: string): Credentials {
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` };
}
