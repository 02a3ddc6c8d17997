/**
 * Admission webhooks: an Event says that one refused or could not be asked, by the webhook's name; the configuration that
 * holds a webhook of this name is the cause (apiserver `admission/plugin/webhook/errors`, texts unchanged since 1.9).
 */
import type { NamedRelation } from "../../record/index.ts";
import { referenceKey } from "../../record/index.ts";
import { type JsonObject, objectsOf, textOf } from "../json-value.ts";
import { type Found, reference } from "./reference.ts";

const NAMED_IN_MESSAGE: RegExp = /(?:admission webhook|failed calling webhook) \\?"([a-zA-Z0-9.-]+)\\?"/g;
/** No kind of the API: the name under which configurations offer their webhooks. */
const WEBHOOK = "AdmissionWebhook";

export function eventRelations(event: JsonObject): Found {
  const message = textOf(event["message"]) ?? textOf(event["note"]) ?? "";
  if (!message.includes("webhook")) return {};
  const found: NamedRelation[] = [...message.matchAll(NAMED_IN_MESSAGE)].flatMap(([, name]) =>
    name === undefined ? [] : [reference({ relation: "names", kind: WEBHOOK }, name, `message names webhook ${name}`)],
  );
  return { named: found };
}

export function webhookConfigurationRelations(configuration: JsonObject): Found {
  const names = objectsOf(configuration["webhooks"]).flatMap((webhook) => textOf(webhook["name"]) ?? []);
  return { aliases: names.map((name) => referenceKey(WEBHOOK, "", undefined, name)) };
}
