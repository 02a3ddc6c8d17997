/** A cluster's history, served as a Kubernetes API on the local machine. */
export type { AccessAttributes, AccessHooks } from "./access.ts";
export type { ServerSettings } from "./context.ts";
export {
  compose,
  type FaultHooks,
  type RequestFault,
  type StreamFault,
  type StreamItem,
  times,
  type WholeAnswer,
  when,
} from "./faults.ts";
export {
  ClusterHistory,
  type HistoryOptions,
  type HistoryRef,
  randomUid,
  secondsTime,
  type Snapshot,
  type StoredVersion,
} from "./history.ts";
export type { KubeMetadata, KubeObject } from "./kube-object.ts";
export {
  type AppendOptions,
  ContainerLogs,
  type InstanceLog,
  type LogEntry,
  type LogFailure,
  LogFile,
  logTime,
  type LogTimeFormat,
  type NodeFailure,
} from "./logs.ts";
export {
  errorAtOpening,
  htmlPage,
  oddHeaders,
  protobuf,
  refuse,
  repeated,
  rewound,
  staleDiscovery,
  table,
  tooManyRequests,
  truncated,
  unauthorized,
  unavailable,
  unsorted,
  warnings,
} from "./answer-faults.ts";
export { compactAtOnce, compactPeriodically, expireEvents, terminateNamespace, Tokens } from "./cluster-events.ts";
export { alternating, during, fromLine, randomly, toggling } from "./fault-schedule.ts";
export {
  deletedBeforeEndMarker,
  earlyEndMarker,
  endMarker,
  errorWithoutCode,
  onlyBookmarks,
  repeatedLines,
  staleBookmarks,
  storageReadError,
  swappedLines,
  withoutBookmarks,
  withoutDeletions,
} from "./watch-faults.ts";
export { type Balancer, type BalancerOptions, type LocalBalancer, roundRobin, startBalancer } from "./balancer.ts";
export type { ServerControl, ServerState } from "./lifecycle.ts";
export { rollingRestart, type RollingRestartOptions } from "./rolling-restart.ts";
export type { Lag } from "./view.ts";
export { ConnectionError, type LocalResponse } from "./local-sink.ts";
export { type LocalApiServer, localApiServer, type LocalRequest } from "./local-server.ts";
export type { ActiveStream } from "./out-stream.ts";
export type { ApiRequest, Target } from "./request.ts";
export { type ResourceChange, type ResourceDefinition, ResourceRegistry } from "./resources.ts";
export { playRollout, prepareCluster, type RolloutOptions, type RolloutStep } from "./rollout/play.ts";
export { type ApiServer, type ApiServerOptions, startApiServer } from "./server.ts";
export type { ServedRequest, ServiceOptions } from "./service.ts";
export type { ResponseHeaders } from "./sink.ts";
export { type ControlServer, startControlServer } from "./playback/control.ts";
export { indexedCluster } from "./playback/indexed-cluster.ts";
export { type Playback, type PlaybackOptions, type PlaybackState, startPlayback } from "./playback/playback.ts";
export { readRecordedCluster, type RecordedCluster } from "./playback/recorded-cluster.ts";
export { status, type StatusDetails, type StatusDocument } from "./status.ts";
export type { TransportFault } from "./transport.ts";
export { DEFAULT_WINDOW, type WindowBounds } from "./watch-windows.ts";
