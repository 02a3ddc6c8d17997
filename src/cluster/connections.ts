/**
 * The dispatcher that goes with the TLS material of the moment. When a certificate on disk or a plugin's certificate
 * changes, new requests get new connections; streams on the old ones may finish (`transport/cert_rotation.go`).
 */
import { readFile } from "node:fs/promises";
import type { Dispatcher } from "undici";
import type { Clock } from "../base/index.ts";
import { CredentialError, type Credentials } from "./auth/log-in.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import { createDispatcher, type TlsMaterial, usable, type UsableMaterial } from "./dispatcher.ts";
import { GATHERED_HIGH_WATER_MARK } from "./gather.ts";
import type { PemSource } from "./kubeconfig.ts";

/** Certificates on disk are looked at again after so long, and at once after a refusal. */
const REREAD_MS = 10_000;

interface Generation {
  readonly material: UsableMaterial;
  readonly dispatcher: Dispatcher;
  /** For streams that are gathered, once there is one. */
  gathered: Dispatcher | undefined;
}

export class Connections {
  readonly #config: ClusterConfig;
  readonly #clock: Clock;
  readonly #retired = new Set<Dispatcher>();
  #files: { readonly material: Promise<TlsMaterial>; readonly readAt: number } | undefined;
  #generation: Generation | undefined;
  #isClosed = false;

  constructor(config: ClusterConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  /** @throws CredentialError when a certificate cannot be read or used. */
  async dispatcherFor(credentials: Credentials, isGathered: boolean): Promise<Dispatcher> {
    const generation = await this.#generationFor(credentials);
    if (!isGathered) return generation.dispatcher;
    return (generation.gathered ??= createDispatcher(this.#config, generation.material, this.#clock, GATHERED_HIGH_WATER_MARK));
  }

  async #generationFor(credentials: Credentials): Promise<Generation> {
    const files = await this.#currentFiles();
    const own = credentials.certificate;
    const material = own === undefined ? files : { ...files, certificate: own.certificate, key: own.key };
    const generation = this.#generation;
    if (generation !== undefined && isSame(generation.material, material)) return generation;
    if (this.#isClosed) throw new CredentialError("the client is closed");
    const checked = checkMaterial(material);
    for (const dispatcher of dispatchersOf(generation)) this.#retire(dispatcher);
    this.#generation = {
      material: checked,
      dispatcher: createDispatcher(this.#config, checked, this.#clock),
      gathered: undefined,
    };
    return this.#generation;
  }

  /** The next request reads the certificates on disk again. */
  forgetFiles(): void {
    this.#files = undefined;
  }

  /** Ends every connection, streams included. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const all = [...this.#retired, ...dispatchersOf(this.#generation)];
    await Promise.all(all.map((dispatcher) => dispatcher.destroy()));
  }

  #retire(dispatcher: Dispatcher): void {
    this.#retired.add(dispatcher);
    void dispatcher.close().then(() => this.#retired.delete(dispatcher));
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

function dispatchersOf(generation: Generation | undefined): readonly Dispatcher[] {
  if (generation === undefined) return [];
  return generation.gathered === undefined ? [generation.dispatcher] : [generation.dispatcher, generation.gathered];
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
