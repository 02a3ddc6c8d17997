/** Opens the recording of an output directory, and what is known of it: as its last run left it, whatever ended that. */
import { openRecording, recordingDirectory, type RecordingOptions, type RecordingWriter, rowsFile } from "../archive/index.ts";
import { Correlator } from "../correlate/index.ts";
import type { RootSelection } from "../record/index.ts";
import { StoryIndex } from "../story/index.ts";
import type { CaptureOptions } from "./options.ts";
import type { PodsOptions } from "./pods.ts";
import { DamageWatch, noteUnreadable, recover, type Recovery, type RecoveryStart, startFrom } from "./recovery.ts";
import type { StatusHub } from "./status-hub.ts";

export interface OpenedRun {
  readonly writer: RecordingWriter;
  /** What all records came to. */
  readonly start: RecoveryStart;
  readonly recovery: Recovery;
  readonly recorded: PodsOptions["recorded"];
}

/** @throws FaroError as `openRecording` */
export async function openRun(
  options: CaptureOptions,
  selection: RootSelection,
  told: Pick<RecordingOptions, "clock" | "onCommit" | "onStall" | "onResume" | "onRestored">,
): Promise<OpenedRun> {
  const { output, faroVersion, files, unwrittenBytesMax, segmentBytesMax, correlationTimeoutMs } = options;
  const damage = new DamageWatch();
  let index: StoryIndex | undefined;
  const writer = await openRecording({
    ...told,
    directory: recordingDirectory(output),
    faroVersion,
    layer: files,
    budgetBytes: unwrittenBytesMax,
    segmentBytesMax,
    onDamage: (found) => {
      damage.note();
      if (index !== undefined) noteUnreadable(index, found);
    },
  });
  const start = startFrom(writer.takeSaved(), () => ({
    correlator: new Correlator({ selection, correlationTimeoutMs }),
    index: new StoryIndex({ scratch: rowsFile(output) }),
  }));
  ({ index } = start);
  const recovery = await recover(writer, start, damage);
  const { logs } = start.carried;
  return { writer, start, recovery, recorded: { logs: await logs.logs(writer), redactions: logs.redactions() } };
}

/** Packs what is recorded, as far as it is finished. A segment that cannot be packed loses nothing: it stays as it is. */
export function packRecorded(
  writer: RecordingWriter,
  { packing }: Pick<CaptureOptions, "packing">,
  hub: StatusHub,
  signal: AbortSignal,
): Promise<void> {
  const onFailure = (detail: string): void => hub.tell({ status: "incident", what: "segment not packed", detail });
  return writer.pack({ ...packing, onFailure }, signal);
}
