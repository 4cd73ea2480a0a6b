import { createClient, type Row } from "./src/index.js";

const { SEI_URL: baseUrl = "http://127.0.0.1:8080", SEI_TOKEN: token, SEI_TENANT: tenant = "main" } = process.env;
const sei = createClient({ baseUrl, token });

// A list comes page by page.
const services: string[] = [];
let cursor: string | undefined;
do {
  const { data: page, error } = await sei.GET("/api/v1/services", { params: { query: { tenant, limit: 2, cursor } } });
  if (error) throw new Error(`${error.title}: ${error.detail}`);
  services.push(...page.data.map((service: Row<"/api/v1/services">) => service.name));
  cursor = page.next_cursor ?? undefined;
} while (cursor !== undefined);
console.log(`services: ${services.join(", ")}`);

// The DORA report of one of them; a value that was not observed is null.
const [service] = services;
if (service === undefined) throw new Error(`the tenant ${tenant} has no service`);
const { data: report, error } = await sei.GET("/api/v1/dora", { params: { query: { tenant, service, window: "90d" } } });
if (error) throw new Error(`${error.title}: ${error.detail}`);
const { value, n } = report.data.deployment_frequency;
console.log(`${service}: ${value} deployments a day (n = ${n})`);

// What can't be answered is a problem with a type, a status and what to do.
const unknown = await sei.GET("/api/v1/dora", { params: { query: { tenant, service: "no-such-service" } } });
if (unknown.error?.type !== "urn:sei:problem:not-found") throw new Error(`unexpected: ${JSON.stringify(unknown)}`);
console.log(`${unknown.response.status}: ${unknown.error.detail}`);
