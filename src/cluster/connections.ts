/**
 * The pool of connections that goes with the TLS material of the moment. When a certificate on disk or a plugin's certificate
 * changes, new requests get new connections; streams on the old ones may finish (`transport/cert_rotation.go`).
 */
import { readFile } from "node:fs/promises";
import type { Clock } from "../base/index.ts";
import { CredentialError, type Credentials } from "./auth/log-in.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import { ConnectionPool } from "./connection-pool.ts";
import type { PemSource } from "./kubeconfig.ts";
import { createRoute, type TlsMaterial, usable, type UsableMaterial } from "./route.ts";

/** Certificates on disk are looked at again after so long, and at once after a refusal. */
const REREAD_MS = 10_000;

interface Generation {
  readonly material: UsableMaterial;
  readonly pool: ConnectionPool;
}

export class Connections {
  readonly #config: ClusterConfig;
  readonly #clock: Clock;
  #retired: readonly ConnectionPool[] = [];
  #files: { readonly material: Promise<TlsMaterial>; readonly readAt: number } | undefined;
  #generation: Generation | undefined;
  #isClosed = false;

  constructor(config: ClusterConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  /** @throws CredentialError when a certificate cannot be read or used. */
  async poolFor(credentials: Credentials): Promise<ConnectionPool> {
    const files = await this.#currentFiles();
    const own = credentials.certificate;
    const material = own === undefined ? files : { ...files, certificate: own.certificate, key: own.key };
    const generation = this.#generation;
    if (generation !== undefined && isSame(generation.material, material)) return generation.pool;
    if (this.#isClosed) throw new CredentialError("the client is closed");
    const checked = checkMaterial(material);
    generation?.pool.retire();
    this.#retired = [...this.#retired, ...poolOf(generation)].filter((pool) => !pool.isDone);
    const pool = new ConnectionPool(createRoute(this.#config, checked, this.#clock), this.#clock);
    this.#generation = { material: checked, pool };
    return pool;
  }

  /** The next request reads the certificates on disk again. */
  forgetFiles(): void {
    this.#files = undefined;
  }

  /** Ends every connection, streams included. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#retired, ...poolOf(this.#generation)].map((pool) => pool.close()));
  }

  #currentFiles(): Promise<TlsMaterial> {
    const now = this.#clock.monotonic();
    if (this.#files === undefined || now - this.#files.readAt >= REREAD_MS) {
      this.#files = { material: this.#readFiles(), readAt: now };
    }
    return this.#files.material;
  }

  async #readFiles(): Promise<TlsMaterial> {
    const { tls, clientCertificate } = this.#config;
    const last = this.#generation?.material;
    try {
      const [ca, certificate, key] = await Promise.all(
        [tls.certificateAuthority, clientCertificate?.certificate, clientCertificate?.key].map(readPem),
      );
      return {
        ...(ca === undefined ? {} : { ca }),
        ...(certificate === undefined ? {} : { certificate }),
        ...(key === undefined ? {} : { key }),
      };
    } catch (error) {
      // In the middle of a rotation a file may be absent for a moment: what was read before goes on.
      if (last !== undefined) return last;
      throw new CredentialError("a certificate of the kubeconfig cannot be read", { cause: error });
    }
  }
}

function poolOf(generation: Generation | undefined): readonly ConnectionPool[] {
  return generation === undefined ? [] : [generation.pool];
}

async function readPem(source: PemSource | undefined): Promise<string | undefined> {
  if (source === undefined) return undefined;
  return "text" in source ? source.text : await readFile(source.file, "utf8");
}

function isSame(a: TlsMaterial, b: TlsMaterial): boolean {
  return a.ca === b.ca && a.certificate === b.certificate && a.key === b.key;
}

/** OpenSSL's own words name no secret, and a bad PEM must not fail inside of a socket's callback. */
function checkMaterial(material: TlsMaterial): UsableMaterial {
  if (material.ca !== undefined && !material.ca.includes("-----BEGIN"))
    throw new CredentialError("the certificate-authority holds no PEM certificate");
  try {
    return usable(material);
  } catch (error) {
    throw new CredentialError("the certificates of the kubeconfig cannot be used", { cause: error });
  }
}
