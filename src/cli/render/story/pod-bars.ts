/** How each pod went, as a bar over the time of the story: readable without colour, since every phase has its own mark. */
import { formatDuration } from "../../../base/index.ts";
import { POD_PHASES, type PodHistory, type PodPhase } from "../../../story/index.ts";
import { fitMiddle, type Look, paint, type Tone } from "./paint.ts";

const MARKS: Readonly<Record<PodPhase, readonly [mark: string, tone: Tone]>> = {
  pending: ["·", "dim"],
  pulling: ["↓", "head"],
  starting: ["░", "warn"],
  ready: ["█", "good"],
  failing: ["x", "bad"],
  succeeded: ["=", "good"],
  terminating: ["▒", "dim"],
  gone: [" ", "plain"],
};

const NAME_WIDTH_MAX = 40;
const RESTARTS_WIDTH = 12;
const BAR_WIDTH = { least: 20, most: 100 } as const;
/** A screen shows so many pods; the others are counted. */
const PODS_MAX = 24;

/** The window in milliseconds. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** A line for each pod, a scale, and what the marks mean. Empty without pods. */
export function renderPodBars(pods: readonly PodHistory[], window: Window, look: Look): string {
  if (pods.length === 0) return "";
  const shown = pods.slice(0, PODS_MAX);
  const columns = look.columns ?? 100;
  const nameWidth = Math.min(NAME_WIDTH_MAX, Math.floor(columns / 3), Math.max(...shown.map(({ name }) => name.length)));
  const width = Math.min(BAR_WIDTH.most, Math.max(BAR_WIDTH.least, columns - nameWidth - RESTARTS_WIDTH - 5));
  const lines = shown.map((pod) => {
    const restarts = pod.restarts === 0 ? "" : paint(look, "bad", ` ${pod.restarts} restart${pod.restarts === 1 ? "" : "s"}`);
    return `  ${fitMiddle(pod.name, nameWidth).padEnd(nameWidth)} ${renderBar(pod, window, { width, look })}${restarts}`.trimEnd();
  });
  const more = pods.length > shown.length ? [`  … and ${pods.length - shown.length} more pods`] : [];
  const scale = `  ${" ".repeat(nameWidth)} ${paint(look, "dim", `0${`+${formatDuration(window.to - window.from)}`.padStart(width - 1)}`)}`;
  return [...lines, ...more, scale, `  ${legend(pods, look)}`].map((line) => `${line}\n`).join("");
}

function renderBar(pod: PodHistory, window: Window, shape: { readonly width: number; readonly look: Look }): string {
  const step = Math.max(1, window.to - window.from) / shape.width;
  const phases = pod.phases.map(({ from, phase }) => ({ at: Date.parse(from), phase }));
  let bar = "";
  let run: { phase: PodPhase | undefined; length: number } = { phase: undefined, length: 0 };
  const flush = (): void => {
    const [mark, tone]: readonly [string, Tone] = run.phase === undefined ? [" ", "plain"] : MARKS[run.phase];
    bar += paint(shape.look, tone, mark.repeat(run.length));
  };
  for (let cell = 0; cell < shape.width; cell++) {
    const phase = phaseIn(phases, window.from + cell * step, window.from + (cell + 1) * step);
    if (phase === run.phase) run.length++;
    else {
      flush();
      run = { phase, length: 1 };
    }
  }
  flush();
  return bar;
}

/** In milliseconds. */
interface PhaseAt {
  readonly at: number;
  readonly phase: PodPhase;
}

/** The phase of a cell: a failure within it is shown however short it was, otherwise how it ended. */
function phaseIn(phases: readonly PhaseAt[], from: number, to: number): PodPhase | undefined {
  const last = phases.findLast(({ at }) => at <= to)?.phase;
  const hasFailed = phases.some(({ at, phase }) => phase === "failing" && at >= from && at < to);
  return hasFailed ? "failing" : last;
}

function legend(pods: readonly PodHistory[], look: Look): string {
  const seen = new Set(pods.flatMap(({ phases }) => phases.map(({ phase }) => phase)));
  return POD_PHASES.filter((phase) => phase !== "gone" && seen.has(phase))
    .map((phase) => `${paint(look, MARKS[phase][1], MARKS[phase][0])} ${phase}`)
    .join("  ");
}
