/**
 * The `oidc` auth-provider of a kubeconfig: `plugin/pkg/client/auth/oidc/oidc.go`. The id-token is used until it expires
 * and then fetched anew with the refresh-token. Unlike kubectl, Faro never writes to the kubeconfig.
 */
import { readFile } from "node:fs/promises";
import { Agent } from "undici";
import type { Clock } from "../../base/index.ts";
import { Fields, isMapping } from "../fields.ts";
import { bearer, CredentialError } from "./credentials.ts";
import type { Fetched } from "./renewal.ts";

const LEEWAY_MS = 10_000;
const TIMEOUT_MS = 30_000;

type Settings = Readonly<Record<string, string>>;

/** A function that gives the id-token, refreshing it where needed. It keeps the newest tokens in memory. */
export function oidcTokens(settings: Settings, clock: Clock): () => Promise<Fetched> {
  let idToken = settings["id-token"];
  let refreshToken = settings["refresh-token"];
  let isFirst = true;
  return async () => {
    const expiresAt = idToken === undefined ? undefined : expiryOf(idToken);
    const isUsable = idToken !== undefined && (expiresAt === undefined || expiresAt - LEEWAY_MS > clock.now());
    const isRefreshable = refreshToken !== undefined && settings["idp-issuer-url"] !== undefined;
    if (idToken !== undefined && ((isFirst && isUsable) || (isUsable && !isRefreshable))) {
      isFirst = false;
      return fetched(idToken);
    }
    if (refreshToken === undefined) throw new CredentialError("the OIDC id-token has expired, and there is no refresh-token");
    const fresh = await refresh(settings, refreshToken);
    [idToken, refreshToken, isFirst] = [fresh.idToken, fresh.refreshToken ?? refreshToken, false];
    return fetched(idToken);
  };
}

function fetched(idToken: string): Fetched {
  const expiresAt = expiryOf(idToken);
  return { credentials: bearer(idToken), ...(expiresAt === undefined ? {} : { renewAt: expiresAt - LEEWAY_MS }) };
}

/** Milliseconds; undefined when the token is no JWT or says nothing. */
function expiryOf(token: string): number | undefined {
  const claims = parseJson(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
  const seconds = isMapping(claims) ? claims["exp"] : undefined;
  return typeof seconds === "number" ? seconds * 1_000 : undefined;
}

async function refresh(settings: Settings, refreshToken: string): Promise<{ idToken: string; refreshToken: string | undefined }> {
  const agent = new Agent({ connect: await tlsOf(settings) });
  try {
    const endpoint = await tokenEndpoint(settings["idp-issuer-url"] ?? "", agent);
    const form = new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: refreshToken,
      client_id: settings["client-id"] ?? "",
    });
    if (settings["client-secret"] !== undefined) form.set("client_secret", settings["client-secret"]);
    const answer = await askJson(endpoint, agent, form.toString());
    const idToken = answer.text("id_token");
    if (idToken === undefined) throw new CredentialError(`the OIDC provider at ${endpoint} gave no id_token`);
    return { idToken, refreshToken: answer.text("refresh_token") };
  } finally {
    await agent.close();
  }
}

async function tlsOf(settings: Settings): Promise<{ readonly ca?: string }> {
  const data = settings["idp-certificate-authority-data"];
  if (data !== undefined) return { ca: Buffer.from(data, "base64").toString("utf8") };
  const file = settings["idp-certificate-authority"];
  return file === undefined ? {} : { ca: await readFile(file, "utf8") };
}

async function tokenEndpoint(issuer: string, agent: Agent): Promise<string> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const endpoint = (await askJson(url, agent)).text("token_endpoint");
  if (endpoint === undefined) throw new CredentialError(`${url} names no token_endpoint`);
  return endpoint;
}

/** The provider is no Kubernetes API: this POST is the only one that Faro sends anywhere. */
async function askJson(url: string, agent: Agent, form?: string): Promise<Fields> {
  const { origin, pathname, search } = new URL(url);
  const answer = await agent
    .request({
      origin,
      path: `${pathname}${search}`,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      ...(form === undefined
        ? { method: "GET" }
        : { method: "POST", body: form, headers: { "content-type": "application/x-www-form-urlencoded" } }),
    })
    .catch((error: unknown) => {
      throw new CredentialError(`cannot reach the OIDC provider at ${url}`, { cause: error });
    });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new CredentialError(`the OIDC provider answered ${answer.statusCode} at ${url}`);
  const document = parseJson(text);
  if (!isMapping(document)) throw new CredentialError(`the OIDC provider sent no JSON from ${url}`);
  return Fields.of(document);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no JSON is an answer too, the caller says what it means
  }
}
