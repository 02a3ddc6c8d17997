/** Kubeconfigs that a test writes for Faro: through a relay, or with a token in a file that can be replaced. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";

/** The admin's kubeconfig with another port of 127.0.0.1: the certificate is valid for any. */
export class ProxiedKubeconfig {
  readonly path: string;
  readonly #folder: string = mkdtempSync(join(tmpdir(), "faro-kubeconfig-"));
  readonly #token: string = join(this.#folder, "token");

  /** Without `token` it holds the admin's; with one it names a file that holds it. */
  constructor(port: number, token?: string) {
    this.path = join(this.#folder, "kubeconfig");
    const admin = readFileSync(inject("cluster").kubeconfig, "utf8").replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${port}`);
    const text = token === undefined ? admin : admin.replace(/\{token: .*\}/, `{tokenFile: ${JSON.stringify(this.#token)}}`);
    writeFileSync(this.path, text);
    if (token !== undefined) this.renew(token);
  }

  /** Puts another token into the file, as whoever mounts it does. */
  renew(token: string): void {
    writeFileSync(this.#token, token);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
