/** The options of a run once resolved. Durations are milliseconds; `undefined` and the empty list mean "not given". */

export type LogLevel = "debug" | "info" | "warn" | "error";
export type ColorMode = "auto" | "always" | "never";
export type UntilCondition = "ready" | "deleted" | "complete";
export type RelatedKinds = "auto" | "owned" | "all" | "none" | readonly string[];

/** What to record. */
export interface SelectionValues {
  readonly resource: readonly string[];
  readonly name: readonly string[];
  readonly namespace: readonly string[];
  readonly allNamespaces: boolean;
  readonly selector: string;
  readonly related: RelatedKinds;
  readonly requireKinds: boolean;
  /** Regular expressions that `linearPattern` takes. */
  readonly container: string | undefined;
  readonly excludeContainer: string | undefined;
  /** The same, for the text of log lines. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly drop: boolean;
}

/** Which cluster, as whom: kubectl's own connection flags. */
export interface ClusterValues {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly cluster: string | undefined;
  readonly user: string | undefined;
  readonly server: string | undefined;
  readonly token: string | undefined;
  readonly as: string | undefined;
  readonly asGroup: readonly string[];
  readonly asUid: string | undefined;
  readonly certificateAuthority: string | undefined;
  readonly clientCertificate: string | undefined;
  readonly clientKey: string | undefined;
  readonly insecureSkipTlsVerify: boolean;
  readonly tlsServerName: string | undefined;
  readonly requestTimeout: number | undefined;
}

export interface OutputValues {
  readonly output: string;
  readonly dryRun: boolean;
  readonly color: ColorMode;
}

export interface RecordingValues {
  readonly workers: number;
  readonly bufferSize: number;
  readonly correlationTimeout: number;
  readonly includeLogs: boolean;
  readonly maxLogStreams: number;
  readonly since: number | undefined;
  readonly tail: number | undefined;
  readonly duration: number | undefined;
  readonly until: UntilCondition | undefined;
  readonly timeout: number | undefined;
}

export interface ObservabilityValues {
  readonly logLevel: LogLevel;
  readonly metricsPort: number;
  readonly metricsAddress: string;
}

export interface OptionValues extends SelectionValues, ClusterValues, OutputValues, RecordingValues, ObservabilityValues {}

export type OptionKey = keyof OptionValues;
