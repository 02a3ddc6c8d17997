/**
 * Faults of the way between server and client: layers around the sink of an answer, the same over sockets and in the
 * process. They see bytes, not lines, so that a change may arrive torn at any place.
 */
import { type Clock, unreachable } from "../base/index.ts";
import type { Break, ResponseSink } from "./sink.ts";
import { Buffering, Cut, Gzip, IdleCut, Latency, Pieces } from "./transport-layers.ts";

/** What may happen to the bytes of one answer, streams included. */
export type TransportFault =
  /**
   * The body ends after so many bytes: as if it were complete (`end`, also the default), with FIN (`close`), with RST
   * (`reset`), or with silence on an open connection (`stall`). 0: directly behind the headers.
   */
  | { readonly fault: "cut"; readonly bytes: number; readonly how?: "end" | Break | "stall" }
  /** Everything arrives so much later, headers included; order and spacing stay. */
  | { readonly fault: "latency"; readonly ms: number }
  /** At most so many bytes at a time, a pause behind each. */
  | { readonly fault: "drip"; readonly bytes: number; readonly everyMs: number }
  /** Pieces of random size between the bounds, from the clock's numbers. */
  | { readonly fault: "rechunk"; readonly least: number; readonly most: number }
  /** A proxy that passes on only when it has so many bytes, or the answer ends. */
  | { readonly fault: "buffer"; readonly bytes: number }
  /**
   * Compressed although nobody asked for it, every line or piece a gzip member of its own; from the byte `corruptAt` on
   * (none unless given) what is sent is no gzip any more.
   */
  | { readonly fault: "gzip"; readonly corruptAt?: number }
  /** A balancer that forgets the connection after such a silence: nothing arrives any more, and nobody says so. */
  | { readonly fault: "idle-cut"; readonly ms: number };

/** The sink with the faults in front of it; the first fault is the nearest to the server. */
export function withTransportFaults(sink: ResponseSink, faults: readonly TransportFault[], clock: Clock): ResponseSink {
  return faults.reduceRight((inner, fault) => withFault(inner, fault, clock), sink);
}

function withFault(sink: ResponseSink, fault: TransportFault, clock: Clock): ResponseSink {
  switch (fault.fault) {
    case "cut":
      return new Cut(sink, fault.bytes, fault.how ?? "end");
    case "latency":
      return new Latency(sink, fault.ms, clock);
    case "drip":
      return new Pieces(sink, () => fault.bytes, { clock, everyMs: fault.everyMs });
    case "rechunk":
      return new Pieces(sink, () => fault.least + Math.floor(clock.random() * (fault.most - fault.least + 1)));
    case "buffer":
      return new Buffering(sink, fault.bytes);
    case "gzip":
      return new Gzip(sink, fault.corruptAt);
    case "idle-cut":
      return new IdleCut(sink, fault.ms, clock);
    default:
      return unreachable(fault);
  }
}
