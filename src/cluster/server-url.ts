/** The address of an API server as people write it: a URL, `host:port`, or a URL with a path prefix. */

/** A server's address, split into what is asked for and what must not be shown. */
export interface ServerUrl {
  /** `https://10.0.0.1:6443/prefix` without a slash at the end. */
  readonly url: string;
  readonly isTls: boolean;
  readonly host: string;
  readonly port: number;
  /** `user:password@` of the URL. */
  readonly userInfo?: { readonly username: string; readonly password: string };
}

/** Reads an address as `rest/url_utils.go DefaultServerURL` does: without a scheme it is plain HTTP. Undefined when it is none. */
export function parseServerUrl(text: string): ServerUrl | undefined {
  const absolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(absolute)) return undefined;
  const url = new URL(absolute);
  if (url.host === "" || (url.protocol !== "https:" && url.protocol !== "http:")) return undefined;
  const isTls = url.protocol === "https:";
  const userInfo = { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  return {
    url: `${url.origin}${url.pathname.replace(/\/+$/, "")}`,
    isTls,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (isTls ? 443 : 80) : Number(url.port),
    ...(userInfo.username === "" && userInfo.password === "" ? {} : { userInfo }),
  };
}
