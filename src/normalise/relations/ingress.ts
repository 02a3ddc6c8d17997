/** Ways in from outside: Ingress (networking.k8s.io), routes and Gateways (gateway.networking.k8s.io). */
import type { NamedRelation } from "../../record/index.ts";
import { at, type JsonObject, objectsOf, textOf } from "../json-value.ts";
import { type Found, named, type OwnPlace } from "./reference.ts";

const GATEWAYS = "gateway.networking.k8s.io";

export function ingressRelations(ingress: JsonObject, { namespace }: OwnPlace): Found {
  const spec = ingress["spec"];
  const service = { relation: "routes-to", kind: "Service", namespace } as const;
  const paths = objectsOf(at(spec, "rules")).flatMap((rule) => objectsOf(at(rule, "http", "paths")));
  return {
    named: [
      ...named(service, at(spec, "defaultBackend", "service", "name"), "spec.defaultBackend.service.name"),
      ...paths.flatMap((path) =>
        named(service, at(path, "backend", "service", "name"), "spec.rules[].http.paths[].backend.service.name"),
      ),
      ...named(
        { relation: "rests-on", kind: "IngressClass", group: "networking.k8s.io" },
        at(spec, "ingressClassName"),
        "spec.ingressClassName",
      ),
      ...objectsOf(at(spec, "tls")).flatMap((tls) =>
        named({ relation: "rests-on", kind: "Secret", namespace }, tls["secretName"], "spec.tls[].secretName"),
      ),
    ],
  };
}

/** HTTPRoute, GRPCRoute, TCPRoute, TLSRoute and UDPRoute have `parentRefs` and `rules[].backendRefs` alike. */
export function routeRelations(route: JsonObject, { namespace }: OwnPlace): Found {
  const spec = route["spec"];
  return {
    named: [
      ...objectsOf(at(spec, "rules")).flatMap((rule) =>
        objectsOf(rule["backendRefs"]).flatMap((backend) => backendOf(backend, namespace)),
      ),
      ...objectsOf(at(spec, "parentRefs")).flatMap((parent) => {
        const isGateway = (textOf(parent["kind"]) ?? "Gateway") === "Gateway";
        const place = textOf(parent["namespace"]) ?? namespace;
        const meant = { relation: "rests-on", kind: "Gateway", group: GATEWAYS, namespace: place } as const;
        return isGateway ? named(meant, parent["name"], "spec.parentRefs[].name") : [];
      }),
    ],
  };
}

function backendOf(backend: JsonObject, namespace: string | undefined): NamedRelation[] {
  if ((textOf(backend["kind"]) ?? "Service") !== "Service" || textOf(backend["group"]) !== undefined) return [];
  const place = textOf(backend["namespace"]) ?? namespace;
  return named({ relation: "routes-to", kind: "Service", namespace: place }, backend["name"], "spec.rules[].backendRefs[].name");
}

export function gatewayRelations(gateway: JsonObject, { namespace }: OwnPlace): Found {
  const spec = gateway["spec"];
  const certificates = objectsOf(at(spec, "listeners")).flatMap((listener) => objectsOf(at(listener, "tls", "certificateRefs")));
  return {
    named: [
      ...named(
        { relation: "rests-on", kind: "GatewayClass", group: GATEWAYS },
        at(spec, "gatewayClassName"),
        "spec.gatewayClassName",
      ),
      ...certificates.flatMap((certificate) =>
        named(
          { relation: "rests-on", kind: "Secret", namespace: textOf(certificate["namespace"]) ?? namespace },
          certificate["name"],
          "spec.listeners[].tls.certificateRefs[].name",
        ),
      ),
    ],
  };
}
