// The fastest fair thing that we could write in Node: no framework, and concurrent requests share a commit as ours do.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import pg from "pg";
import { insertStatement } from "./store.mjs";

const WRITERS = 2;
const AT_MOST = 64;
const SHOP = /^[a-z0-9][a-z0-9-]{0,59}\.myshopify\.com$/;
const TOPIC = /^[a-z0-9_]{1,60}\/[a-z0-9_]{1,60}$/;
const secret = process.env.SHOPIFY_API_SECRET;
const statements = Array.from({ length: AT_MOST + 1 }, (_, rows) => (rows ? insertStatement(rows) : null));
const waiting = [];
const idle = [];

async function write(client) {
  const batch = waiting.splice(0, AT_MOST);
  try {
    await client.query({ ...statements[batch.length], values: batch.flatMap((each) => each.row) });
    for (const each of batch) answer(each.response, 200);
  } catch {
    for (const each of batch) answer(each.response, 503);
  }
  if (waiting.length) write(client);
  else idle.push(client);
}

function answer(response, status) {
  response.writeHead(status, { "Content-Length": 0 });
  response.end();
}

function receive(request, response, body) {
  const headers = request.headers;
  const claimed = Buffer.from(headers["x-shopify-hmac-sha256"] ?? "", "base64");
  const digest = createHmac("sha256", secret).update(body).digest();
  if (claimed.length !== digest.length || !timingSafeEqual(claimed, digest)) return answer(response, 401);
  const shop = headers["x-shopify-shop-domain"] ?? "";
  const topic = headers["x-shopify-topic"] ?? "";
  const id = headers["x-shopify-webhook-id"];
  if (!SHOP.test(shop) || !TOPIC.test(topic) || !id) return answer(response, 400);
  const event = headers["x-shopify-event-id"] ?? id;
  const row = [shop, topic, id, event, headers["x-shopify-api-version"] ?? "", headers["x-shopify-triggered-at"], body];
  waiting.push({ row, response });
  if (idle.length) write(idle.pop());
}

for (let n = 0; n < WRITERS; n++) {
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  idle.push(client);
}
createServer((request, response) => {
  if (request.method !== "POST" || request.url !== "/webhooks") return answer(response, 404);
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => receive(request, response, chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
}).listen(Number(process.env.PORT), "127.0.0.1");
