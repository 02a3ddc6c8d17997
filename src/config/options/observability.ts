/** What Faro tells about itself. */
import { choice, patternText, wholeNumber } from "../kinds-of-option.ts";
import type { OptionTable } from "../option-table.ts";
import type { ObservabilityValues } from "../option-values.ts";

export const OBSERVABILITY_OPTIONS: OptionTable<ObservabilityValues> = {
  logLevel: choice({
    flag: "log-level",
    group: "Observability",
    help: "Least level that is logged.",
    example: "debug",
    default: "info",
    of: ["debug", "info", "warn", "error"],
  }),
  metricsPort: wholeNumber({
    flag: "metrics-port",
    group: "Observability",
    takes: "PORT",
    help: "Port of /metrics and /health; 0 turns both off.",
    example: "9090",
    default: 8_080,
    min: 0,
    max: 65_535,
  }),
  metricsAddress: patternText({
    flag: "metrics-address",
    group: "Observability",
    takes: "ADDRESS",
    help: "Address that port is opened on; 0.0.0.0 lets other machines scrape it.",
    expects: "an address of this machine, without a port",
    example: "0.0.0.0",
    default: "127.0.0.1",
    pattern: /^(\[?[0-9a-fA-F:.]+\]?|[A-Za-z0-9][-A-Za-z0-9.]*)$/,
  }),
};
