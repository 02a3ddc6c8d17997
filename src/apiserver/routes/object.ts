/** GET of one object. */
import type { ServerContext } from "../context.ts";
import { keyOf } from "../history.ts";
import { chooseShape, contentTypeOf, renderObject } from "../representation.ts";
import type { ApiRequest, Target } from "../request.ts";
import { absent } from "./absent.ts";
import { type Answer, json } from "./answer.ts";

/** @throws StatusError 404, 406. */
export function answerObject(context: ServerContext, request: ApiRequest, target: Extract<Target, { kind: "resource" }>): Answer {
  const shape = chooseShape(request);
  const name = target.name ?? "";
  const key = keyOf(target.namespace, name);
  // Any version may come from the cache; without one, etcd is asked (`cacher.go Get`).
  const isAnyVersion = request.query.get("resourceVersion") === "0" && target.resource.watchCache;
  const version = isAnyVersion
    ? context.view.read(target.resource.storage).find((one) => one.key === key)
    : context.history.get(target.resource.storage, key);
  if (version === undefined) throw absent(context, target.resource, { namespace: target.namespace, name });
  return json(renderObject(version, target.resource, shape, context.clock.now()), contentTypeOf(shape));
}
