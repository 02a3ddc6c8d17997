/** The sentences of this room: what failed, on what, why; and what to do. */
import { errorMessage, FaroError } from "../base/index.ts";
import type { LockHolder } from "./lock.ts";

export function outputLocked(output: string, file: string, holder: LockHolder): FaroError {
  return new FaroError(
    "FARO_OUTPUT_LOCKED",
    `cannot record to ${output}: another Faro writes to it (pid ${holder.pid} on host ${holder.host}, since ${holder.startedAt})`,
    {
      hint: `stop that one, or choose another directory: --output ${output}-2. If it is gone for good, remove ${file}`,
      details: { output, lock: file, pid: holder.pid, host: holder.host, startedAt: holder.startedAt },
    },
  );
}

export function outputNotWritable(output: string, cause: unknown): FaroError {
  return new FaroError("FARO_OUTPUT_NOT_WRITABLE", `cannot write to the output directory ${output}: ${errorMessage(cause)}`, {
    hint: "make it writable or free some space, or choose another directory: --output /tmp/faro",
    cause,
    details: { output },
  });
}

export function recordingTooNew(file: string, version: number, known: number): FaroError {
  return new FaroError(
    "FARO_RECORDING_TOO_NEW",
    `cannot read ${file}: it has format version ${version}, which is newer than this Faro knows (${known})`,
    {
      hint: "read it with the Faro that wrote it, or a newer one: npm install -g faro@latest",
      details: { file, version, known },
    },
  );
}

export function noRecording(directory: string): FaroError {
  return new FaroError(
    "FARO_RECORDING_DAMAGED",
    `cannot read ${directory}: there is no recording in it (no file 000001.ndjson or later)`,
    {
      hint: "name the directory that holds the segments, for instance output/recording",
      details: { directory },
    },
  );
}

export function recordingUnreadable(directory: string, cause: unknown): FaroError {
  return new FaroError("FARO_RECORDING_DAMAGED", `cannot read the recording in ${directory}: ${errorMessage(cause)}`, {
    hint: "recordings are readable by the user who made them alone: run as that user, or copy the directory",
    cause,
    details: { directory },
  });
}

export function lineDamaged(file: string, offset: number, cause: unknown): FaroError {
  return new FaroError("FARO_RECORDING_DAMAGED", `cannot read the line at byte ${offset} of ${file}: ${reasonOf(cause)}`, {
    hint: "the lines around it are readable; story files made from this recording say what is missing",
    cause,
    details: { file, offset },
  });
}

/** The innermost reason: a decode error wraps what was wrong with the bytes. */
export function reasonOf(error: unknown): string {
  return error instanceof Error && error.cause instanceof Error ? error.cause.message : errorMessage(error);
}

export function segmentNotUnpacked(path: string, cause: unknown): FaroError {
  return new FaroError("FARO_RECORDING_DAMAGED", `cannot unpack ${path}: ${errorMessage(cause)}`, {
    hint: "gzip -t says whether the file is whole; put the unpacked segment in its place, or take it away to read the others",
    cause,
    details: { file: path },
  });
}
