import { expect, test } from "vitest";
import { proxyFromEnvironment } from "./proxy.ts";
import { parseServerUrl } from "./server-url.ts";

const PROXY = "http://proxy:3128";

/** From `golang.org/x/net/http/httpproxy` proxy_test.go and the rules in its documentation. */
test.each([
  ["https://api.example.com", "", true],
  ["https://localhost:6443", "", false],
  ["https://127.1.2.3:6443", "", false],
  ["https://[::1]:6443", "", false],
  ["https://api.example.com", "*", false],
  ["https://api.example.com", "example.com", false],
  ["https://example.com", "example.com", false],
  ["https://badexample.com", "example.com", true],
  ["https://api.example.com", ".example.com", false],
  ["https://example.com", ".example.com", true],
  ["https://api.example.com", "*.example.com", false],
  ["https://API.Example.com", "api.EXAMPLE.com", false],
  ["https://api.example.com:6443", "api.example.com:6443", false],
  ["https://api.example.com:6443", "api.example.com:443", true],
  ["https://api.example.com", "api.example.com:443", false],
  ["https://10.1.2.3:6443", "10.0.0.0/8", false],
  ["https://11.1.2.3:6443", "10.0.0.0/8", true],
  ["https://10.1.2.3:6443", "10.1.2.3", false],
  ["https://10.1.2.3:6443", "10.1.2.3:6443", false],
  ["https://10.1.2.3:6443", "10.1.2.3:443", true],
  ["https://10.1.2.3:6443", "2.3", true],
  ["https://[fd00::1]:6443", "fd00::/8", false],
  ["https://[fd00::1]:6443", "[fd00::1]:6443", false],
  ["https://[fd00::1]:6443", "fd00:0::1", false],
  ["https://[fe80::1]:6443", "fd00::/8", true],
  ["https://api.example.com", "10.0.0.0/8, other.com ,,example.com", false],
  ["https://api.example.com", "10.0.0.0/99", true],
  ["https://10.1.2.3", "10.0.0.0/99", true],
])("%s with NO_PROXY=%s goes through the proxy: %s", (url, noProxy, isProxied) => {
  const server = parseServerUrl(url);
  if (server === undefined) throw new Error("not a URL");
  expect(proxyFromEnvironment(server, { HTTPS_PROXY: PROXY, NO_PROXY: noProxy })).toBe(isProxied ? PROXY : undefined);
});

test("upper case goes before lower case, and a scheme is added", () => {
  const server = parseServerUrl("https://a.b");
  if (server === undefined) throw new Error("not a URL");
  expect(proxyFromEnvironment(server, { HTTPS_PROXY: "up:1", https_proxy: "low:1" })).toBe("http://up:1");
  expect(proxyFromEnvironment(server, { HTTPS_PROXY: "", https_proxy: "socks5://low:1" })).toBe("socks5://low:1");
  expect(proxyFromEnvironment(server, { HTTP_PROXY: "up:1", no_proxy: "x" })).toBeUndefined();
});

test.each([
  ["https://h:1/a/b/?q#f", { url: "https://h:1/a/b", isTls: true, host: "h", port: 1 }],
  ["h", { url: "http://h", isTls: false, host: "h", port: 80 }],
  ["h:8080", { url: "http://h:8080", isTls: false, host: "h", port: 8080 }],
  [
    "https://u:p%40@[::1]",
    { url: "https://[::1]", isTls: true, host: "::1", port: 443, userInfo: { username: "u", password: "p@" } },
  ],
  ["ftp://h", undefined],
  ["http://", undefined],
])("reads the server %s", (text, expected) => {
  expect(parseServerUrl(text)).toEqual(expected);
});
