/** The head of a GET. */

/** Several values are several lines. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[]>>;

const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const TARGET = /^[\x21-\x7e]+$/;

/**
 * Latin1 text. Names are the program's own or escaped; `target` is a path, or a whole URL for a proxy.
 * @throws an error without the value, for one that would be more than one line
 */
export function requestText(host: string, target: string, headers: RequestHeaders): string {
  if (!TARGET.test(target)) throw invalid("request path");
  const lines = Object.entries(headers).flatMap(([name, values]) => [values].flat().map((value) => line(name, value)));
  return `GET ${target} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n${lines.join("")}\r\n`;
}

function line(name: string, value: string): string {
  if (!VALUE.test(value)) throw invalid(`${name} header`);
  return `${name}: ${value}\r\n`;
}

function invalid(what: string): Error {
  return Object.assign(new Error(`invalid ${what}`), { code: "UND_ERR_INVALID_ARG" });
}
