// Shopify's package for Express, used as its documentation says, with pg's pool at its default size.
import express from "express";
import "@shopify/shopify-api/adapters/node";
import { DeliveryMethod, LogSeverity } from "@shopify/shopify-api";
import { shopifyApp } from "@shopify/shopify-app-express";
import { MemorySessionStorage } from "@shopify/shopify-app-session-storage-memory";
import { store } from "./store.mjs";

const shopify = shopifyApp({
  api: {
    apiKey: process.env.SHOPIFY_API_KEY,
    apiSecretKey: process.env.SHOPIFY_API_SECRET,
    apiVersion: "2026-10",
    scopes: ["read_orders"],
    hostName: "127.0.0.1",
    hostScheme: "http",
    logger: { level: LogSeverity.Error },
  },
  auth: { path: "/auth", callbackPath: "/auth/callback" },
  webhooks: { path: "/webhooks" },
  sessionStorage: new MemorySessionStorage(),
});

const app = express();
app.post(
  "/webhooks",
  shopify.processWebhooks({
    webhookHandlers: {
      ORDERS_CREATE: {
        deliveryMethod: DeliveryMethod.Http,
        callbackUrl: "/webhooks",
        callback: async (topic, shop, body, webhookId, version) =>
          store(shop, "orders/create", webhookId, webhookId, version, null, Buffer.from(body)),
      },
    },
  }),
);
app.listen(Number(process.env.PORT), "127.0.0.1");
