/** The examples that open every help text. */

const EXAMPLES: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  record: [
    ["--resource=apps/v1/Deployment --name=my-app", "one Deployment and all that belongs to it"],
    ["record deploy/my-app -n production", "the same, as kubectl names it"],
    ["--resource=apps/v1/Deployment,v1/Service -A", "two kinds in every namespace"],
    ["record deploy/my-app --until=ready --timeout=10m", "stop when ready, or after ten minutes"],
    ["record deploy/my-app --dry-run", "what it would watch, and the Role for it"],
  ],
  demo: [
    ["demo", "a story in a minute, without a cluster"],
    ["demo --output=./tour", "elsewhere"],
  ],
  story: [
    ["story show", "one screen of the newest story in ./output"],
    ["story timeline --errors", "only what looks like trouble"],
    ["story diff deploy/my-app", "what each version changed"],
    ["story object pod/my-app-x2x9k --at=+90s", "a pod as it was 90 seconds in"],
    ["story logs -c app --grep 'timeout|refused'", "the log lines that match"],
    ["story events ./ci-output -o json", "of another directory, for a script"],
  ],
  serve: [
    ["serve ./output", "what was recorded, for kubectl, as it was at its end"],
    ["serve ./output --at=+90s", "as it was 90 seconds in"],
    ["serve ./output --speed=10", "play it from the start, ten times as fast"],
    ["serve ./checkout.json", "a story file alone"],
  ],
  validate: [["validate output/*.json", "are these story files as the format says?"]],
  config: [["config view --show-origin", "what is set, and where"]],
  view: [
    ["config view", "every option, as a configuration file"],
    ["config view --show-origin", "and where each value comes from"],
  ],
  verify: [["verify ./output", "whether that recording is whole, and what is damaged where"]],
  rebuild: [["rebuild ./output", "the stories of that recording, written again"]],
};

const FIRST: readonly (readonly [string, string])[] = [
  ["demo", "no cluster at hand? this one is built in"],
  ...(EXAMPLES["record"] ?? []),
];

/** `Examples:` and a line for each. */
export function examplesFor(command: string, program: string, columns: number): string {
  const examples = (EXAMPLES[command] ?? FIRST).map(([line, why]) => [`${program} ${line}`, why] as const);
  return ["Examples:", ...withComments(examples, columns), ""].join("\n");
}

/** Lines to type, each with what it is for, in one column; where that is too wide, each above its line. */
export function withComments(examples: readonly (readonly [string, string])[], columns: number): readonly string[] {
  const width = Math.max(...examples.map(([line]) => line.length));
  const beside = examples.map(([line, why]) => `  ${line.padEnd(width)}  # ${why}`);
  const isFitting = beside.every(({ length }) => length <= columns);
  const above = examples.flatMap(([line, why]) => [`  # ${why}`, `  ${line}`]);
  return isFitting ? beside : above;
}
