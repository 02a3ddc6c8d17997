/** `faro record`, and `faro` alone: complete the options, validate them, run. */
import { FaroError, linearPattern } from "../../base/index.ts";
import type { CaptureOptions, LogSelection, ResourceRequest } from "../../capture/index.ts";
import {
  missingResource,
  parseResourceArguments,
  type ResolvedOptions,
  type ResourceArguments,
  resolveOptions,
} from "../../config/index.ts";
import type { Invocation } from "../command-line.ts";
import { Console } from "../console.ts";
import type { CliDependencies, Connection } from "../dependencies.ts";
import { EXIT_OK, exitCodeOfEnd } from "../exit-code.ts";
import { renderPlan } from "../render/plan.ts";
import { renderStories } from "../render/stories.ts";
import { type CaptureRun, reportEnd, runCapture } from "../run-capture.ts";

/** An API server that is down at the start is tried for so long. */
const CONNECT_TIMEOUT_MS = 30_000;

/** What is to be recorded, from arguments and options together. */
interface Selection {
  readonly resources: readonly ResourceRequest[];
  readonly names: readonly string[];
}

/** @returns the exit code */
export async function record(invocation: Invocation, dependencies: CliDependencies): Promise<number> {
  const resolved = await resolveFor(invocation, dependencies);
  const selection = validate(parseResourceArguments(invocation.words), resolved, dependencies.program);
  const console = new Console(dependencies, resolved.values);
  for (const warning of resolved.warnings) console.log.warn(warning);
  const run: CaptureRun = {
    dependencies,
    console,
    resolved,
    cluster: { flags: resolved.values, env: dependencies.env },
    toCaptureOptions: (connection) => captureOptions(selection, resolved, connection, dependencies),
  };
  return resolved.values.dryRun ? dryRun(run) : recordAndReport(run);
}

/** Every option of this call. */
export function resolveFor(invocation: Invocation, dependencies: CliDependencies): Promise<ResolvedOptions> {
  const { env, cwd, home } = dependencies;
  return resolveOptions({ flags: invocation.flags, configFile: invocation.configFile, env, cwd, home });
}

/** What the recorder gets. */
export function captureOptions(
  selection: Selection,
  resolved: ResolvedOptions,
  connection: Connection,
  dependencies: CliDependencies,
): CaptureOptions {
  const { values } = resolved;
  return {
    client: connection.client,
    clock: dependencies.clock,
    resources: selection.resources,
    names: selection.names,
    namespaces: namespacesOf(resolved, connection),
    selector: values.selector,
    related: values.related,
    requireKinds: values.requireKinds,
    output: values.output,
    workers: values.workers,
    bufferSize: values.bufferSize,
    correlationTimeoutMs: values.correlationTimeout,
    includeLogs: values.includeLogs,
    maxLogStreams: values.maxLogStreams,
    logs: logSelection(values),
    ...(values.duration === undefined ? {} : { durationMs: values.duration }),
    ...(values.until === undefined ? {} : { until: values.until }),
    ...(values.timeout === undefined ? {} : { timeoutMs: values.timeout }),
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    faroVersion: dependencies.version,
  };
}

function logSelection(values: ResolvedOptions["values"]): LogSelection {
  const { container, excludeContainer, include, exclude, drop, since, tail } = values;
  return {
    ...(include.length + exclude.length === 0 ? {} : { lines: { include, exclude }, drop }),
    ...(container === undefined ? {} : { container: linearPattern(container) }),
    ...(excludeContainer === undefined ? {} : { excludeContainer: linearPattern(excludeContainer) }),
    ...(since === undefined ? {} : { sinceMs: since }),
    ...(tail === undefined ? {} : { tailLines: tail }),
  };
}

/** Empty means all; nothing given means the context's. */
function namespacesOf({ values }: ResolvedOptions, connection: Connection): readonly string[] {
  if (values.allNamespaces) return [];
  return values.namespace.length > 0 ? values.namespace : [connection.namespace];
}

function validate(fromArguments: ResourceArguments, { values, origins }: ResolvedOptions, program: string): Selection {
  // Arguments say what this run is about: a resource that stands in a file or a variable gives way to them.
  const isFlag = origins.resource.source === "flag";
  const flagged = fromArguments.resources.length > 0 && !isFlag ? [] : values.resource.map((text) => ({ text }));
  const resources = [...fromArguments.resources, ...flagged];
  if (resources.length === 0) throw missingResource(program);
  if (fromArguments.names.length > 0 && values.name.length > 0 && origins.name.source === "flag") throw namesTwice(program);
  return { resources, names: fromArguments.names.length > 0 ? fromArguments.names : values.name };
}

function namesTwice(program: string): FaroError {
  return new FaroError("FARO_USAGE", "names are given twice, as arguments and with --name", {
    hint: `give them once, for example ${program} record deploy web api, or ${program} record deploy --name=web,api`,
  });
}

async function dryRun({ dependencies, console, cluster, toCaptureOptions }: CaptureRun): Promise<number> {
  const connection = await dependencies.connect({
    ...cluster,
    onWarning: (text) => console.log.warn("the API server warns", { warning: text }),
  });
  try {
    dependencies.stdout.write(renderPlan(await dependencies.planCapture(toCaptureOptions(connection))));
    return EXIT_OK;
  } finally {
    await connection.client.close();
  }
}

async function recordAndReport(run: CaptureRun): Promise<number> {
  const ended = await runCapture(run);
  reportEnd(run, ended, renderStories(ended.result?.stories ?? []));
  return exitCodeOfEnd(ended.end);
}
