/** Options as `cluster/` takes them: there, a flag that was not given is absent. */
import type { ConnectionFlags } from "../cluster/index.ts";
import type { ClusterValues } from "../config/index.ts";

/** kubectl's connection flags out of the options. */
export function connectionFlags(values: ClusterValues): ConnectionFlags {
  const { kubeconfig, context, cluster, user, server, token, as, asGroup, asUid } = values;
  const { certificateAuthority, clientCertificate, clientKey, insecureSkipTlsVerify, tlsServerName, requestTimeout } = values;
  return {
    ...present({ kubeconfig, context, cluster, user, server, token, as, asUid }),
    ...present({ certificateAuthority, clientCertificate, clientKey, tlsServerName, requestTimeout }),
    ...(asGroup.length === 0 ? {} : { asGroup }),
    // As in kubectl, `false` does not undo what the kubeconfig says.
    ...(insecureSkipTlsVerify ? { insecureSkipTlsVerify } : {}),
  };
}

type Present<Fields> = { readonly [Key in keyof Fields]?: Exclude<Fields[Key], undefined> };

function present<Fields extends object>(fields: Fields): Present<Fields> {
  // Exactly the entries that are not undefined are left.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<Fields>;
}
