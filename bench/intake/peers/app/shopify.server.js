import "@shopify/shopify-app-react-router/adapters/node";
import { AppDistribution, LogSeverity, shopifyApp } from "@shopify/shopify-app-react-router/server";
import { MemorySessionStorage } from "@shopify/shopify-app-session-storage-memory";

export const { authenticate } = shopifyApp({
  apiKey: process.env.SHOPIFY_API_KEY,
  apiSecretKey: process.env.SHOPIFY_API_SECRET,
  apiVersion: "2026-10",
  appUrl: "http://127.0.0.1",
  authPathPrefix: "/auth",
  scopes: ["read_orders"],
  sessionStorage: new MemorySessionStorage(),
  distribution: AppDistribution.AppStore,
  logger: { level: LogSeverity.Error },
});
