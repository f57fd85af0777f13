import { authenticate } from "../shopify.server.js";
import { store } from "../../store.mjs";

export async function action({ request }) {
  const { shop, topic, webhookId, eventId, apiVersion, triggeredAt, payload } = await authenticate.webhook(request);
  const name = topic.toLowerCase().replace("_", "/");
  const body = Buffer.from(JSON.stringify(payload));
  await store(shop, name, webhookId, eventId ?? webhookId, apiVersion, triggeredAt ?? null, body);
  return new Response();
}
