/** Turns the way to log in into a source of credentials. */
import { type Clock, unreachable } from "../../base/index.ts";
import type { ClusterConfig } from "../cluster-config.ts";
import { basic, bearer, type CredentialSource, fixedCredentials } from "./credentials.ts";
import { runPlugin } from "./exec-plugin.ts";
import { oidcTokens } from "./oidc.ts";
import { Renewal } from "./renewal.ts";
import { TokenFile } from "./token-file.ts";

export { CredentialError, type Credentials, type CredentialSource } from "./credentials.ts";

/** Starts nothing: a plugin runs, and a file is read, when credentials are asked for. */
export function credentialSource(
  { login, environment }: Pick<ClusterConfig, "login" | "environment">,
  clock: Clock,
): CredentialSource {
  switch (login.by) {
    case "nothing":
      return fixedCredentials({});
    case "token":
      return fixedCredentials(bearer(login.token));
    case "token-file":
      return new TokenFile(login.file, login.token, clock);
    case "password":
      return fixedCredentials(basic(login.username, login.password));
    case "oidc":
      return new Renewal(oidcTokens(login.settings, clock), clock);
    case "plugin":
      return new Renewal(() => runPlugin({ plugin: login.plugin, cluster: login.cluster, environment, clock }), clock);
    default:
      return unreachable(login);
  }
}
