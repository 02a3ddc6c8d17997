/** Reaching one API server: where it is, who asks, what it serves, and the two ways to read from it. */
export type { ApiClient, Query, ReadRequest, ReadResponse, StreamRequest, StreamResponse } from "./api-client.ts";
export {
  ApiFailure,
  type CredentialFailure,
  describeFailure,
  type Failure,
  type ForeignFailure,
  type HttpFailure,
  isExpired,
  type NetworkFailure,
} from "./api-failure.ts";
export { type ApiResource, collectionPath, resourceName } from "./api-resource.ts";
export type { ClusterConfig, ConnectionEnvironment, ConnectionFlags } from "./cluster-config.ts";
export { type Discovery, loadDiscovery, refreshDiscovery } from "./discovery.ts";
export { httpFailure, isHtml } from "./error-body.ts";
export { explainFailure } from "./explain-failure.ts";
export { type ApiClientOptions, createApiClient } from "./http-client.ts";
export { loadClusterConfig } from "./load-config.ts";
export { describeResource, type ResourceResolution, resolveResource, type Wanted } from "./resource-name.ts";
export { roleFor } from "./role.ts";
export { readClusterId, readServerVersion } from "./server-facts.ts";
