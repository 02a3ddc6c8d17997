import { expect, test } from "vitest";
import { nextTurn, VirtualClock } from "../base/index.ts";
import { type ApiClient, ApiFailure, type ReadRequest, type ReadResponse } from "../cluster/index.ts";
import { connect } from "./connect.ts";

const TIMEOUT_MS = 5_000;

/** A server that answers when the test says so. */
class HeldServer implements ApiClient {
  readonly server = "https://held";
  readonly asked: ReadRequest[] = [];
  readonly #held = new Map<string, (answer: ReadResponse | ApiFailure) => void>();

  read(request: ReadRequest): Promise<ReadResponse> {
    this.asked.push(request);
    return new Promise((resolve, reject) => {
      this.#held.set(request.path, (answer) => (answer instanceof ApiFailure ? reject(answer) : resolve(answer)));
    });
  }

  answer(path: string, document: unknown): void {
    this.#held.get(path)?.({ status: 200, headers: {}, body: Buffer.from(JSON.stringify(document)) });
  }

  refuse(path: string, status: number): void {
    const failure = { kind: "http", status, reason: "", message: "refused", causes: [] } as const;
    this.#held.get(path)?.(new ApiFailure(`GET ${path}`, failure));
  }

  stream(): Promise<never> {
    throw new Error("nothing is streamed here");
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

test("asks for all that is needed at once", async () => {
  const server = new HeldServer();
  const connected = connect(server, new VirtualClock(), TIMEOUT_MS);
  await nextTurn();
  expect(server.asked.map(({ path }) => path).sort()).toEqual(["/api", "/api/v1/namespaces/kube-system", "/apis", "/version"]);
  server.answer("/api/v1/namespaces/kube-system", { metadata: { uid: "one" } });
  server.answer("/apis", { kind: "APIGroupList", groups: [] });
  server.answer("/api", { kind: "APIVersions", versions: [] });
  server.answer("/version", { gitVersion: "v1.36.0" });
  expect(await connected).toMatchObject({ clusterId: "one", serverVersion: "v1.36.0", discovery: { resources: [] } });
});

test("one that is refused ends the others", async () => {
  const server = new HeldServer();
  const connected = connect(server, new VirtualClock(), TIMEOUT_MS);
  await nextTurn();
  server.refuse("/version", 401);
  await expect(connected).rejects.toMatchObject({ code: "FARO_UNAUTHORIZED" });
  expect(server.asked.map(({ signal }) => signal?.aborted)).toEqual([true, true, true, true]);
});
