import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { connectThroughSocks } from "./socks5.ts";

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A proxy that answers each message in turn with the next of these, then stays silent or, after `null`, closes. */
async function proxyThat(
  answers: readonly (readonly number[] | null)[],
  userInfo = "",
): Promise<{ proxy: URL; heard: string[] }> {
  const heard: string[] = [];
  const server = createServer((socket: Socket) => {
    let next = 0;
    closers.push(() => socket.destroy());
    socket.on("error", () => undefined);
    socket.on("data", (message) => {
      heard.push(message.toString("hex"));
      const answer = answers[next++];
      if (answer === null) socket.end();
      else if (answer !== undefined) socket.write(Buffer.from(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { proxy: new URL(`socks5://${userInfo}127.0.0.1:${port}`), heard };
}

const ACCEPTED = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

async function target(
  answers: readonly (readonly number[] | null)[],
  host: string,
  userInfo = "",
): Promise<{ heard: string[]; socket: Socket }> {
  const { proxy, heard } = await proxyThat(answers, userInfo);
  const socket = await connectThroughSocks({ proxy, host, port: 6_443, timeoutMs: 5_000 });
  closers.push(() => socket.destroy());
  return { heard, socket };
}

describe("asks for", () => {
  test.each([
    ["a name", "api.x", "0501000305" + Buffer.from("api.x").toString("hex") + "192b"],
    ["an IPv4 address", "10.0.0.1", "050100010a000001192b"],
    ["an IPv6 address", "fd00::1:2", "05010004fd000000000000000000000000010002192b"],
    ["a whole IPv6 address", "1:2:3:4:5:6:7:8", "0501000400010002000300040005000600070008192b"],
  ])("%s", async (_name, host, expected) => {
    const { heard } = await target([[5, 0], ACCEPTED], host);
    expect(heard).toEqual(["050100", expected]);
  });

  test("and logs in when the URL has a user", async () => {
    const { heard } = await target([[5, 2], [1, 0], ACCEPTED], "h", "u:p%40@");
    expect(heard).toEqual(["05020002", "01017502" + Buffer.from("p@").toString("hex"), "050100030168192b"]);
  });

  test("and reads replies that name a host or an IPv6 address, leaving what follows in the socket", async () => {
    for (const address of [
      [3, 2, 65, 66],
      [4, ...Array.from({ length: 16 }, () => 0)],
    ]) {
      const { socket } = await target(
        [
          [5, 0],
          [5, 0, 0, ...address, 0, 0, 104, 105],
        ],
        "h",
      );
      const first = await new Promise<string>((resolve) => socket.once("data", (data) => resolve(data.toString())));
      expect(first).toBe("hi");
    }
  });
});

describe("fails when the proxy", () => {
  test.each<readonly [string, readonly (readonly number[] | null)[], string, string]>([
    [
      "refuses",
      [
        [5, 0],
        [5, 5, 0, 1, 0, 0, 0, 0, 0, 0],
      ],
      "",
      "refused the connection: connection refused",
    ],
    [
      "refuses for a reason of its own",
      [
        [5, 0],
        [5, 99, 0, 1, 0, 0, 0, 0, 0, 0],
      ],
      "",
      "refused the connection: reply 99",
    ],
    ["is an HTTP server", [[72, 84, 84, 80]], "", "does not speak SOCKS5"],
    ["wants a login that there is not", [[5, 2]], "", "wants another way to log in"],
    ["accepts no way to log in", [[5, 255]], "u:p@", "wants another way to log in"],
    [
      "does not know the user",
      [
        [5, 2],
        [1, 1],
      ],
      "u:p@",
      "refused the username or password",
    ],
    ["closes", [[5, 0], null], "", "closed the connection"],
  ])("%s", async (_name, answers, userInfo, message) => {
    await expect(target(answers, "h", userInfo)).rejects.toMatchObject({
      code: "SOCKS_REFUSED",
      message: expect.stringContaining(message),
    });
  });

  test("is not there", async () => {
    const work = connectThroughSocks({ proxy: new URL("socks5://127.0.0.1:1"), host: "h", port: 1, timeoutMs: 5_000 });
    await expect(work).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});
