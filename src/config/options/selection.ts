/** Which objects are roots, and what is followed beside them. */
import { z } from "zod";
import { list, onOff, patternText, refuse, regularExpression, regularExpressions } from "../kinds-of-option.ts";
import type { OptionTable } from "../option-table.ts";
import type { RelatedKinds, SelectionValues } from "../option-values.ts";

/** A name as Kubernetes allows it in a path (`path.IsValidPathSegmentName`: no `/`, no `%`), with the wildcards of a glob. */
const NAME_OR_GLOB = /^[^\s/%]+$/;

/** RFC 1123 label, `apimachinery/pkg/util/validation.IsDNS1123Label`. */
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

const KEY = String.raw`[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?`;
const VALUE = String.raw`([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?`;
const REQUIREMENT = String.raw`\s*(!\s*${KEY}|${KEY}(\s*(=|==|!=)\s*${VALUE}|\s+(in|notin)\s*\(\s*${VALUE}(\s*,\s*${VALUE})*\s*\))?)\s*`;

/** A label selector in the grammar of `apimachinery/pkg/labels.Parse`, without its comparisons `<` and `>`. */
const SELECTOR = new RegExp(`^${REQUIREMENT}(,${REQUIREMENT})*$`);

const RELATED_WORDS = ["auto", "owned", "all", "none"] as const;

const related: z.ZodType<RelatedKinds> = z
  .array(z.string().trim().min(1))
  .min(1)
  .transform((items, context): RelatedKinds => {
    const word = RELATED_WORDS.find((candidate) => items.includes(candidate));
    if (word === undefined) return items;
    return items.length === 1 ? word : refuse(context, "a word among kinds");
  });

export const SELECTION_OPTIONS: OptionTable<SelectionValues> = {
  resource: list({
    flag: "resource",
    hiddenAlias: "cr-type",
    group: "What to record",
    takes: "KINDS",
    help: "Kinds to record: apps/v1/Deployment, deploy, deployments.v1.apps; any kind, built in or custom. Required.",
    expects: "one kind or several with commas between them",
    example: "apps/v1/Deployment,v1/Service",
  }),
  name: list({
    flag: "name",
    group: "What to record",
    takes: "NAMES",
    help: "Only objects with these names; globs such as 'web-*' are taken.",
    expects: "names of objects or globs, without slashes or spaces",
    example: "my-app",
    item: NAME_OR_GLOB,
  }),
  namespace: list({
    flag: "namespace",
    short: "n",
    group: "What to record",
    takes: "NAMESPACES",
    help: "Namespaces to record.",
    expects: "names of namespaces: small letters, digits and dashes",
    example: "production",
    item: NAMESPACE,
    defaultText: "the context's, else default",
  }),
  allNamespaces: onOff({
    flag: "all-namespaces",
    short: "A",
    group: "What to record",
    help: "Record in every namespace; --namespace then counts for nothing, as in kubectl.",
    default: false,
  }),
  selector: patternText({
    flag: "selector",
    short: "l",
    group: "What to record",
    takes: "SELECTOR",
    help: "Only objects whose labels match, in kubectl's grammar.",
    expects: "a label selector",
    example: "app=web,tier!=cache",
    default: "",
    pattern: SELECTOR,
  }),
  related: {
    flag: "related",
    group: "What to record",
    form: "list",
    takes: "auto|owned|all|none|KINDS",
    help: "What is followed besides the roots: what they can own or use, only what they own, every kind, nothing, or these kinds.",
    expects: "one of auto, owned, all, none, or a list of kinds",
    example: "owned",
    default: "auto",
    defaultText: "auto",
    schema: related,
  },
  requireKinds: onOff({
    flag: "require-kinds",
    group: "What to record",
    help: "Treat a kind that the cluster does not serve as an error instead of waiting for it.",
    default: false,
  }),
  container: regularExpression({
    flag: "container",
    group: "What to record",
    help: "Only logs of containers whose name matches.",
    example: "^(app|worker)$",
  }),
  excludeContainer: regularExpression({
    flag: "exclude-container",
    group: "What to record",
    help: "No logs of containers whose name matches.",
    example: "^istio-",
  }),
  include: regularExpressions({
    flag: "include",
    group: "What to record",
    help: "Tell only log lines that match, in stories; the recording keeps all. May be repeated: one of them is to match.",
    example: "error|warn",
  }),
  exclude: regularExpressions({
    flag: "exclude",
    group: "What to record",
    help: "Tell no log lines that match, in stories; the recording keeps all. May be repeated: none of them is to match.",
    example: "GET /healthz",
  }),
  drop: onOff({
    flag: "drop",
    group: "What to record",
    help: "Leave lines that --include and --exclude do not choose out of the recording, too; a story says how many they were.",
    default: false,
  }),
};
