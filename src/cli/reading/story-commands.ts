/** What `faro story` can do: for the help, and for the dispatch. */
import type { ReadingKey } from "./reading-options.ts";

export type StoryCommandName = "list" | "show" | "timeline" | "objects" | "object" | "diff" | "logs" | "events" | "gaps";

export interface StoryCommand {
  readonly name: StoryCommandName;
  readonly takesId: boolean;
  readonly help: string;
  readonly flags: readonly ReadingKey[];
}

const SEARCH: readonly ReadingKey[] = ["grep", "since", "until", "errors"];

export const STORY_COMMANDS: readonly StoryCommand[] = [
  { name: "list", takesId: false, help: "The stories there are.", flags: ["format"] },
  { name: "show", takesId: false, help: "One screen: what happened, when, and where it broke.", flags: ["story", "format"] },
  { name: "timeline", takesId: false, help: "Every event in its order.", flags: ["story", "format", ...SEARCH, "type"] },
  { name: "objects", takesId: false, help: "Who appears, and why it belongs.", flags: ["story", "format", "grep"] },
  { name: "object", takesId: true, help: "An object as it was.", flags: ["story", "format", "at"] },
  {
    name: "diff",
    takesId: true,
    help: "What changed from version to version; of e1042, what that version changed.",
    flags: ["story", "format", "since", "until"],
  },
  {
    name: "logs",
    takesId: false,
    help: "What the containers wrote, in one order.",
    flags: ["story", "format", ...SEARCH, "container"],
  },
  { name: "events", takesId: false, help: "What Kubernetes reported.", flags: ["story", "format", ...SEARCH] },
  { name: "gaps", takesId: false, help: "What may be missing.", flags: ["story", "format"] },
];
